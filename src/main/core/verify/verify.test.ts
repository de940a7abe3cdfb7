import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { healthyFiles, safetensorsFile, writeModel, type FixtureRepo } from '../../../../e2e/fixtures/cache'
import { defects, SHARD, writeDefects, writeSharded } from '../../../../e2e/fixtures/defects'
import type { VerifyEvent, VerifyProgress, VerifyResult } from '../../../shared/contract'
import { scanRoots, type CacheRoot } from '../cache'
import { createCatalog } from '../models'
import { createContentMemory, createHashMemory, createVerifier } from '.'
import { hashFile, type HashIo } from './hash-file'
import { openLanes, type Lane } from './lanes'

let folder = ''
let hub = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlxk-verify-'))
  hub = join(folder, 'hub')
  mkdirSync(hub)
  return () => rmSync(folder, { recursive: true, force: true })
})

/** As a process has it: each call starts without anything in memory. */
function open() {
  const roots = (): CacheRoot[] => [{ path: hub, kind: 'primary', rule: 'default' }]
  const memory = createHashMemory(join(folder, 'index'))
  const scan = (all: readonly CacheRoot[]) => Promise.resolve(scanRoots(all))
  const catalog = createCatalog({ roots, scan, content: createContentMemory(memory) })
  return { catalog, memory, verifier: createVerifier({ inspect: catalog.inspect, memory, layout: { outMain: folder } }) }
}

async function verify(options: { model?: string; fresh?: boolean } = {}): Promise<VerifyResult & { progress: VerifyProgress[] }> {
  const events: VerifyEvent[] = []
  for await (const event of open().verifier.verify(options, new AbortController().signal)) events.push(event)
  const result = events.at(-1)
  if (result?.type !== 'result') throw new Error('the last event is no result')
  const progress = events.filter((event): event is VerifyProgress => event.type === 'progress')
  expect(progress).toHaveLength(events.length - 1)
  return { ...result, progress }
}

function flipShard(repo: FixtureRepo): void {
  const file = join(repo.snapshot, SHARD)
  const bytes = readFileSync(file)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  writeFileSync(file, bytes)
}

describe('the eleven defects and a header that claims too much', () => {
  test('each is named exactly: code, file, verdict', async () => {
    const repos = writeDefects(hub)
    const before = await open().catalog.health()
    const { models } = await verify()
    const after = await open().catalog.health()
    for (const [index, { name, code, file, status, hidden }] of defects.entries()) {
      const mine = ({ name: model }: { name: string }): boolean => model === repos[index]?.name
      const verified = models.find(mine)
      const errors = verified?.findings.filter((finding) => finding.severity === 'error' || status === 'healthy')
      expect
        .soft({ name, status: verified?.status, errors: errors?.map((finding) => [finding.code, finding.file]).slice(0, 1) })
        .toEqual({
          name,
          status,
          errors: [[code, file]],
        })
      // What hashing found is known to every later verdict, of any process.
      const known = [...after.healthy, ...after.unhealthy].find(mine)
      expect.soft({ name, findings: known?.findings }).toEqual({ name, findings: verified?.findings })
      const seen = [...before.healthy, ...before.unhealthy].find(mine)
      expect.soft({ name, status: seen?.status }).toEqual({ name, status: hidden === true ? 'healthy' : status })
    }
  })

  test('nothing else is said of a model with one damaged file', async () => {
    const repo = writeSharded(hub, 'org/model')
    flipShard(repo)
    const { models } = await verify()
    expect(models[0]?.findings.map(({ code, file }) => `${code} ${file}`)).toEqual([`hash_mismatch ${SHARD}`])
    expect(models[0]?.findings[0]?.message).toMatch(
      /^model-00002-of-00002\.safetensors is damaged: its SHA-256 is [0-9a-f]{12}… instead of [0-9a-f]{12}…/,
    )
    expect(models[0]?.files).toEqual({ verified: 6, remembered: 0, damaged: 1, unverifiable: 0 })
  })
})

describe('what is hashed', () => {
  test('a healthy model: every file, SHA-256 and git hash', async () => {
    writeSharded(hub, 'org/model')
    const { models, summary, progress } = await verify({ model: 'org/model' })
    expect(models).toMatchObject([{ name: 'org/model', status: 'healthy', findings: [], files: { verified: 7, unverifiable: 0 } }])
    expect(summary).toMatchObject({ total: 1, healthy_count: 1, bytes_remembered: 0 })
    const last = progress.at(-1)
    expect(last).toMatchObject({
      bytes_done: summary.bytes_hashed,
      bytes_total: summary.bytes_hashed,
      files_done: 7,
      files_total: 7,
    })
    expect(progress[0]).toMatchObject({ bytes_total: summary.bytes_hashed, files_total: 7 })
  })

  test('a second run hashes nothing; a changed file is hashed again; "fresh" hashes all', async () => {
    const repo = writeSharded(hub, 'org/model')
    const first = await verify()
    const second = await verify()
    expect(second.summary).toMatchObject({ bytes_hashed: 0, bytes_remembered: first.summary.bytes_hashed })
    expect(second.models[0]?.files).toEqual({ verified: 7, remembered: 7, damaged: 0, unverifiable: 0 })
    flipShard(repo)
    const third = await verify()
    expect(third.summary.bytes_hashed).toBe(statSync(join(repo.snapshot, SHARD)).size)
    expect(third.models[0]).toMatchObject({ status: 'unhealthy', files: { verified: 6, remembered: 6, damaged: 1 } })
    expect((await verify({ fresh: true })).summary.bytes_hashed).toBe(first.summary.bytes_hashed)
  })

  test(
    'what was written this very moment is remembered too, whatever the fraction of the millisecond',
    { timeout: 20_000 },
    async () => {
      const repo = writeSharded(hub, 'org/model')
      for (let round = 0; round < 20; round++) {
        flipShard(repo)
        await verify()
        expect((await verify()).summary.bytes_hashed).toBe(0)
      }
    },
  )

  test('bytes of the shared store are hashed once, against the name that each model gives them', async () => {
    const content = safetensorsFile(500)
    const good = createHash('sha256').update(content).digest('hex')
    const payload = join(hub, 'blobs', 'ab', 'ab'.repeat(32))
    mkdirSync(join(hub, 'blobs', 'ab'), { recursive: true })
    writeFileSync(payload, content)
    const names = ['org/a', 'org/b', 'org/c']
    for (const name of names) {
      const { repo, snapshot } = writeModel(hub, name, { files: healthyFiles({ 'model.safetensors': content, 'README.md': name }) })
      const blob = name === 'org/c' ? 'cd'.repeat(32) : good
      unlinkSync(join(repo, 'blobs', good))
      symlinkSync(`../../blobs/ab/${'ab'.repeat(32)}`, join(repo, 'blobs', blob))
      unlinkSync(join(snapshot, 'model.safetensors'))
      symlinkSync(`../../blobs/${blob}`, join(snapshot, 'model.safetensors'))
    }
    const { models, progress } = await verify()
    expect(models.map(({ name, status }) => `${name} ${status}`)).toEqual(['org/a healthy', 'org/b healthy', 'org/c unhealthy'])
    expect(progress[0]?.files_total).toBe(1 + 3 * 4)
  })

  test('files without a promise are counted, those that a tree promises are judged', async () => {
    const { repo, commit, snapshot } = writeModel(hub, 'org/model', { regular: true })
    expect((await verify()).models[0]).toMatchObject({ status: 'healthy', files: { verified: 0, unverifiable: 5 } })
    const git = (bytes: Buffer): string => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
    const files = Object.fromEntries(
      readdirSync(snapshot).map((path) => {
        const bytes = readFileSync(join(snapshot, path))
        return [path, { size: bytes.length, blob_id: path === 'README.md' ? '0'.repeat(40) : git(bytes) }]
      }),
    )
    mkdirSync(join(repo, 'trees'))
    writeFileSync(join(repo, 'trees', `${commit}.json`), JSON.stringify({ format_version: 1, files }))
    const [model] = (await verify()).models
    expect(model?.files).toEqual({ verified: 4, remembered: 0, damaged: 1, unverifiable: 0 })
    expect(model?.findings).toMatchObject([{ code: 'hash_mismatch', file: 'README.md' }])
  })

  test('an empty cache has a result', async () => {
    expect(await verify()).toMatchObject({ models: [], summary: { total: 0, bytes_hashed: 0 } })
  })

  test('a model that is not there is an error', async () => {
    await expect(verify({ model: 'org/none' })).rejects.toMatchObject({ code: 'model_not_found' })
  })
})

describe('what goes wrong meanwhile', () => {
  async function during(change: (repo: FixtureRepo) => void) {
    const repo = writeSharded(hub, 'org/model')
    const { catalog, memory } = open()
    const inspect = async (spec?: string) => {
      const found = await catalog.inspect(spec)
      change(repo)
      return found
    }
    const verifier = createVerifier({ inspect, memory, layout: { outMain: folder } })
    const events: VerifyEvent[] = []
    for await (const event of verifier.verify({}, new AbortController().signal)) events.push(event)
    const result = events.at(-1)
    return result?.type === 'result' ? result.models[0] : undefined
  }

  test('a file that is gone by then is no verified file, and the others are judged', async () => {
    const model = await during(({ snapshot, repo }) =>
      unlinkSync(join(repo, 'blobs', basename(readlinkSync(join(snapshot, SHARD))))),
    )
    expect(model?.files).toMatchObject({ verified: 6, unverifiable: 1 })
  })

  test('a file that may not be read is a finding', async () => {
    const model = await during(({ snapshot }) => chmodSync(join(snapshot, SHARD), 0))
    if (process.getuid?.() === 0) return
    expect(model?.findings).toMatchObject([{ code: 'file_unreadable', file: SHARD, repairable: false }])
  })

  function hash(path: string, io: Partial<HashIo> = {}) {
    const disk: HashIo = {
      open: (file) => openSync(file, 'r'),
      stat: (descriptor) => fstatSync(descriptor, { bigint: true }),
      read: (descriptor, buffer) => readSync(descriptor, buffer, 0, buffer.length, null),
      close: (descriptor) => closeSync(descriptor),
    }
    const steps = hashFile({ path, algorithm: 'sha256' }, { ...disk, ...io })
    for (;;) {
      const step = steps.next()
      if (step.done === true) return step.value
    }
  }

  test('a failing disk is an outcome, and the file is closed', () => {
    const path = join(folder, 'file')
    writeFileSync(path, Buffer.alloc(300_000))
    let reads = 0
    const close = vi.fn<(descriptor: number) => void>(closeSync)
    const read = (descriptor: number, buffer: Uint8Array): number => {
      if (++reads === 2) throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })
      return readSync(descriptor, buffer, 0, buffer.length, null)
    }
    expect(hash(path, { read, close })).toEqual({ state: 'unreadable', errno: 'EIO' })
    expect(close).toHaveBeenCalledOnce()
  })

  test('a file that grows, shrinks or is written to while it is read is no verdict', () => {
    const path = join(folder, 'file')
    const meanwhile = (change: () => void) => {
      writeFileSync(path, Buffer.alloc(300_000))
      let reads = 0
      const read = (descriptor: number, buffer: Uint8Array): number => {
        if (++reads === 2) change()
        return readSync(descriptor, buffer, 0, buffer.length, null)
      }
      return hash(path, { read })
    }
    expect(meanwhile(() => truncateSync(path, 1000))).toEqual({ state: 'changed' })
    expect(meanwhile(() => appendFileSync(path, 'more'))).toEqual({ state: 'changed' })
    expect(meanwhile(() => utimesSync(path, 1, 1))).toEqual({ state: 'changed' })
    expect(meanwhile(() => {})).toMatchObject({ state: 'ok' })
  })

  test('a pipe or a folder in the place of a file holds nothing up', () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    for (const path of [pipe, folder]) {
      expect(hashFile({ path, algorithm: 'sha256' }).next().value).toEqual({ state: 'unreadable', errno: 'EISDIR' })
    }
  })
})

describe('the memory is only a cache', () => {
  const file = (): string => join(folder, 'index', 'hashes.txt')

  test.each<[string, () => void]>([
    ['removed', () => rmSync(file())],
    ['full of noise', () => writeFileSync(file(), Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 256)))],
    ['of another version', () => writeFileSync(file(), readFileSync(file(), 'utf8').replace('hashes 1', 'hashes 2'))],
    ['cut', () => writeFileSync(file(), readFileSync(file(), 'utf8').slice(0, 60))],
    [
      'a folder',
      () => {
        rmSync(file())
        mkdirSync(file())
      },
    ],
  ])('%s: the same result, hashed again', async (_name, spoil) => {
    writeSharded(hub, 'org/model')
    const first = await verify()
    spoil()
    const again = await verify()
    expect(again.models).toEqual(first.models)
    expect(again.summary.bytes_hashed).toBe(first.summary.bytes_hashed)
  })

  test('tells when the bytes were hashed, also after another process read it; of lines without a time it tells none', async () => {
    const identity = { dev: '1', ino: '2', size: '3', mtimeNs: '4' }
    const folderOf = join(folder, 'index')
    const writes = createHashMemory(folderOf, () => 1_700_000_000_900)
    writes.learn('sha256', identity, 'a'.repeat(64))
    await writes.save()
    expect(createHashMemory(folderOf).learntAt('sha256', identity)).toBe(1_700_000_000)
    expect(createHashMemory(folderOf).learntAt('sha256', { ...identity, mtimeNs: '5' })).toBeNull()
    writeFileSync(file(), readFileSync(file(), 'utf8').replace(' 1700000000', ''))
    const old = createHashMemory(folderOf)
    expect(old.recall('sha256', identity)).toBe('a'.repeat(64))
    expect(old.learntAt('sha256', identity)).toBeNull()
  })

  test('damage is said only of exactly the bytes that were hashed', async () => {
    const repo = writeSharded(hub, 'org/model')
    const blob = join(repo.repo, 'blobs', basename(readlinkSync(join(repo.snapshot, SHARD))))
    const good = join(folder, 'good')
    copyFileSync(blob, good)
    flipShard(repo)
    await verify()
    expect((await open().catalog.list()).models[0]?.health).toBe('unhealthy')
    // Replaced by good bytes: another file, though of the same size.
    renameSync(good, blob)
    expect((await open().catalog.list()).models[0]?.health).toBe('healthy')
  })

  test('a process that is running sees what another has found', async () => {
    const repo = writeSharded(hub, 'org/model')
    const { catalog } = open()
    flipShard(repo)
    expect((await catalog.list()).models[0]?.health).toBe('healthy')
    await verify()
    expect((await catalog.list()).models[0]?.health).toBe('unhealthy')
    await expect(catalog.resolve('org/model')).rejects.toMatchObject({ code: 'model_unhealthy' })
  })

  test('two writers lose nothing', async () => {
    const one = open()
    const two = open()
    writeSharded(hub, 'org/a')
    writeModel(hub, 'org/b', { files: healthyFiles({ 'README.md': 'another' }) })
    const drain = async (events: AsyncIterable<unknown>): Promise<void> => {
      for await (const event of events) void event
    }
    await drain(one.verifier.verify({ model: 'org/a' }, new AbortController().signal))
    await drain(two.verifier.verify({ model: 'org/b' }, new AbortController().signal))
    expect((await verify()).summary.bytes_hashed).toBe(0)
  })

  test('nothing is written in the cache', async () => {
    const repo = writeSharded(hub, 'org/model')
    const look = (): string[] => readdirSync(hub, { recursive: true, encoding: 'utf8' }).sort()
    const before = look()
    await verify()
    expect(look()).toEqual(before)
    expect(existsSync(repo.snapshot)).toBe(true)
    expect(statSync(file()).mode & 0o777).toBe(0o600)
  })
})

describe('stopping', () => {
  test('ends in the middle of a file, and what was hashed before is not hashed again', async () => {
    writeSharded(hub, 'org/model')
    const stop = new AbortController()
    const { catalog, memory } = open()
    let begun = 0
    let hold: ((error: Error) => void) | null = null
    const openHeld: typeof openLanes = (work, layout, cores) => {
      const [lane] = openLanes(work, layout, cores)
      if (lane === undefined) throw new Error('no lane')
      const hash: Lane['hash'] = (job, onBytes) => {
        if (++begun <= 3) return lane.hash(job, onBytes)
        setTimeout(() => stop.abort())
        return new Promise((_resolve, reject) => {
          hold = reject
        })
      }
      return [{ hash, close: () => Promise.resolve(hold?.(new Error('closed'))) }]
    }
    const verifier = createVerifier({ inspect: catalog.inspect, memory, layout: { outMain: folder }, openLanes: openHeld })
    const run = async (): Promise<void> => {
      for await (const event of verifier.verify({}, stop.signal)) void event
    }
    await expect(run()).rejects.toThrow(/abort/i)
    expect(begun).toBe(4)
    expect((await verify()).models[0]?.files).toMatchObject({ verified: 7, remembered: 3 })
  })

  test('leaving the stream stops the work and keeps what is known', async () => {
    writeSharded(hub, 'org/model')
    for await (const event of open().verifier.verify({}, new AbortController().signal)) if (event) break
    expect((await verify()).models[0]?.status).toBe('healthy')
  })
})
