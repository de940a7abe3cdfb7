import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { healthyFiles, writeModel, type FixtureRepo } from '../../../../e2e/fixtures/cache'
import { defects, ORPHAN, SHARD, writeSharded } from '../../../../e2e/fixtures/defects'
import { listTree, spoilTree } from '../../../../e2e/fixtures/spoil'
import { repairPlan, repairResult, type RepairPlan, type RepairResult } from '../../../shared/contract'
import { scanRoots, type CacheRoot } from '../cache'
import { createCatalog } from '../models'
import { createRepoLock } from '../ownership'
import { createContentMemory, createHashMemory, createVerifier } from '../verify'
import { createRepairer } from './repairer'
import { executePlan } from './execute'

let folder = ''
let hub = ''
const signal = new AbortController().signal

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlxk-repair-'))
  hub = join(folder, 'hub')
  mkdirSync(hub)
  return () => rmSync(folder, { recursive: true, force: true })
})

function open(kind: CacheRoot['kind'] = 'primary') {
  const roots = (): CacheRoot[] => [{ path: hub, kind, rule: 'default' }]
  const memory = createHashMemory(join(folder, 'index'))
  const catalog = createCatalog({ roots, scan: (all) => Promise.resolve(scanRoots(all)), content: createContentMemory(memory) })
  const verifier = createVerifier({ inspect: catalog.inspect, memory, layout: { outMain: folder } })
  const lock = createRepoLock({ repoLocks: join(folder, 'run', 'repos') })
  return { catalog, verifier, lock, repairer: createRepairer({ inspect: catalog.inspect, prove: verifier.prove, lock }) }
}

const plan = (spec = 'org/model'): Promise<RepairPlan> => open().repairer.plan(spec, signal)
const repair = (spec = 'org/model'): Promise<RepairResult> => open().repairer.repair(spec, {}, signal)

async function verifyAll(): Promise<void> {
  for await (const event of open().verifier.verify({}, signal)) void event
}

/** Every entry below a folder with its bytes, links by their text. */
function snapshotOf(root: string): Record<string, string> {
  return Object.fromEntries(
    listTree(root).map((path) => {
      const stats = lstatSync(join(root, path))
      if (stats.isSymbolicLink()) return [path, `-> ${readlinkSync(join(root, path))}`]
      return [
        path,
        stats.isFile()
          ? createHash('sha256')
              .update(readFileSync(join(root, path)))
              .digest('hex')
          : 'folder',
      ]
    }),
  )
}

/** Writes what huggingface_hub keeps of a revision: the model as it is now. */
function writeTree({ repo, snapshot, commit }: FixtureRepo): void {
  const paths = listTree(snapshot).filter((path) => lstatSync(join(snapshot, path)).isSymbolicLink())
  const files = Object.fromEntries(
    paths.map((path) => {
      const blob = basename(readlinkSync(join(snapshot, path)))
      const size = readFileSync(join(snapshot, path)).length
      return [
        path,
        blob.length === 64 ? { size, blob_id: '0'.repeat(40), lfs_sha256: blob, lfs_size: size } : { size, blob_id: blob },
      ]
    }),
  )
  mkdirSync(join(repo, 'trees'), { recursive: true })
  writeFileSync(join(repo, 'trees', `${commit}.json`), JSON.stringify({ format_version: 1, files }, null, 1))
}

const blobOf = ({ snapshot }: FixtureRepo, path: string): string => basename(readlinkSync(join(snapshot, path)))
const steps = ({ actions }: RepairPlan): string[] => actions.map(({ kind, path }) => `${kind} ${path}`)
const danglingLinks = (root: string): string[] =>
  Object.entries(snapshotOf(root)).flatMap(([path, text]) => (text.startsWith('->') && !existsSync(join(root, path)) ? [path] : []))

describe('the plan', () => {
  test('of a healthy model is empty, and planning writes nothing in the cache', async () => {
    writeSharded(hub, 'org/model')
    const before = snapshotOf(hub)
    const empty = await plan()
    expect(empty).toMatchObject({ actions: [], fetch: [], needs_listing: false, left: [] })
    expect(repairPlan.parse(empty)).toEqual(empty)
    expect(snapshotOf(hub)).toEqual(before)
  })

  test('a damaged shard goes with its links, and is fetched with its size and hash', async () => {
    const repo = writeSharded(hub, 'org/model')
    writeTree(repo)
    const sha256 = blobOf(repo, SHARD)
    const size = readFileSync(join(repo.snapshot, SHARD)).length
    defects.find(({ code }) => code === 'hash_mismatch')?.spoil(repo)
    // Nobody has looked yet: nothing is known to be wrong.
    expect(await plan()).toMatchObject({ actions: [], fetch: [] })
    await verifyAll()
    const found = await plan()
    expect(steps(found)).toEqual([`remove_link snapshots/${repo.commit}/${SHARD}`, `remove_blob blobs/${sha256}`])
    expect(found.fetch).toEqual([
      {
        path: SHARD,
        revision: repo.commit,
        size_bytes: size,
        hash: { algorithm: 'sha256', value: sha256 },
        reason: 'hash_mismatch',
      },
    ])
  })

  test('an LFS pointer says itself what to fetch', async () => {
    const repo = writeSharded(hub, 'org/model')
    defects.find(({ code }) => code === 'lfs_pointer')?.spoil(repo)
    expect((await plan()).fetch).toEqual([
      {
        path: SHARD,
        revision: repo.commit,
        size_bytes: 4_000_000_000,
        hash: { algorithm: 'sha256', value: 'ab'.repeat(32) },
        reason: 'lfs_pointer',
      },
    ])
  })

  test('bytes that are what the repository has are never removed, whatever is wrong with them', async () => {
    writeModel(hub, 'org/model', { files: healthyFiles({ 'config.json': '{}' }) })
    expect(await plan()).toMatchObject({
      actions: [],
      fetch: [],
      left: [{ finding: { code: 'config_not_object' }, reason: expect.stringContaining('as the repository has it') }],
    })
  })

  test('a damaged file that no rule would miss stays until it can be replaced', async () => {
    const repo = writeSharded(hub, 'org/model')
    const extra = writeModel(hub, 'org/model', { commit: repo.commit, files: { 'special_tokens_map.json': '{"a":1}' } })
    writeFileSync(join(extra.snapshot, 'special_tokens_map.json'), '<html>Sign in</html>')
    const found = await plan()
    expect(found).toMatchObject({ actions: [], fetch: [{ path: 'special_tokens_map.json', reason: 'html_page' }] })
  })

  test('damage in the shared store: only the links of this model go', async () => {
    const repo = writeSharded(hub, 'org/model')
    const name = blobOf(repo, SHARD)
    const payload = join(hub, 'blobs', 'ab', 'ab'.repeat(32))
    mkdirSync(join(hub, 'blobs', 'ab'), { recursive: true })
    renameSync(join(repo.repo, 'blobs', name), payload)
    symlinkSync(`../../blobs/ab/${'ab'.repeat(32)}`, join(repo.repo, 'blobs', name))
    defects.find(({ code }) => code === 'hash_mismatch')?.spoil(repo)
    await verifyAll()
    const { done } = await repair()
    expect(done.map(({ kind }) => kind)).toEqual(['remove_link', 'remove_link'])
    expect(existsSync(payload)).toBe(true)
    expect(existsSync(join(repo.repo, 'blobs', name))).toBe(false)
  })

  test('two revisions that nothing tells apart: refs/main is not guessed', async () => {
    writeModel(hub, 'org/model', { ref: null })
    writeModel(hub, 'org/model', { ref: null, commit: 'a'.repeat(40) })
    expect(await plan()).toMatchObject({ actions: [], left: [{ finding: { code: 'ref_missing' } }] })
  })

  test('a revision that is announced and not there yet is left to who fetches it', async () => {
    const { repo } = writeModel(hub, 'org/model')
    writeFileSync(join(repo, 'refs', 'main'), 'f'.repeat(40))
    expect(await plan()).toMatchObject({ actions: [], left: [{ finding: { code: 'ref_stale' } }] })
  })
})

describe('the offline half', () => {
  test('a missing refs/main is written as huggingface_hub writes it', async () => {
    const { repo, commit } = writeModel(hub, 'org/model', { ref: null })
    const result = await repair()
    expect(repairResult.parse(result)).toEqual(result)
    expect(readFileSync(join(repo, 'refs', 'main'), 'utf8')).toBe(commit)
    expect(result).toMatchObject({ needs_network: false, skipped: [], health: { status: 'healthy', findings: [] } })
    expect(readdirSync(repo).sort()).toEqual(['blobs', 'refs', 'snapshots'])
  })

  test('links are made again from the tree where the blobs are there, in folders too', async () => {
    const repo = writeModel(hub, 'org/model', { files: healthyFiles({ 'sub/deep/extra.json': '{"a":1}' }) })
    writeTree(repo)
    const whole = snapshotOf(hub)
    unlinkSync(join(repo.snapshot, 'config.json'))
    rmSync(join(repo.snapshot, 'sub'), { recursive: true })
    unlinkSync(join(repo.snapshot, 'README.md'))
    symlinkSync('../../blobs/gone', join(repo.snapshot, 'README.md'))
    const result = await repair()
    expect(result).toMatchObject({ needs_network: false, skipped: [], health: { status: 'healthy', findings: [] } })
    expect(snapshotOf(hub)).toEqual(whole)
  })

  test('a whole revision is made again when its folder is gone', async () => {
    const repo = writeModel(hub, 'org/model')
    writeTree(repo)
    const whole = snapshotOf(hub)
    rmSync(repo.snapshot, { recursive: true })
    expect(await repair()).toMatchObject({ needs_network: false, health: { status: 'healthy' } })
    expect(snapshotOf(hub)).toEqual(whole)
  })

  test('a link to the wrong bytes is set right', async () => {
    const repo = writeSharded(hub, 'org/model')
    writeTree(repo)
    const whole = snapshotOf(hub)
    const link = join(repo.snapshot, SHARD)
    unlinkSync(link)
    symlinkSync(`../../blobs/${blobOf(repo, SHARD.replace('00002-of', '00001-of'))}`, link)
    expect((await open().catalog.health('org/model')).unhealthy[0]?.findings).toMatchObject([{ code: 'link_wrong', file: SHARD }])
    expect(await repair()).toMatchObject({ needs_network: false, health: { status: 'healthy', findings: [] } })
    expect(snapshotOf(hub)).toEqual(whole)
  })

  test('links to nothing in another revision go: they hide the model from other tools', async () => {
    const old = writeModel(hub, 'org/model', { commit: 'a'.repeat(40), files: { ...healthyFiles(), 'old.json': '{"old":1}' } })
    writeModel(hub, 'org/model')
    unlinkSync(join(old.repo, 'blobs', blobOf(old, 'old.json')))
    expect((await open().catalog.health('org/model')).healthy[0]?.findings).toMatchObject([{ code: 'revision_dangling' }])
    const result = await repair()
    expect(result.health).toMatchObject({ status: 'healthy', findings: [] })
    expect(danglingLinks(hub)).toEqual([])
  })

  test.each(defects.map((defect) => [defect.name, defect] as const))(
    '%s: nothing is hidden, nothing breaks, the second time there is nothing left to do',
    async (_name, defect) => {
      const repo = writeSharded(hub, 'org/model')
      const neighbour = writeSharded(hub, 'org/neighbour')
      defect.spoil(repo)
      await verifyAll()
      const outside = snapshotOf(neighbour.repo)
      const first = await repair()
      expect(first.skipped).toEqual([])
      expect(snapshotOf(neighbour.repo)).toEqual(outside)
      // What needs the Hub is still called unhealthy; what is healthy needs no Hub.
      expect(first.health.status).toBe(first.needs_network ? 'unhealthy' : 'healthy')
      expect(danglingLinks(hub)).toEqual([])
      const after = snapshotOf(hub)
      const second = await repair()
      expect(second).toMatchObject({ done: [], skipped: [] })
      expect(snapshotOf(hub)).toEqual(after)
      expect(existsSync(join(repo.repo, 'blobs', ORPHAN))).toBe(defect.code === 'blob_orphan')
    },
  )
})

describe('refusals', () => {
  test('a model that another process changes is busy, and free when that process has died', async () => {
    const { repo } = writeModel(hub, 'org/model', { ref: null })
    const db = join(
      folder,
      'run',
      'repos',
      `${createHash('sha256')
        .update(join(hub, basename(repo)))
        .digest('hex')}.db`,
    )
    mkdirSync(join(folder, 'run', 'repos'), { recursive: true })
    writeFileSync(db.replace(/db$/, 'json'), JSON.stringify({ pid: 4711, action: 'rm' }))
    const script = `const { DatabaseSync } = require('@photostructure/sqlite'); const db = new DatabaseSync(process.argv[1]); db.exec('BEGIN EXCLUSIVE'); console.log('held'); setInterval(() => {}, 1000)`
    const holder = spawn(process.execPath, ['-e', script, db], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      await new Promise((resolve) => holder.stdout.once('data', resolve))
      await expect(repair()).rejects.toMatchObject({ code: 'busy', data: { pid: 4711, action: 'rm' } })
      expect(existsSync(join(repo, 'refs', 'main'))).toBe(false)
    } finally {
      const ended = new Promise((resolve) => holder.once('exit', resolve))
      holder.kill('SIGKILL')
      await ended
    }
    expect((await repair()).done).toHaveLength(1)
  })

  test('the lock is freed afterwards, also by a failure', async () => {
    writeModel(hub, 'org/model')
    const { repairer } = open()
    await expect(repairer.repair('org/model', { planId: 'other' }, signal)).rejects.toMatchObject({ code: 'busy' })
    await repairer.repair('org/model', {}, signal)
    await repairer.repair('org/model', { planId: (await repairer.plan('org/model', signal)).id }, signal)
  })

  test('a model in a folder that is only read is not touched', async () => {
    writeModel(hub, 'org/model', { ref: null })
    const before = snapshotOf(hub)
    await expect(open('extra').repairer.repair('org/model', {}, signal)).rejects.toMatchObject({ code: 'permission_denied' })
    expect(snapshotOf(hub)).toEqual(before)
  })

  test.each(['repo', 'snapshots', 'blobs', 'refs'])('a link in the place of %s is never followed', async (which) => {
    const repo = writeSharded(hub, 'org/model')
    rmSync(join(repo.repo, 'refs', 'main'))
    defects.find(({ code }) => code === 'lfs_pointer')?.spoil(repo)
    const elsewhere = join(folder, 'elsewhere')
    const place = which === 'repo' ? repo.repo : join(repo.repo, which)
    renameSync(place, elsewhere)
    symlinkSync(elsewhere, place)
    const before = snapshotOf(elsewhere)
    const { skipped, done } = await repair()
    expect(snapshotOf(elsewhere)).toEqual(before)
    if (which === 'repo') expect(done).toEqual([])
    else if (done.length === 0) expect(skipped.length).toBeGreaterThan(0)
  })
})

describe('whatever the tree looks like', () => {
  const spoilings = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 20 })), { minLength: 1, maxLength: 6 })

  test('planning never throws, and nothing outside of the model is touched', { timeout: 120_000 }, async () => {
    writeFileSync(join(folder, 'outside.json'), 'outside')
    const neighbour = writeSharded(hub, 'org/neighbour')
    await fc.assert(
      fc.asyncProperty(spoilings, fc.boolean(), async (changes, withTree) => {
        rmSync(join(hub, 'models--org--model'), { recursive: true, force: true })
        const repo = writeSharded(hub, 'org/model')
        if (withTree) writeTree(repo)
        spoilTree(repo.repo, changes)
        const before = { neighbour: snapshotOf(neighbour.repo), outside: readFileSync(join(folder, 'outside.json'), 'utf8') }
        const first = await repair()
        expect(repairResult.parse(first)).toEqual(first)
        expect({ neighbour: snapshotOf(neighbour.repo), outside: readFileSync(join(folder, 'outside.json'), 'utf8') }).toEqual(
          before,
        )
        expect(listTree(hub).filter((path) => !path.startsWith('models--org'))).toEqual([])
        // Whatever could be done is done: the second time changes nothing.
        const after = snapshotOf(hub)
        const second = await repair()
        if (first.skipped.length === 0) expect(second.done).toEqual([])
        if (first.skipped.length === 0) expect(snapshotOf(hub)).toEqual(after)
      }),
      { numRuns: process.env['MLXK_TEST_FULL'] === '1' ? 1000 : 60 },
    )
  })

  test('killed after any step, a new repair ends where an undisturbed one ends', { timeout: 60_000 }, async () => {
    for (const defect of defects) {
      const ends: Record<string, string>[] = []
      for (let steps = 0; steps < 4; steps++) {
        rmSync(join(hub, 'models--org--model'), { recursive: true, force: true })
        const repo = writeSharded(hub, 'org/model')
        writeTree(repo)
        rmSync(join(repo.repo, 'refs', 'main'), { force: true })
        unlinkSync(join(repo.snapshot, 'README.md'))
        if (defect.code !== 'ref_missing') defect.spoil(repo)
        await verifyAll()
        const whole = await plan()
        const links = danglingLinks(hub)
        executePlan({ ...whole, actions: whole.actions.slice(0, steps) })
        // No step leaves a link to nothing that was not there before.
        expect(danglingLinks(hub).filter((path) => !links.includes(path))).toEqual([])
        writeFileSync(join(repo.repo, '.mlxk-ref-0123456789abcdef.tmp'), 'torn')
        await repair()
        ends.push(snapshotOf(hub))
      }
      for (const end of ends) expect(end).toEqual(ends[0])
    }
  })
})
