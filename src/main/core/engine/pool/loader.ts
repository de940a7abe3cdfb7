import type { EngineMemory } from '../../../../shared/contract'
import { AppError } from '../../../../shared/errors'
import type { MachineMemory, MachineState } from '../memory/machine'
import { isStrained, planMemory, shareMemory, type ModelNeeds, type PlanPolicy } from '../memory/plan'
import type { EngineEnvironment } from '../types'
import type { ResolvedModel } from '../../models/types'
import { afterCrashes } from './crash-policy'
import { reserved, type PoolEntry, type Resident } from './entry'
import { givenUp, noRoom, tooLarge } from './errors'
import { makeRoom, type Holder } from './make-room'
import { modelNeeds, refuseCustomCode, type ModelConfig } from './model-config'
import type { PoolPolicy } from './policy'
import type { Starter } from './starter'
import { createSerialQueue, sleep, untilAborted } from './wait'

export interface LoaderDeps {
  environment: Pick<EngineEnvironment, 'python'>
  readConfig: (snapshotPath: string) => Promise<ModelConfig>
  isTrusted: (model: ResolvedModel) => Promise<boolean>
  bringsCode: (model: ResolvedModel) => Promise<boolean>
  patienceMs: number
  policy: () => PoolPolicy
  machine: MachineMemory
  starter: Starter
  /** All that have memory set aside. */
  residents: Set<Resident>
  retire: (resident: Resident, graceMs: number) => Promise<void>
  onUse: (entry: PoolEntry) => void
  onStarted: (resident: Resident) => void
  subscribe: (listener: () => void) => () => void
}

export interface Loader {
  /**
   * Loads one model when its turn has come and there is room; returns when it is ready, or when nobody wants it any more.
   * @throws AppError as `EnginePool.acquire`
   */
  load: (entry: PoolEntry, signal: AbortSignal) => Promise<void>
  /** True when this model may have one more request: see `EnginePool.acquire`. */
  hasRoom: (resident: Resident) => boolean
  memory: () => Promise<EngineMemory>
}

interface LoadWish {
  entry: PoolEntry
  needs: ModelNeeds
  /** Crashes that looked like too little memory. */
  strain: number
  trusted: boolean
}

/** Loads are one after the other, in the order of the wishes: what is measured and set aside for one is true until it is loaded. */
export function createLoader(deps: LoaderDeps): Loader {
  const { residents, machine } = deps
  const oneAtATime = createSerialQueue()
  /** A load waits for memory: what comes back is for it. */
  let waiting = false
  let limitBytes = 0
  const taken = (): number => sum([...residents].map((resident) => reserved(resident, resident.leases)))

  const isWanted = (entry: PoolEntry): boolean => entry.waiters.size > 0 || entry.pinned

  /** @throws AppError custom_code_refused */
  async function check(model: ResolvedModel): Promise<{ needs: ModelNeeds; trusted: boolean }> {
    const [config, trusted] = await Promise.all([deps.readConfig(model.snapshotPath), deps.isTrusted(model)])
    if (!trusted) refuseCustomCode(model.name, config)
    return { needs: modelNeeds(model.summary, config), trusted }
  }

  /** Code that is only offered (a tokenizer's, mostly) is never run unasked; a load that fails without it may be because of that. */
  async function explain(error: unknown, model: ResolvedModel, checked: Promise<{ trusted: boolean }>): Promise<unknown> {
    if (!(error instanceof AppError) || error.code !== 'engine_load_failed') return error
    const { trusted } = await checked
    if (trusted || !(await deps.bringsCode(model))) return error
    const { code, message, data } = error
    const hint = `This model brings code that is not run unless you trust it. To look at it and decide: mlxk trust ${model.name}`
    return new AppError(code, message, { hint, data, cause: error })
  }

  async function loadNow(wish: LoadWish, signal: AbortSignal): Promise<void> {
    const { entry } = wish
    signal.throwIfAborted()
    const python = await untilAborted(deps.environment.python(), signal)
    await deps.starter.prepare()
    try {
      const resident = await startInRoom(wish, python, signal)
      if (resident === null) return
      deps.onStarted(resident)
      await resident.process.ready
    } finally {
      waiting = false
    }
    entry.loadedAt = Date.now()
    deps.onUse(entry)
  }

  /** Waits until the model fits, and makes others give way. Null when nobody wants it any more. */
  async function startInRoom(wish: LoadWish, python: string, signal: AbortSignal): Promise<Resident | null> {
    const { entry, needs, trusted } = wish
    const since = Date.now()
    for (;;) {
      if (!isWanted(entry)) return null
      const changed = nextChange()
      try {
        const policy = deps.policy()
        const state = await machine.read(policy.memoryLimitBytes)
        limitBytes = state.limitBytes
        const planPolicy = toPlanPolicy(policy, wish, state)
        const planned = planMemory(needs, state.limitBytes, planPolicy)
        if (!planned.fits) throw tooLarge(entry.model.name, planned.needBytes, state)
        const { plan } = planned
        signal.throwIfAborted()
        const step = makeRoom(
          {
            limitBytes: state.limitBytes,
            availableBytes: state.availableBytes,
            maxModels: policy.maxModels ?? Number.POSITIVE_INFINITY,
            patienceMs: deps.patienceMs,
          },
          [...residents].map(toHolder),
          { bytes: plan.minBytes, nowBytes: plan.nowBytes, waitedMs: Date.now() - since },
        )
        switch (step.do) {
          case 'start': {
            // What is divided is what others leave when they have one conversation each; who gets how much is decided answer by answer.
            const room = state.limitBytes - sum([...residents].map((resident) => reserved(resident, 1)))
            const share = shareMemory(plan, room, planPolicy)
            const { safe: safeMemory } = planPolicy
            const started = deps.starter.start({ python, model: entry.model, plan, limits: share.limits, safeMemory, trusted })
            const resident: Resident = { ...started, entry, plan, share, leases: 0, leaving: false }
            // In the same turn as the decision: nobody may take the room in between.
            residents.add(resident)
            entry.resident = resident
            entry.gone = resident.gone
            entry.error = null
            waiting = false
            return resident
          }
          case 'evict':
          case 'drain':
            for (const resident of step.ids) void deps.retire(resident, Number.POSITIVE_INFINITY)
            continue
          case 'wait':
            waiting = true
            await untilAborted(step.ms === null ? changed.promise : Promise.race([changed.promise, changed.after(step.ms)]), signal)
            continue
          case 'refuse':
            throw noRoom(entry.model.name, step.because === 'others' ? plan.nowBytes : plan.minBytes, state, step.because)
        }
      } finally {
        changed.leave()
      }
    }
  }

  function nextChange(): { promise: Promise<void>; after: (ms: number) => Promise<void>; leave: () => void } {
    const done = new AbortController()
    let leave: () => void = () => undefined
    const promise = new Promise<void>((resolve) => {
      leave = deps.subscribe(resolve)
    })
    return {
      promise,
      after: (ms) => sleep(ms, done.signal).catch(() => undefined),
      leave: () => {
        leave()
        done.abort()
      },
    }
  }

  return {
    load: async (entry, signal) => {
      const { giveUp, waitMs, strain } = afterCrashes(entry.crashes, Date.now())
      if (giveUp) throw givenUp(entry)
      if (waitMs > 0) await sleep(waitMs, signal)
      const checked = check(entry.model)
      // Its place in the queue is that of the wish; a refusal need not wait for the turn.
      const loaded = oneAtATime(async () => loadNow({ entry, strain, ...(await checked) }, signal))
      try {
        await Promise.all([checked, loaded])
      } catch (error) {
        throw await explain(error, entry.model, checked)
      }
    },
    hasRoom: (resident) => {
      const { leases, plan, share } = resident
      const { decodeConcurrency, promptConcurrency } = share.limits
      if (leases === 0) return true
      if (waiting) return false
      // A few more than it computes together: they wait in the engine, whose own limit keeps them from taking memory, and it has the
      // next one at hand when an answer ends.
      if (leases >= decodeConcurrency) return leases < decodeConcurrency + promptConcurrency
      return taken() + plan.conversationBytes <= limitBytes
    },
    memory: async () => {
      const policy = deps.policy()
      const state = await machine.read(policy.memoryLimitBytes)
      return {
        limit_bytes: state.limitBytes,
        limit_source: state.source,
        total_bytes: state.totalBytes,
        available_bytes: state.availableBytes,
        reserved_bytes: Math.round(taken()),
        safe_memory: policy.safeMemory,
      }
    },
  }
}

function toPlanPolicy(policy: PoolPolicy, { needs, strain }: LoadWish, state: MachineState): PlanPolicy {
  const isMetal = state.source === 'metal' || state.source === 'estimate'
  const safe =
    policy.safeMemory === 'on' || (policy.safeMemory === 'auto' && isMetal && isStrained(needs, state.limitBytes, state.totalBytes))
  return { contextLimit: policy.contextLimit, concurrency: policy.concurrency, safe, strain }
}

function toHolder(resident: Resident): Holder<Resident> {
  const { entry, process } = resident
  const { state, memoryBytes } = process.view()
  return {
    id: resident,
    reserved: reserved(resident, resident.leases),
    least: reserved(resident, 1),
    measured: memoryBytes ?? 0,
    // Somebody may be about to get a lease.
    busy: resident.leases > 0 || entry.waiters.size > 0 || state !== 'ready',
    pinned: entry.pinned,
    leaving: resident.leaving,
    turn: entry.turn,
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
