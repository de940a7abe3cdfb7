import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AppError } from '../../../../shared/errors'
import type { ResolvedModel } from '../../models/types'
import { deferred } from '../process/deferred'
import type { EngineProcess } from '../process/engine-process'
import type { EngineLease } from '../types'
import { createEnginePool } from './pool'
import type { StartSpec, Starter } from './starter'

const runs = process.env['MLXK_TEST_FULL'] === undefined ? 300 : 10_000
const gib = 1024 ** 3
/** Gigabytes of weights and of one conversation. Two fit together, or the middle one with one of the small, never all. */
const sizes = [
  [2, 1],
  [3, 2],
  [6, 2],
  [10, 1],
] as const
const limitBytes = 16 * gib

type Step =
  | { do: 'acquire'; model: number; times: number; keepAliveMs: number | undefined; leaveAfterMs: number | null }
  | { do: 'release'; which: number }
  | { do: 'crash'; model: number }
  | { do: 'unload'; model: number }
  | { do: 'pin'; model: number; pinned: boolean }
  | { do: 'pass'; ms: number }

const model = fc.nat({ max: sizes.length - 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('acquire' as const),
      model,
      times: fc.constantFrom(1, 1, 1, 2, 12),
      keepAliveMs: fc.constantFrom(undefined, undefined, 0, 5000),
      leaveAfterMs: fc.option(fc.nat({ max: 4000 }), { freq: 6 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('release' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), model }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unload' as const), model }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pin' as const), model, pinned: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat({ max: 20_000 }) }) },
)

interface Running extends StartSpec {
  leases: number
  /** Somebody asked for its end whatever it does. */
  unwanted: boolean
  end: (error: AppError | null) => void
}

function resolved(index: number): ResolvedModel {
  const [weights, conversation] = sizes[index]!
  const memory = { weights_bytes: weights * gib, kv_bytes_per_1k_tokens: (conversation * gib) / 8, kv_fixed_bytes: 0 }
  const summary = { size_bytes: weights * gib, context: { tokens: 8192, source: 'config' }, memory } as ResolvedModel['summary']
  return { name: `m${index}`, hash: null, snapshotPath: `/m${index}`, summary }
}

/** A machine in which time is the test's, and every rule is looked at whenever anything happens. */
function simulate(maxModels: number | null) {
  const running = new Set<Running>()
  const held: { lease: EngineLease; engine: Running }[] = []
  let pids = 100
  let pending = 0
  /** Found where nobody would hear an exception. */
  const violations: unknown[] = []
  const look = (rule: () => void): void => {
    try {
      rule()
    } catch (violation) {
      violations.push(violation)
    }
  }

  function check(): void {
    const bytes = [...running].reduce((sum, { plan, limits, leases }) => {
      const conversations = Math.max(1, Math.min(leases, limits.decodeConcurrency))
      return (
        sum +
        plan.baseBytes +
        limits.promptCacheBytes +
        (limits.promptConcurrency - 1) * plan.scratchBytes +
        conversations * plan.conversationBytes
      )
    }, 0)
    expect(bytes, 'over the budget').toBeLessThanOrEqual(limitBytes)
    expect(running.size, 'too many models').toBeLessThanOrEqual(maxModels ?? Infinity)
    const names = [...running].map((one) => one.model.name)
    expect(new Set(names).size, `two of one model: ${names.join()}`).toBe(names.length)
  }

  const starter = ({ onChange }: { onChange: () => void }): Starter => ({
    prepare: () => Promise.resolve(),
    log: () => [],
    stopAll: () => Promise.resolve(),
    start: (spec) => {
      let state: 'loading' | 'ready' | 'draining' | 'stopped' | 'crashed' = 'loading'
      const ready = deferred<void>()
      const ended = deferred<Awaited<EngineProcess['ended']>>()
      const died = deferred<never>()
      for (const { promise } of [ready, died]) promise.catch(() => undefined)
      const engine: Running = { ...spec, leases: 0, unwanted: false, end }
      function end(error: AppError | null): void {
        if (!running.delete(engine)) return
        state = error === null ? 'stopped' : 'crashed'
        const reason = error ?? new AppError('cancelled', 'stopped')
        ready.reject(reason)
        died.reject(reason)
        ended.resolve(error === null ? { expected: true } : { expected: false, error, counts: true, starved: true })
        onChange()
      }
      running.add(engine)
      look(check)
      setTimeout(() => {
        if (state !== 'loading') return
        state = 'ready'
        onChange()
        ready.resolve()
      }, 3000)
      const pid = (pids += 1)
      return {
        gone: ended.promise.then(() => undefined),
        process: {
          pid,
          token: '',
          view: () => ({ state, progress: null, memoryBytes: null }),
          url: () => String(pid),
          watchRequest: () => ({ beat: () => undefined, end: () => undefined }),
          ready: ready.promise,
          ended: ended.promise,
          died: died.promise,
          stop: async () => {
            if (!running.has(engine)) return
            if (!engine.unwanted)
              look(() => expect(engine.leases, `${spec.model.name} was ended in the middle of an answer`).toBe(0))
            state = 'draining'
            setTimeout(() => end(null), 500)
            await ended.promise
          },
          killNow: () => undefined,
        },
      }
    },
  })

  const pool = createEnginePool({
    environment: { python: () => Promise.resolve('/py') },
    env: {},
    platform: { os: 'linux', arch: 'x64', home: '/h' },
    paths: { engines: '/e' },
    layout: { resources: '/r' },
    policy: () => ({ maxModels }),
    machine: {
      read: () => Promise.resolve({ totalBytes: 24 * gib, limitBytes, source: 'machine', availableBytes: null }),
      learn: () => Promise.resolve(),
    },
    readConfig: () => Promise.resolve({ hidden_size: 1024 }),
    starter,
  })

  async function acquire(index: number, keepAliveMs: number | undefined, leaveAfterMs: number | null): Promise<void> {
    const leave = new AbortController()
    if (leaveAfterMs !== null) setTimeout(() => leave.abort(), leaveAfterMs)
    pending += 1
    try {
      const lease = await pool.acquire(resolved(index), { signal: leave.signal, keepAliveMs })
      const engine = [...running].find((one) => one.model.name === lease.model.name)
      if (engine === undefined) lease.release()
      else {
        engine.leases += 1
        held.push({ lease, engine })
        look(check)
      }
    } catch (error) {
      // What may be said to someone who waits; anything else is a fault of the pool.
      look(() => expect(error).toMatchObject({ code: expect.stringMatching(/^(cancelled|engine_crashed|memory_busy)$/) }))
    } finally {
      pending -= 1
    }
  }

  function release(which: number): void {
    const [one] = held.splice(which % Math.max(1, held.length), 1)
    if (one === undefined) return
    one.engine.leases -= 1
    one.lease.release()
  }

  return {
    pool,
    pending: () => pending,
    held,
    release,
    take: async (one: Step): Promise<void> => {
      const found = 'model' in one ? [...running].find(({ model: { name } }) => name === `m${one.model}`) : undefined
      if (one.do === 'acquire') {
        for (let time = 0; time < one.times; time += 1) void acquire(one.model, one.keepAliveMs, one.leaveAfterMs)
      } else if (one.do === 'release') release(one.which)
      else if (one.do === 'crash') found?.end(new AppError('engine_crashed', 'scripted'))
      else if (one.do === 'unload') {
        if (found !== undefined) found.unwanted = true
        void pool.unload(`m${one.model}`)
      } else if (one.do === 'pin' && pool.list().some(({ name }) => name === `m${one.model}`)) pool.pin(`m${one.model}`, one.pinned)
      await vi.advanceTimersByTimeAsync(one.do === 'pass' ? one.ms : 0)
      check()
      if (violations.length > 0) throw violations[0]
    },
    end: async (): Promise<void> => {
      for (const one of running) one.unwanted = true
      const closed = pool.close()
      await vi.advanceTimersByTimeAsync(10_000)
      await closed
    },
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the pool, in any order of events', () => {
  it(`never exceeds its memory or count, never ends an answer, never loads a model twice, and lets nobody wait for ever (${runs} runs)`, async () => {
    const scenario = fc.tuple(fc.array(step, { minLength: 5, maxLength: 60 }), fc.constantFrom(null, 1, 2))
    const property = fc.asyncProperty(scenario, async ([steps, maxModels]) => {
      const machine = simulate(maxModels)
      try {
        for (const one of steps) await machine.take(one)
        for (let index = 0; index < sizes.length; index += 1) await machine.take({ do: 'pin', model: index, pinned: false })
        // Answers come to their end, one a second; everybody must get a turn, or a reason.
        for (let seconds = 0; machine.pending() > 0; seconds += 1) {
          expect(seconds, 'somebody waits for ever').toBeLessThan(2000)
          machine.release(0)
          await machine.take({ do: 'pass', ms: 1000 })
        }
      } finally {
        machine.held.splice(0)
        await machine.end()
      }
    })
    await fc.assert(property, { numRuns: runs })
  }, 600_000)

  it('a model that is asked all the time makes way for one that waits', async () => {
    const machine = simulate(1)
    await machine.take({ do: 'acquire', model: 0, times: 1, keepAliveMs: undefined, leaveAfterMs: null })
    await machine.take({ do: 'pass', ms: 4000 })
    const granted = vi.fn<() => void>()
    void machine.pool.acquire(resolved(1), { signal: new AbortController().signal }).then(granted)
    // There is always an answer being made, and each ends after two seconds.
    for (let seconds = 0; seconds < 60; seconds += 1) {
      await machine.take({ do: 'acquire', model: 0, times: 1, keepAliveMs: undefined, leaveAfterMs: null })
      await machine.take({ do: 'pass', ms: 1000 })
      if (machine.held.length > 1 || machine.pending() > 5) machine.release(0)
    }
    expect(granted).toHaveBeenCalledOnce()
    machine.held.splice(0)
    await machine.end()
  })
})
