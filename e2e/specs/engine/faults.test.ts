import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  createEnginePool,
  openEngineStream,
  type EngineLease,
  type EnginePool,
  type EnginePoolDeps,
} from '../../../src/main/core/engine'
import type { ResolvedModel } from '../../../src/main/core/models/types'
import { currentPlatform, dataPaths, findLayout } from '../../../src/main/core/system'
import { readEngineLog, writeFakePython, writeFaultyModel, type EngineFaults } from '../../fakes/engine'
import { ask, modelOf, soon } from './support'

/** Faults that end or stop an engine: who waits gets a reason with a code, and the next request is answered. */
let root = ''
let python = ''
let models = 0
let pools: EnginePool[] = []
let opened = 0
const platform = currentPlatform(process.env)
const layout = findLayout(import.meta.dirname)

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mlxk-faults-'))
  python = writeFakePython(join(root, 'bin'))
})
afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.close()))
  pools = []
})
afterAll(() => {
  rmSync(root, { recursive: true, force: true, maxRetries: 5 })
})

function openPool(more: Partial<EnginePoolDeps> = {}): EnginePool {
  const paths = dataPaths({ MLXK_HOME: join(root, `data-${(opened += 1)}`) }, platform)
  const environment = { python: () => Promise.resolve(python) }
  const pool = createEnginePool({ environment, env: process.env, platform, paths, layout, ...more })
  pools.push(pool)
  return pool
}

async function faulty(faults: EngineFaults): Promise<ResolvedModel> {
  models += 1
  const hub = join(root, 'hub')
  return modelOf(hub, await writeFaultyModel(hub, `test/faulty-${models}`, faults))
}

function asking(lease: EngineLease, fault: string) {
  const messages = [{ role: 'user', content: `!fault ${fault}` }]
  return openEngineStream(lease, '/v1/chat/completions', { messages, max_tokens: 20 }, soon())
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

const pidOf = (pool: EnginePool, { name }: ResolvedModel): number => pool.list().find((one) => one.name === name)!.pid!

async function expectAnswer(pool: EnginePool, model: ResolvedModel): Promise<void> {
  const lease = await pool.acquire(model, { signal: soon() })
  expect((await ask(lease, {})).finish).toBe('stop')
  lease.release()
}

describe('an engine that is killed with kill -9', () => {
  it('while it loads: engine_load_failed that speaks of memory, to everybody who waits; the next wish loads anew, with less', async () => {
    const pool = openPool()
    const log = join(root, 'starved.jsonl')
    const model = await faulty({ die_in_load: 'SIGKILL', log })
    const both = await Promise.allSettled([1, 2].map(() => pool.acquire(model, { signal: soon() })))
    for (const one of both) {
      expect(one).toMatchObject({
        reason: { code: 'engine_load_failed', hint: expect.stringContaining('memory'), data: { signal: 'SIGKILL' } },
      })
    }
    await expect(pool.acquire(model, { signal: soon() })).rejects.toMatchObject({ code: 'engine_load_failed' })
    const starts = readEngineLog(log).filter(({ event }) => event === 'start')
    const widths = starts.map(({ options }) => Number(options!['decode-concurrency']))
    expect(widths).toEqual([widths[0], Math.floor(widths[0]! / 2)])
    await expectAnswer(pool, await faulty({}))
  })

  it('while it reads the prompt: engine_crashed with the signal, and the next request is answered', async () => {
    const pool = openPool()
    const model = await faulty({})
    const lease = await pool.acquire(model, { signal: soon() })
    const stream = asking(lease, 'prefill-hang')
    expect((await stream.next()).value).toMatchObject({ type: 'progress' })
    process.kill(pidOf(pool, model), 'SIGKILL')
    await expect(drain(stream)).rejects.toMatchObject({ code: 'engine_crashed', data: { signal: 'SIGKILL' } })
    lease.release()
    await expectAnswer(pool, model)
  })

  it('in the middle of an answer: engine_crashed; who waits for a turn is served by the next process', async () => {
    const pool = openPool({ policy: () => ({ concurrency: 1 }) })
    const model = await faulty({})
    const [lease] = await Promise.all([1, 2].map(() => pool.acquire(model, { signal: soon() })))
    const third = pool.acquire(model, { signal: soon() })
    await expect.poll(() => pool.list()[0]).toMatchObject({ in_flight: 2, queued: 1, concurrency: 1 })
    const stream = asking(lease!, 'hang-middle')
    for (let next = await stream.next(); next.done !== true && next.value.type !== 'chunk'; next = await stream.next());
    process.kill(pidOf(pool, model), 'SIGKILL')
    await expect(drain(stream)).rejects.toMatchObject({ code: 'engine_crashed' })
    expect((await ask(await third, {})).finish).toBe('stop')
    expect(pool.list()[0]).toMatchObject({ state: 'ready', in_flight: 1 })
  })

  it('a pinned model comes back by itself', async () => {
    const pool = openPool()
    const model = await faulty({})
    await pool.load(model, { signal: soon(), pinned: true })
    const before = pidOf(pool, model)
    process.kill(before, 'SIGKILL')
    await expect
      .poll(() => pool.list()[0], { timeout: 20_000 })
      .toMatchObject({ state: 'ready', pinned: true, pid: expect.not.toBeOneOf([before]) })
  })
})

describe('an engine that hangs while its /health says 200', () => {
  it.each(['hang-silent', 'hang', 'hang-middle', 'prefill-hang'])('is ended and started anew ("%s")', async (fault) => {
    const pool = openPool({ stallMs: 600 })
    const model = await faulty({})
    const lease = await pool.acquire(model, { signal: soon() })
    const drained = drain(asking(lease, fault))
    const health = await fetch(`${lease.url}/health`, { headers: { 'X-Engine-Token': lease.token } })
    expect(health.status).toBe(200)
    await expect(drained).rejects.toMatchObject({ code: 'engine_timeout', hint: expect.stringContaining('again') })
    lease.release()
    await expectAnswer(pool, model)
  })

  it('is not taken for one that pauses between tokens', async () => {
    const pool = openPool({ stallMs: 5000 })
    const model = await faulty({})
    const lease = await pool.acquire(model, { signal: soon() })
    await drain(asking(lease, 'gap 300'))
    expect(pool.list()[0]).toMatchObject({ state: 'ready' })
    lease.release()
  })
})

describe('sleep', () => {
  it('an engine that is stopped and continued is no hang, however long it was', async () => {
    const pool = openPool({ stallMs: 1000 })
    const model = await faulty({})
    const lease = await pool.acquire(model, { signal: soon() })
    const stream = asking(lease, 'slow 20')
    await stream.next()
    const pid = pidOf(pool, model)
    process.kill(pid, 'SIGSTOP')
    // Several times the silence that a hang is allowed: there is no event for a thing that must not happen.
    await new Promise((resolve) => setTimeout(resolve, 3000))
    process.kill(pid, 'SIGCONT')
    await drain(stream)
    expect(pidOf(pool, model)).toBe(pid)
    lease.release()
  })
})

describe('an engine whose port another program has', () => {
  const servers: Server[] = []
  afterAll(() => servers.forEach((server) => server.close()))

  it.each([
    ['a web page', 200, 'text/html', '<h1>Welcome</h1>'],
    ['an API that answers anything', 200, 'application/json', '{"choices":[{"text":"I am another","finish_reason":"stop"}]}'],
    ['a refusal', 401, 'text/plain', 'no'],
  ])('is engine_load_failed (%s), and other models load', async (_what, status, type, text) => {
    const server = createServer((_request, response) => response.writeHead(status, { 'Content-Type': type }).end(text))
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const pool = openPool()
    await expect(pool.acquire(await faulty({ port }), { signal: soon() })).rejects.toMatchObject({ code: 'engine_load_failed' })
    await expectAnswer(pool, await faulty({}))
  })
})

describe('an engine that prints without end', () => {
  it('loads and answers, and what is kept of it is bounded', async () => {
    const pool = openPool()
    const model = await faulty({ stderr_bytes: 20_000_000, stdout_bytes: 5_000_000 })
    await expectAnswer(pool, model)
    const lines = pool.log(model.name)
    expect(lines.length).toBeLessThanOrEqual(501)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(2000)
  })
})

describe('memory', () => {
  const gigabyte = 1e9
  const machine = (limitBytes: number, availableBytes: number | null = null): NonNullable<EnginePoolDeps['machine']> => ({
    read: () => Promise.resolve({ totalBytes: 16 * gigabyte, limitBytes, source: 'machine', availableBytes }),
    learn: () => Promise.resolve(),
  })
  const heavy = async (bytes: number): Promise<ResolvedModel> => {
    const model = await faulty({})
    const memory = { weights_bytes: bytes, kv_bytes_per_1k_tokens: 100_000_000, kv_fixed_bytes: 0 }
    return { ...model, summary: { ...model.summary, memory } }
  }

  it('a model that is too large for the machine is insufficient_memory with both numbers, and starts nothing', async () => {
    const pool = openPool({ machine: machine(8 * gigabyte) })
    await expect(pool.acquire(await heavy(20 * gigabyte), { signal: soon() })).rejects.toMatchObject({
      code: 'insufficient_memory',
      message: expect.stringMatching(/needs 2\d GB.*8\.0 GB/),
      hint: expect.stringContaining('smaller'),
      data: { limit_bytes: 8 * gigabyte, need_bytes: expect.any(Number) },
    })
    expect(pool.list()).toEqual([])
  })

  it('a model beside pinned ones is memory_busy, and is loaded when the pin is gone', async () => {
    const pool = openPool({ machine: machine(8 * gigabyte) })
    const [pinned, other] = [await heavy(4 * gigabyte), await heavy(4 * gigabyte)]
    await pool.load(pinned, { signal: soon(), pinned: true })
    await expect(pool.acquire(other, { signal: soon() })).rejects.toMatchObject({
      code: 'memory_busy',
      data: { because: 'pinned' },
    })
    pool.pin(pinned.name, false)
    await expectAnswer(pool, other)
    expect(pool.list().map(({ name }) => name)).toEqual([other.name])
  })

  it('other programs that hold the memory are named as the reason', async () => {
    const pool = openPool({ machine: machine(8 * gigabyte, gigabyte) })
    await expect(pool.acquire(await heavy(4 * gigabyte), { signal: soon() })).rejects.toMatchObject({
      code: 'memory_busy',
      data: { because: 'others', available_bytes: gigabyte },
    })
  })

  it('the engine is told a concurrency, a prompt cache and a context that fit', async () => {
    const pool = openPool({ machine: machine(8 * gigabyte) })
    const model = await heavy(4 * gigabyte)
    await pool.load(model, { signal: soon() })
    expect(pool.list()[0]).toMatchObject({
      context_length: 4096,
      concurrency: expect.toSatisfy((width: number) => width > 1 && width < 8),
    })
    const { limit_bytes, reserved_bytes } = await pool.memory()
    expect(reserved_bytes).toBeLessThan(limit_bytes)
    const larger = await heavy(5.5 * gigabyte)
    larger.summary.context.tokens = 100_000
    await pool.load(larger, { signal: soon() })
    const { context_length } = pool.list().find(({ name }) => name === larger.name)!
    expect(context_length).toBeGreaterThanOrEqual(2048)
    expect(context_length).toBeLessThan(20_000)
  })

  it('an unload lets the answer that is being made come to its end', async () => {
    const pool = openPool()
    const model = await faulty({})
    const lease = await pool.acquire(model, { signal: soon() })
    const answered = ask(lease, { messages: [{ role: 'user', content: '!fault slow 20' }] })
    const unloaded = pool.unload(model.name)
    expect(pool.list()[0]).toMatchObject({ state: 'draining' })
    expect((await answered).finish).toBe('stop')
    lease.release()
    await unloaded
    expect(pool.list()).toEqual([])
  })
})
