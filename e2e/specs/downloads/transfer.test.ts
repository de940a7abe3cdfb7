import { randomBytes } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  symlinkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createHome } from '../cli/home'
import { needsEngine } from '../../setup/needs'
import type { Layer } from '../../fakes/hub'
import { hf } from '../interop/support'
import { openBench, type Bench } from './bench'

const MIB = 1024 * 1024
const big = randomBytes(100 * MIB)
const files = {
  'config.json': '{"model_type":"llama"}',
  'tokenizer.json': '{}',
  'empty.txt': '',
  'sub/notes.txt': 'hello',
  'model.safetensors': randomBytes(3 * MIB),
}
const small = [{ id: 'org/model', files }]

let bench: Bench | null = null
afterEach(async () => {
  await bench?.close()
  bench = null
})
const open = async (options: Parameters<typeof openBench>[0] = {}): Promise<Bench> =>
  (bench = await openBench({ repos: small, ...options }))
const folderOf = ({ root }: Bench): string => join(root, 'models--org--model')
const at = (one: Bench, commit: string, path: string): string => join(folderOf(one), 'snapshots', commit, path)

/** Every file of a revision has exactly the bytes that the Hub has, behind a link to a blob of the right name. */
function expectWhole(one: Bench, commit: string, wanted: Record<string, string | Uint8Array>): void {
  for (const [path, content] of Object.entries(wanted)) {
    expect(lstatSync(at(one, commit, path)).isSymbolicLink()).toBe(true)
    expect(readFileSync(at(one, commit, path)).equals(Buffer.from(content as string))).toBe(true)
  }
  expect(readFileSync(join(folderOf(one), 'refs', 'main'), 'utf8')).toBe(commit)
  expect(readdirSync(join(folderOf(one), 'blobs')).filter((name) => name.includes('incomplete'))).toEqual([])
}

/** Changes what the other host sends of a file. */
function faulty(where: 'hub' | 'cdn', change: (chunk: Uint8Array, at: number, call: number) => Uint8Array | null): Layer {
  let calls = 0
  return (next) => async (call) => {
    const reply = await next(call)
    if (call.where !== where || call.method !== 'GET' || reply.status >= 300) return reply
    const number = calls
    calls += 1
    const { size, read } = reply.body
    return {
      ...reply,
      body: {
        size,
        read: async function* (from: number, to: number) {
          let done = from
          for await (const chunk of read(from, to)) {
            const changed = change(chunk, done, number)
            if (changed === null) throw new Error('cut')
            yield changed
            done += chunk.length
          }
        },
      },
    }
  }
}

describe('a download', () => {
  it('is whole, linked, listed and named by its ref, which is written last', async () => {
    const one = await open()
    const plan = await one.plan()
    expect(plan).toMatchObject({ repo: 'org/model', revision: 'main', disk: { fits: true } })
    const { fetchedBytes } = await one.run(plan)
    expect(fetchedBytes).toBe(plan.totalBytes)
    expectWhole(one, plan.commit, files)
    expect(readlinkSync(at(one, plan.commit, 'sub/notes.txt'))).toMatch(/^\.\.\/\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/)
    const tree = JSON.parse(readFileSync(join(folderOf(one), 'trees', `${plan.commit}.json`), 'utf8')) as { files: object }
    expect(Object.keys(tree.files)).toEqual(Object.keys(files).sort())
    expect(one.progress.at(-1)).toMatchObject({ doneBytes: plan.totalBytes, note: null })
  })

  it('fetches nothing that is there, and proves what nobody has hashed', async () => {
    const one = await open()
    const { commit } = await one.plan()
    await one.pull()
    expect((await one.plan()).files.every(({ state }) => state === 'present')).toBe(true)
    expect(await one.pull()).toMatchObject({ fetchedBytes: 0 })
    rmSync(join(one.data, 'index'), { recursive: true })
    rmSync(join(folderOf(one), 'snapshots'), { recursive: true })
    const weights = (await one.plan()).files.at(-1)
    const path = join(folderOf(one), 'blobs', weights?.blob ?? '')
    const bytes = readFileSync(path)
    bytes[5] = (bytes[5] ?? 0) ^ 1
    writeFileSync(path, bytes)
    expect((await one.plan()).fetchBytes).toBe(0)
    const again = await one.pull()
    expect(again.fetchedBytes).toBe(weights?.sizeBytes)
    expectWhole(one, commit, files)
  })

  it('splits a large file among connections and goes on where it was stopped', async () => {
    const one = await open({
      repos: [{ id: 'org/model', files: { 'model.safetensors': big } }],
      limits: { bytesPerSecond: 100 * MIB },
    })
    const plan = await one.plan()
    const stop = new AbortController()
    const running = one.run(plan, stop.signal)
    const blobs = join(folderOf(one), 'blobs')
    while ((one.progress.at(-1)?.doneBytes ?? 0) < 20 * MIB) await new Promise((resolve) => setTimeout(resolve, 10))
    stop.abort()
    await expect(running).rejects.toMatchObject({ code: 'cancelled' })
    expect(readdirSync(blobs)).toEqual([`${plan.files[0]?.blob}.mlxk.incomplete`])
    expect(existsSync(join(folderOf(one), 'refs', 'main'))).toBe(false)
    const next = await one.plan()
    expect(next.files[0]?.state).toBe('partial')
    const { fetchedBytes } = await one.run(next)
    expect(fetchedBytes).toBe(next.fetchBytes)
    expect(next.fetchBytes).toBeLessThan(81 * MIB)
    expectWhole(one, plan.commit, { 'model.safetensors': big })
    expect(new Set(one.hub.log.filter(({ where }) => where === 'cdn').map(({ range }) => range)).size).toBeGreaterThan(2)
  })

  it('uses no more connections than allowed', async () => {
    let running = 0
    let most = 0
    let meet = (): void => undefined
    const two = new Promise<void>((resolve) => (meet = resolve))
    const count: Layer = (next) => async (call) => {
      const reply = await next(call)
      if (call.where !== 'cdn') return reply
      const { size, read } = reply.body
      return {
        ...reply,
        body: {
          size,
          read: async function* (from: number, to: number) {
            running += 1
            most = Math.max(most, running)
            if (running === 2) meet()
            await two
            yield* read(from, to)
            running -= 1
          },
        },
      }
    }
    const shards = Object.fromEntries([1, 2, 3, 4, 5, 6].map((shard) => [`model-${shard}.safetensors`, randomBytes(2 * MIB)]))
    const one = await open({ repos: [{ id: 'org/model', files: shards }], layers: [count], limits: { connections: 2 } })
    await one.pull()
    expect(most).toBe(2)
  })

  it('fetches what patterns say, by default what mlx_lm reads', async () => {
    const one = await open({ repos: [{ id: 'org/model', files: { ...files, 'README.md': 'x', 'original/a.pth': 'y' } }] })
    expect((await one.plan({ all: false })).skipped.map(({ path }) => path).sort()).toEqual(['README.md', 'original/a.pth'])
    const only = await one.plan({ include: ['*.json', 'sub/'], exclude: ['tok*'] })
    expect(only.files.map(({ path }) => path).sort()).toEqual(['config.json', 'sub/notes.txt'])
  })
})

describe('a bad connection', () => {
  it('that is cut again and again costs nothing that had come', async () => {
    const one = await open({
      layers: [faulty('cdn', (chunk, from, call) => (call < 5 && from > (call + 1) * 500_000 ? null : chunk))],
    })
    const plan = await one.plan()
    const { fetchedBytes } = await one.run(plan)
    expectWhole(one, plan.commit, files)
    expect(fetchedBytes).toBe(plan.totalBytes)
  })

  it('that ends too early without a word is noticed', async () => {
    const short: Layer = (next) => async (call) => {
      const reply = await next(call)
      if (call.where !== 'cdn' || call.headers.range !== undefined) return reply
      const { read } = reply.body
      return { ...reply, body: { size: MIB, read: (from: number, to: number) => read(from, to) } }
    }
    const one = await open({ layers: [short] })
    const plan = await one.plan()
    expect(await one.run(plan)).toMatchObject({ fetchedBytes: plan.totalBytes })
    expectWhole(one, plan.commit, files)
  })

  it('that changes a byte is noticed, and the file fetched again', async () => {
    const one = await open({
      layers: [
        faulty('cdn', (chunk, from, call) =>
          call === 0 && from === 0 ? Buffer.concat([Buffer.from([9]), chunk.subarray(1)]) : chunk,
        ),
      ],
    })
    const plan = await one.plan()
    const { fetchedBytes } = await one.run(plan)
    expect(fetchedBytes).toBe(plan.totalBytes + 3 * MIB)
    expectWhole(one, plan.commit, files)
  })

  it('that always changes a byte ends with an error, without a file of the wrong bytes', async () => {
    const one = await open({
      layers: [faulty('cdn', (chunk, from) => (from === 0 ? Buffer.concat([Buffer.from([9]), chunk.subarray(1)]) : chunk))],
    })
    const plan = await one.plan()
    await expect(one.run(plan)).rejects.toMatchObject({
      code: 'download_corrupt',
      message: expect.stringContaining('model.safetensors'),
    })
    const blob = plan.files.at(-1)?.blob ?? ''
    expect(readdirSync(join(folderOf(one), 'blobs')).filter((name) => name.startsWith(blob))).toEqual([])
    expect(existsSync(join(folderOf(one), 'refs', 'main'))).toBe(false)
  })

  it('whose server ignores ranges begins again, and is right in the end', async () => {
    let calls = 0
    const ignore: Layer = (next) => (call) => {
      if (call.where !== 'cdn') return next(call)
      calls += 1
      return next({ ...call, headers: { ...call.headers, range: undefined } })
    }
    const cut = faulty('cdn', (chunk, from, call) => (call === 0 && from > MIB ? null : chunk))
    const one = await open({ layers: [cut, ignore] })
    const plan = await one.plan()
    await one.run(plan)
    expect(calls).toBeGreaterThan(1)
    expectWhole(one, plan.commit, files)
  })

  it('whose link has expired asks for another', async () => {
    let expired = 0
    const expire: Layer = (next) => (call) => {
      if (call.where === 'cdn' && call.headers.range !== undefined && expired === 0) {
        expired += 1
        return {
          status: 403,
          headers: { 'content-type': 'application/xml' },
          body: {
            size: 0,
            read: async function* () {
              yield* []
            },
          },
        }
      }
      return next(call)
    }
    const cut = faulty('cdn', (chunk, from, call) => (call === 0 && from > MIB ? null : chunk))
    const one = await open({ layers: [cut, expire] })
    const plan = await one.plan()
    await one.run(plan)
    expect(expired).toBe(1)
    expectWhole(one, plan.commit, files)
  })
})

describe('what is in the way', () => {
  it('a partial with holes and no journal is not taken for a beginning', async () => {
    const one = await open()
    const plan = await one.plan()
    const { blob = '', sizeBytes = 0 } = plan.files.at(-1) ?? {}
    mkdirSync(join(folderOf(one), 'blobs'), { recursive: true })
    const partial = join(folderOf(one), 'blobs', `${blob}.mlxk.incomplete`)
    writeFileSync(partial, '')
    truncateSync(partial, sizeBytes)
    writeFileSync(join(folderOf(one), 'blobs', `${blob}.incomplete`), 'theirs')
    await one.pull()
    expect(readFileSync(join(folderOf(one), 'blobs', `${blob}.incomplete`), 'utf8')).toBe('theirs')
    rmSync(join(folderOf(one), 'blobs', `${blob}.incomplete`))
    expectWhole(one, plan.commit, files)
  })

  it('a folder of a snapshot that is a link leads nothing out of the cache', async () => {
    const one = await open()
    const plan = await one.plan()
    const outside = join(one.data, 'outside')
    mkdirSync(outside, { recursive: true })
    mkdirSync(join(folderOf(one), 'snapshots', plan.commit), { recursive: true })

    symlinkSync(outside, at(one, plan.commit, 'sub'))
    await expect(one.run(plan)).rejects.toMatchObject({ message: expect.stringContaining('in the way') })
    expect(readdirSync(outside)).toEqual([])
  })
})

describe.skipIf(!needsEngine())('what Python makes of it', () => {
  it('fetches nothing again and finds every hash right', async () => {
    const one = await open()
    const plan = await one.plan()
    await one.run(plan)

    const home = createHome()
    try {
      rmSync(home.hub, { recursive: true, force: true })
      const env = { ...home.env, HF_HUB_CACHE: one.root }
      one.hub.log.length = 0
      expect(await hf({ ...home, env }, one.hub.url, ['download', 'org/model'])).toMatchObject({ code: 0 })
      expect(one.hub.log.filter(({ url }) => url.includes('/resolve'))).toEqual([])
      const verified = await hf({ ...home, env }, one.hub.url, [
        'cache',
        'verify',
        'org/model',
        '--fail-on-missing-files',
        '--fail-on-extra-files',
      ])
      expect(verified).toMatchObject({ code: 0 })
    } finally {
      home.remove()
    }
  })
})
