import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AppError } from '../../../../shared/errors'
import type { ResolvedModel } from '../../models/types'
import type { MachineMemory } from '../memory/machine'
import { afterCrashes } from './crash-policy'
import { createEnginePool, type EnginePoolDeps } from './pool'

/** Stands in for a Python process; says what a test wants it to say. */
class FakeEngine extends EventEmitter {
  readonly stdin = new PassThrough()
  readonly stdout = new PassThrough()
  readonly stderr = new PassThrough()
  readonly pid: number
  readonly args: readonly string[]
  readonly signals: string[] = []
  deaf = false
  constructor(pid: number, args: readonly string[]) {
    super()
    this.pid = pid
    this.args = args
  }
  say(...events: object[]): void {
    for (const event of events) this.stdout.write(`${JSON.stringify(event)}\n`)
  }
  load(): void {
    this.say({ event: 'loading', done: 1, total: 4 }, { event: 'listening', port: 5000 + this.pid }, { event: 'loaded', bytes: 7 })
  }
  end(code: number | null, signal: string | null): void {
    this.emit('exit', code, signal)
    this.emit('close', code, signal)
  }
}

let folder = ''
let engines: FakeEngine[] = []
const never = new AbortController().signal

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlxk-pool-'))
  engines = []
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(folder, { recursive: true, force: true })
})

function createPool(more: Partial<EnginePoolDeps> = {}, autoLoad = true) {
  return createEnginePool({
    environment: { python: () => Promise.resolve('/py') },
    env: {},
    platform: { os: 'linux', arch: 'x64', home: '/h' },
    paths: { engines: join(folder, 'engines') },
    layout: { resources: '/r' },
    machine: machineOf(48e9),
    table: { inspect: () => Promise.resolve(null) },
    warmUp: () => Promise.resolve(),
    spawn: (_command, args) => {
      const engine = new FakeEngine(100 + engines.length, args)
      engines.push(engine)
      if (autoLoad) setImmediate(() => engine.load())
      return engine as unknown as ChildProcess
    },
    signalGroup: (pid, signal) => {
      const engine = engines.find((one) => one.pid === pid)
      engine?.signals.push(signal)
      if (engine !== undefined && !(engine.deaf && signal === 'SIGTERM')) setImmediate(() => engine.end(null, signal))
    },
    ...more,
  })
}

/** A machine whose engines may take so many bytes together. */
function machineOf(limitBytes: number, availableBytes: number | null = null): MachineMemory {
  const state = { totalBytes: 64e9, limitBytes, source: 'machine' as const, availableBytes }
  return { read: () => Promise.resolve(state), learn: () => Promise.resolve() }
}

function model(name: string, bytes = 1e9): ResolvedModel {
  const memory = { weights_bytes: bytes, kv_bytes_per_1k_tokens: 1e6, kv_fixed_bytes: 0 }
  const summary = { size_bytes: bytes, context: { tokens: 4096, source: 'config' }, memory } as ResolvedModel['summary']
  return { name, hash: null, snapshotPath: join(folder, name), summary }
}

const started = (count: number): Promise<void> => vi.waitFor(() => expect(engines).toHaveLength(count))

describe('engine pool', () => {
  it('shares one load among concurrent callers and tells them its progress', async () => {
    const pool = createPool({}, false)
    const seen: (number | null)[] = []
    const both = [0, 1].map(() => pool.acquire(model('a'), { signal: never, onState: ({ progress }) => seen.push(progress) }))
    await started(1)
    engines[0]!.load()
    const leases = await Promise.all(both)
    expect(engines).toHaveLength(1)
    expect(seen).toContain(0.25)
    expect(pool.list()).toMatchObject([{ name: 'a', state: 'ready', in_flight: 2, memory_bytes: 7, pid: 100 }])
    for (const lease of leases) lease.release()
    leases[0]!.release()
    expect(pool.list()[0]!.in_flight).toBe(0)
    await pool.close()
  })

  it('loads one model at a time', async () => {
    const pool = createPool({}, false)
    const a = pool.acquire(model('a'), { signal: never })
    const b = pool.acquire(model('b'), { signal: never })
    await started(1)
    expect(pool.list()).toMatchObject([{ name: 'a' }, { name: 'b', state: 'spawning', pid: null }])
    engines[0]!.load()
    await a
    await started(2)
    engines[1]!.load()
    await b
    expect(pool.list().map(({ state }) => state)).toEqual(['ready', 'ready'])
    await pool.close()
  })

  it('leaves a load alone that its only caller stopped waiting for', async () => {
    const pool = createPool({}, false)
    const abort = new AbortController()
    const waiting = pool.acquire(model('a'), { signal: abort.signal })
    await started(1)
    abort.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    engines[0]!.load()
    await pool.acquire(model('a'), { signal: never })
    expect(engines).toHaveLength(1)
    await pool.close()
  })

  it('refuses a model that brings code before Python starts', async () => {
    const pool = createPool()
    const evil = model('evil')
    evil.snapshotPath = folder
    writeFileSync(join(folder, 'config.json'), '{"model_file":"evil.py"}')
    await expect(pool.acquire(evil, { signal: never })).rejects.toMatchObject({ code: 'custom_code_refused' })
    expect(engines).toEqual([])
  })

  it('says engine_missing as the environment says it, and lists nothing', async () => {
    const missing = new AppError('engine_missing', 'no', { hint: 'mlxk engine install' })
    const pool = createPool({ environment: { python: () => Promise.reject(missing) } })
    await expect(pool.acquire(model('a'), { signal: never })).rejects.toBe(missing)
    expect(pool.list()).toEqual([])
  })

  it('tells why a load failed, and tries anew the next time', async () => {
    const pool = createPool({}, false)
    const failing = pool.acquire(model('a'), { signal: never })
    await started(1)
    engines[0]!.say({ event: 'load_failed', code: 'failed', error: 'ValueError: Model type x not supported.' })
    engines[0]!.end(70, null)
    await expect(failing).rejects.toMatchObject({ code: 'engine_load_failed', data: { exit_code: 70 } })
    expect(pool.list()).toMatchObject([{ state: 'crashed', error: { code: 'engine_load_failed' }, pid: null }])
    const again = pool.acquire(model('a'), { signal: never })
    await started(2)
    engines[1]!.load()
    await again
    await pool.close()
  })

  it('rejects the leases of an engine that crashes, with its last lines', async () => {
    const pool = createPool()
    const lease = await pool.acquire(model('a'), { signal: never })
    engines[0]!.stderr.write('[METAL] out of memory\n')
    engines[0]!.end(null, 'SIGABRT')
    await expect(lease.died).rejects.toMatchObject({
      code: 'engine_crashed',
      data: { signal: 'SIGABRT', log: ['[METAL] out of memory'] },
    })
    expect(pool.log('a')).toEqual(['[METAL] out of memory'])
    await pool.close()
  })

  it('waits longer after each crash and gives up after the third in five minutes', async () => {
    const pool = createPool()
    for (let crash = 0; crash < 3; crash += 1) {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
      const acquired = pool.acquire(model('a'), { signal: never })
      await vi.advanceTimersByTimeAsync(2000)
      vi.useRealTimers()
      const lease = await acquired
      engines.at(-1)!.end(1, null)
      await expect(lease.died).rejects.toThrow('exit code 1')
    }
    await expect(pool.acquire(model('a'), { signal: never })).rejects.toMatchObject({
      code: 'engine_crashed',
      data: { model: 'a' },
    })
    expect(engines).toHaveLength(3)
    await pool.unload('a')
    await pool.acquire(model('a'), { signal: never })
    expect(engines).toHaveLength(4)
    await pool.close()
  })

  it('unloads a model that nobody used for the idle time, never one in use', async () => {
    const pool = createPool({ policy: () => ({ keepAliveMs: 20 }) })
    const a = await pool.acquire(model('a'), { signal: never })
    const b = await pool.acquire(model('b'), { signal: never })
    a.release()
    await vi.waitFor(() => expect(pool.list().map(({ name }) => name)).toEqual(['b']))
    b.release()
    await vi.waitFor(() => expect(pool.list()).toEqual([]))
  })

  it('unloads a model that was loaded for a caller who left', async () => {
    const pool = createPool({ policy: () => ({ keepAliveMs: 20 }) }, false)
    const abort = new AbortController()
    const waiting = pool.acquire(model('a'), { signal: abort.signal })
    await started(1)
    abort.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    engines[0]!.load()
    await vi.waitFor(() => expect(pool.list()).toEqual([]))
    expect(engines[0]!.signals).toEqual(['SIGTERM'])
  })

  describe('a request that comes while its model is unloaded after the one before (keep_alive: 0) gets a new load, never an error:', () => {
    const once = { signal: never, keepAliveMs: 0 }
    const moments: [string, (pool: ReturnType<typeof createPool>) => Promise<void>][] = [
      ['at once', () => Promise.resolve()],
      ['when its process is told to end', (pool) => until(pool, () => engines[0]!.signals.includes('SIGTERM'))],
      ['when its process has ended and its pipes are open', (pool) => until(pool, () => engines[0]!.signals.includes('exit'))],
      ['when nothing is left of it', (pool) => until(pool, () => pool.list().length === 0)],
    ]
    const until = (pool: ReturnType<typeof createPool>, isThere: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!isThere()) return
          leave()
          resolve()
        }
        const leave = pool.subscribe(look)
        engines[0]!.on('look', look)
        look()
      })

    it.each(moments)('%s', async (_when, moment) => {
      const pool = createPool({
        signalGroup: (pid, signal) => {
          const engine = engines.find((one) => one.pid === pid)!
          engine.signals.push(signal)
          setImmediate(() => {
            engine.emit('exit', null, signal)
            engine.signals.push('exit')
            engine.emit('look')
            setImmediate(() => engine.emit('close', null, signal))
          })
        },
      })
      const first = await pool.acquire(model('a'), once)
      first.release()
      await moment(pool)
      const second = await pool.acquire(model('a'), once)
      expect(second.url).toBe(`http://127.0.0.1:${5000 + engines.at(-1)!.pid}`)
      expect(pool.list()).toMatchObject([{ name: 'a', state: 'ready', in_flight: 1, error: null }])
      second.release()
      await vi.waitFor(() => expect(pool.list()).toEqual([]))
      await pool.close()
    })

    it('many of them, each while another one ends', async () => {
      const pool = createPool()
      const ask = async (): Promise<void> => {
        for (let round = 0; round < 20; round += 1) {
          const lease = await pool.acquire(model('a'), once)
          await new Promise((resolve) => setImmediate(resolve))
          lease.release()
          for (let turn = 0; turn < round % 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
        }
      }
      await Promise.all([ask(), ask(), ask()])
      await vi.waitFor(() => expect(pool.list()).toEqual([]))
      expect(engines.filter(({ signals }) => signals.length === 0)).toEqual([])
    })
  })

  it('is ready by its warm-up alone when the launcher cannot tell of loading', async () => {
    const pool = createPool({}, false)
    const acquired = pool.acquire(model('a'), { signal: never })
    await started(1)
    engines[0]!.say({ event: 'degraded', patch: 'load', error: 'AttributeError' }, { event: 'listening', port: 5000 })
    expect((await acquired).url).toBe('http://127.0.0.1:5000')
    expect(pool.log('a').join()).toContain('AttributeError')
    await pool.close()
  })

  it('makes room by unloading the longest unused idle model, and waits for models at work', async () => {
    const pool = createPool({ policy: () => ({ maxModels: 2 }) })
    const a = await pool.acquire(model('a'), { signal: never })
    const b = await pool.acquire(model('b'), { signal: never })
    const waiting = pool.acquire(model('c'), { signal: never })
    await vi.waitFor(() =>
      expect(pool.list()).toMatchObject([{ in_flight: 1 }, { in_flight: 1 }, { name: 'c', queued: 1, pid: null }]),
    )
    b.release()
    const c = await waiting
    expect(pool.list().map(({ name }) => name)).toEqual(['a', 'c'])
    c.release()
    a.release()
    await pool.acquire(model('d'), { signal: never })
    expect(pool.list().map(({ name }) => name)).toEqual(['a', 'd'])
    await pool.close()
  })

  it('ends an engine that ignores SIGTERM with SIGKILL', async () => {
    const pool = createPool()
    await pool.acquire(model('a'), { signal: never })
    engines[0]!.deaf = true
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const closed = pool.close()
    await vi.advanceTimersByTimeAsync(2000)
    vi.useRealTimers()
    await closed
    expect(engines[0]!.signals).toEqual(['SIGTERM', 'SIGKILL'])
  })

  it('unloading in the middle of a load cancels its callers', async () => {
    const pool = createPool({}, false)
    const waiting = pool.acquire(model('a'), { signal: never })
    const outcome = waiting.catch((error: unknown) => error)
    await started(1)
    await pool.unload('a')
    expect(await outcome).toMatchObject({ code: 'cancelled' })
    expect(pool.list()).toEqual([])
  })

  it('tells the callers of a model that waits for its turn at once when it is unloaded', async () => {
    const pool = createPool({}, false)
    const first = pool.acquire(model('a'), { signal: never })
    await started(1)
    const outcome = pool.acquire(model('b'), { signal: never }).catch((error: unknown) => error)
    await pool.unload('b')
    expect(await outcome).toMatchObject({ code: 'cancelled' })
    engines[0]!.load()
    await first
    expect(engines).toHaveLength(1)
    await pool.close()
  })

  it('keeps a model that is loaded again while its unloaded predecessor is still in the queue', async () => {
    const pool = createPool()
    const slow = pool.acquire(model('a'), { signal: never })
    const dropped = pool.acquire(model('b'), { signal: never }).catch((error: unknown) => error)
    await pool.unload('b')
    const again = pool.acquire(model('b'), { signal: never })
    await slow
    expect(await dropped).toMatchObject({ code: 'cancelled' })
    await again
    expect(pool.list().map(({ name }) => name)).toEqual(['a', 'b'])
    await pool.unload('b', { drainMs: 0 })
    expect(engines.at(-1)!.signals).toEqual(['SIGTERM'])
    await pool.close()
  })

  it('never ends a model that went to work while another made room', async () => {
    const pool = createPool({ policy: () => ({ maxModels: 2 }) })
    const [a, b] = [await pool.acquire(model('a'), { signal: never }), await pool.acquire(model('b'), { signal: never })]
    a.release()
    b.release()
    // The moment at which "a" is being ended.
    const used = new Promise((resolve) => {
      const leave = pool.subscribe(() => {
        if (engines[0]!.signals.length === 0) return
        leave()
        resolve(pool.acquire(model('b'), { signal: never }))
      })
    })
    await pool.acquire(model('c'), { signal: never })
    await used
    expect(engines[1]!.signals).toEqual([])
    await pool.close()
  })

  it('survives that the record of an ended engine cannot be removed', async () => {
    const pool = createPool({ table: { inspect: () => Promise.resolve({ startTime: '1', command: 'py' }) } })
    await pool.acquire(model('a'), { signal: never })
    const record = join(folder, 'engines', '100.json')
    await vi.waitFor(() => expect(existsSync(record)).toBe(true))
    // A folder in its place is what `rm` refuses.
    rmSync(record)
    mkdirSync(record)
    engines[0]!.end(1, null)
    await expect(pool.close()).resolves.toBeUndefined()
  })

  it('loads nothing after close', async () => {
    const pool = createPool()
    await pool.close()
    await expect(pool.acquire(model('a'), { signal: never })).rejects.toMatchObject({ code: 'server_shutdown' })
  })

  it('keeps the secret out of the command line', async () => {
    const pool = createPool()
    const lease = await pool.acquire(model('a'), { signal: never })
    expect(lease.token.length).toBeGreaterThan(20)
    expect(engines[0]!.args.join(' ')).not.toContain(lease.token)
    await pool.close()
  })
})

describe('crash policy', () => {
  it('forgets crashes after five minutes', () => {
    const at = (...times: number[]) => times.map((time) => ({ at: time, starved: false }))
    expect(afterCrashes([], 1000)).toEqual({ giveUp: false, waitMs: 0, strain: 0 })
    expect(afterCrashes(at(1000), 1500)).toEqual({ giveUp: false, waitMs: 500, strain: 0 })
    expect(afterCrashes(at(1000, 2000, 3000), 4000).giveUp).toBe(true)
    expect(afterCrashes(at(1000, 2000, 3000), 302_500)).toEqual({ giveUp: false, waitMs: 0, strain: 0 })
    expect(afterCrashes([{ at: 1, starved: true }], 5000)).toEqual({ giveUp: false, waitMs: 0, strain: 1 })
  })
})
