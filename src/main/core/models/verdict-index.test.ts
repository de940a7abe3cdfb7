import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { healthyModel, lfsPointerModel, noRefs, truncatedShard, writeModel } from '../../../../e2e/fixtures/cache'
import { shareBlob } from '../../../../e2e/fixtures/shared-store'
import type { ModelList } from '../../../shared/contract'
import { scanRoots, type CacheRoot, type ScanSkip } from '../cache'
import type { ContentMemory } from '../health'
import { createCatalog } from './catalog'
import { createVerdictIndex, formatIndex, parseIndex, sealIndex, type IndexEntry } from './verdict-index'

let home: string
let hub: string
let index: string
const roots = (): CacheRoot[] => [{ path: hub, kind: 'primary', rule: 'default' }]

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mlxk-index-'))
  hub = join(home, 'hub')
  index = join(home, 'data', 'index')
  return () => rmSync(home, { recursive: true, force: true })
})

/** One process: a catalog of its own over the index on disk. Says which folders it had to look into. */
async function list(content?: ContentMemory): Promise<{ list: ModelList; scanned: string[] }> {
  const scanned: string[] = []
  const scan = (at: readonly CacheRoot[], skip?: ScanSkip) => {
    const result = scanRoots(at, skip)
    scanned.push(...result.roots.flatMap(({ repos }) => repos.map(({ name }) => name)))
    return Promise.resolve(result)
  }
  const catalog = createCatalog({ roots, scan, index: createVerdictIndex(index), ...(content === undefined ? {} : { content }) })
  return { list: await catalog.list(), scanned }
}

/** What a catalog without an index says. */
async function listAnew(): Promise<ModelList> {
  return createCatalog({ roots, scan: (at) => Promise.resolve(scanRoots(at)) }).list()
}

/** Changes are told apart from what was there before by their times: lets the clock take a step. */
async function rest(): Promise<void> {
  const probe = join(home, 'clock')
  const startMs = Date.now()
  await expect.poll(() => (writeFileSync(probe, ''), statSync(probe).ctimeMs - startMs), { interval: 10 }).toBeGreaterThan(60)
}

/** Every file of a folder with its bytes and times. */
function snapshot(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      const { mtimeMs, ctimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: 0, ctimeMs: 0 }
      return [path, `${entry.isFile() ? readFileSync(path, 'latin1') : ''} ${mtimeMs} ${ctimeMs}`]
    }),
  )
}

describe('the index on disk', () => {
  test('makes the second look short, and changes nothing but that', async () => {
    for (const write of [healthyModel, truncatedShard, lfsPointerModel, noRefs]) write(hub)
    await rest()
    const first = await list()
    const second = await list()
    expect(first.scanned).toHaveLength(4)
    expect(second.scanned).toEqual([])
    expect(second.list).toEqual(first.list)
    rmSync(index, { recursive: true })
    expect((await list()).list).toEqual(first.list)
    expect(await listAnew()).toEqual(first.list)
  })

  test('E44, E176: listing writes nothing into a cache, whatever it knows', async () => {
    healthyModel(hub)
    truncatedShard(hub)
    await rest()
    const before = snapshot(hub)
    await list()
    await list()
    expect(snapshot(hub)).toEqual(before)
    expect(readdirSync(index)).toEqual(['models.json'])
  })

  const spoil: [string, (model: ReturnType<typeof healthyModel>) => void][] = [
    ['weights cut', ({ snapshot: path }) => truncateSync(join(path, 'model.safetensors'), 100)],
    [
      'a configuration of the same size and time, with other bytes',
      ({ snapshot: path }) => {
        const file = join(path, 'config.json')
        const { size, mtime, atime } = statSync(file)
        writeFileSync(file, 'x'.repeat(size))
        utimesSync(file, atime, mtime)
      },
    ],
    ['a file removed', ({ snapshot: path }) => unlinkSync(join(path, 'tokenizer.json'))],
    ['a blob removed', ({ repo }) => rmSync(join(repo, 'blobs'), { recursive: true })],
    ['the ref gone', ({ repo }) => rmSync(join(repo, 'refs'), { recursive: true })],
    ['another ref in place', ({ repo }) => writeFileSync(join(repo, 'refs', 'main'), 'f'.repeat(40))],
    ['a partial download beside it', ({ repo }) => writeFileSync(join(repo, 'blobs', `${'a'.repeat(64)}.incomplete`), 'x')],
    [
      'a link to nothing in a sub-folder',
      ({ snapshot: path }) => (mkdirSync(join(path, 'a')), symlinkSync('nowhere', join(path, 'a', 'b'))),
    ],
    ['a newer revision', ({ repo }) => mkdirSync(join(repo, 'snapshots', 'e'.repeat(40)))],
    ['the model removed', ({ repo }) => rmSync(repo, { recursive: true })],
    ['another model', () => writeModel(hub, 'org/new')],
  ]
  test.each(spoil)('never hides %s', async (_what, change) => {
    const model = healthyModel(hub)
    await rest()
    await list()
    expect((await list()).scanned).toEqual([])
    change(model)
    const after = await list()
    expect(after.list).toEqual(await listAnew())
    await rest()
    expect((await list()).list).toEqual(after.list)
    expect((await list()).scanned).toEqual([])
  })

  test('holds for a payload of the shared store only while that is the same', async () => {
    const model = healthyModel(hub)
    const payload = shareBlob(hub, model, 'model.safetensors')
    await rest()
    await list()
    expect((await list()).scanned).toEqual([])
    chmodSync(payload, 0o644)
    truncateSync(payload, statSync(payload).size - 4)
    expect((await list()).list.models[0]).toMatchObject({ health: 'unhealthy', findings: [{ code: 'safetensors_truncated' }] })
  })

  test('keeps nothing of a model that changed just now: a change at the same moment could not be seen', async () => {
    const { snapshot: path } = healthyModel(hub)
    vi.spyOn(Date, 'now').mockReturnValue(statSync(join(path, 'config.json')).ctimeMs)
    await list()
    vi.restoreAllMocks()
    expect((await list()).scanned).toHaveLength(1)
  })

  test.each<[string, (file: string) => void]>([
    ['cut', (file) => truncateSync(file, 200)],
    ['of garbage', (file) => writeFileSync(file, '\0\u0001garbage')],
    ['with one letter changed', (file) => writeFileSync(file, readFileSync(file, 'utf8').replace('healthy', 'Healthy'))],
    ['of another version', (file) => writeFileSync(file, readFileSync(file, 'utf8').replace('mlxk-index 2', 'mlxk-index 1'))],
    ['empty', (file) => writeFileSync(file, '')],
    ['a folder', (file) => (rmSync(file), mkdirSync(file))],
    ['not to be read', (file) => chmodSync(file, 0)],
  ])('a file that is %s is as good as none', async (_what, damage) => {
    healthyModel(hub)
    await rest()
    const first = await list()
    damage(join(index, 'models.json'))
    expect((await list()).list).toEqual(first.list)
  })

  test('a right sum over nonsense is nonsense still', () => {
    for (const body of ['{}', 'null', '[1, [2], ["a"], ["a", {}]]', '[', '']) {
      expect(parseIndex(sealIndex([Buffer.from(body)])).size).toBe(0)
    }
    expect(parseIndex(sealIndex([Buffer.from('[["/a", {"places": "", "verdict": {}}]]')])).size).toBe(1)
  })

  test.each([0, 1, 31, 32, 33, 64, 65])('%i entries come back as they were, however long they are', (count) => {
    const entryOf = (at: number) =>
      ({ places: `${at}\0${(at % 2 === 0 ? '語' : 'x').repeat(at * 400)}`, stamp: `${at}`, verdict: {} }) as unknown as IndexEntry
    const entries = new Map(Array.from({ length: count }, (_, at) => [`/root/models--o--${at}`, entryOf(at)] as const))
    expect([...parseIndex(formatIndex(entries))]).toEqual([...entries])
  })

  test('a flipped bit anywhere in the file shows', () => {
    const file = sealIndex([Buffer.from('[["/a", {"places": "", "verdict": {}}]]')])
    for (let bit = 0; bit < file.length * 8; bit += 1) {
      const damaged = Buffer.from(file)
      damaged[bit >> 3] = damaged[bit >> 3]! ^ (1 << (bit & 7))
      expect(parseIndex(damaged).size).toBe(0)
    }
  })

  test('that cannot be written is no failure', async () => {
    healthyModel(hub)
    mkdirSync(join(home, 'data'))
    writeFileSync(index, 'a file in its place')
    expect((await list()).list.count).toBe(1)
  })

  test('two processes at once leave a whole file with what both learnt', async () => {
    const other = join(home, 'other')
    healthyModel(hub)
    writeModel(other, 'org/second')
    await rest()
    const mine = createVerdictIndex(index)
    const theirs = createVerdictIndex(index)
    const scan = (at: readonly CacheRoot[], skip?: ScanSkip) => Promise.resolve(scanRoots(at, skip))
    const catalogs = [
      createCatalog({ roots, scan, index: mine }),
      createCatalog({ roots: () => [{ ...roots()[0]!, path: other }], scan, index: theirs }),
    ]
    mine.known()
    theirs.known()
    for (const catalog of catalogs) await catalog.list()
    expect([...parseIndex(readFileSync(join(index, 'models.json'))).keys()].map((path) => path.slice(home.length)).sort()).toEqual([
      '/hub/models--mlx-community--Tiny-Llama-4bit',
      '/other/models--org--second',
    ])
    await Promise.all(Array.from({ length: 8 }, () => list()))
    expect(parseIndex(readFileSync(join(index, 'models.json'))).size).toBeGreaterThan(0)
  })

  test('what is known of a root that is not there now is kept for when it is', async () => {
    healthyModel(hub)
    await rest()
    await list()
    const away = `${hub}-away`
    const { renameSync } = await import('node:fs')
    renameSync(hub, away)
    expect((await list()).list).toMatchObject({ count: 0, roots: [{ state: 'missing' }] })
    renameSync(away, hub)
    expect((await list()).scanned).toEqual([])
  })

  test('damage that verify learnt of shows at once, and only its model is looked at again', async () => {
    healthyModel(hub)
    writeModel(hub, 'org/second')
    await rest()
    const damage = { code: 'hash_mismatch', file: 'config.json', message: 'x', severity: 'error' as const, repairable: true }
    let learnt = false
    const content: ContentMemory = {
      stamp: () => String(learnt),
      recalled: ({ path }) => (learnt && path.includes('second') ? 'config.json f00' : ''),
      hashStates: () => new Map(),
      findDamage: (repo) => (learnt && repo.name === 'org/second' ? [damage] : []),
    }
    await list(content)
    learnt = true
    const after = await list(content)
    expect(after.scanned).toEqual([])
    expect(after.list.models.map(({ health }) => health)).toEqual(['healthy', 'unhealthy'])
    expect((await list(content)).list).toEqual(after.list)
    learnt = false
    expect((await list(content)).list.models.map(({ health }) => health)).toEqual(['healthy', 'healthy'])
  })

  test('without a folder for it nothing is written', async () => {
    healthyModel(hub)
    await createCatalog({ roots, scan: (at, skip) => Promise.resolve(scanRoots(at, skip)) }).list()
    expect(existsSync(index)).toBe(false)
  })
})
