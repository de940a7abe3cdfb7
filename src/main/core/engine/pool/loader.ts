import type { EngineMemory } from '../../../../shared/contract'
import type { MachineMemory, MachineState } from '../memory/machine'
import { isStrained, planMemory, shareMemory, type MemoryPlan, type ModelNeeds, type PlanPolicy } from '../memory/plan'
import type { EngineEnvironment } from '../types'
import type { ResolvedModel } from '../../models/types'
import { afterCrashes } from './crash-policy'
import { leastWidth, reserved, type PoolEntry, type Resident } from './entry'
import { givenUp, noRoom, tooLarge } from './errors'
import { makeRoom, type Holder } from './make-room'
import { modelNeeds, readModelConfig, refuseCustomCode } from './model-config'
import type { PoolPolicy } from './policy'
import type { Starter } from './starter'
import { createSerialQueue, sleep, untilAborted } from './wait'

export interface LoaderDeps {
  environment: Pick<EngineEnvironment, 'python'>
  isTrusted: (model: ResolvedModel) => Promise<boolean>
  patienceMs: number
  policy: () => PoolPolicy
  machine: MachineMemory
  starter: Starter
  /** All that have memory set aside. */
  residents: Set<Resident>
  retire: (resident: Resident, graceMs: number) => Promise<void>
  onStarted: (resident: Resident) => void
  /** More conversations of this model have memory now. */
  onFreed: (entry: PoolEntry) => void
  subscribe: (listener: () => void) => () => void
  notify: () => void
}

export interface Loader {
  /**
   * Loads one model when its turn has come and there is room; returns when it is ready, or when nobody wants it any more.
   * @throws AppError as `EnginePool.acquire`
   */
  load: (entry: PoolEntry, signal: AbortSignal) => Promise<void>
  memory: () => Promise<EngineMemory>
}

/** Loads are one after the other, in the order of the wishes: what is measured and set aside for one is true until it is loaded. */
export function createLoader(deps: LoaderDeps): Loader {
  const { residents, machine } = deps
  const oneAtATime = createSerialQueue()
  let queued = 0

  const isWanted = (entry: PoolEntry): boolean => entry.waiters.size > 0 || entry.pinned

  async function loadNow(entry: PoolEntry, needs: ModelNeeds, strain: number, trusted: boolean, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const python = await untilAborted(deps.environment.python(), signal)
    await deps.starter.prepare()
    const room = await findRoom(entry, needs, strain, signal)
    if (room === null) return
    signal.throwIfAborted()
    const { plan, share, safeMemory } = room
    const { process, gone } = deps.starter.start({ python, model: entry.model, plan, limits: share.limits, safeMemory, trusted })
    const width = share.limits.decodeConcurrency
    const resident: Resident = { entry, process, plan, share, width, leases: 0, leaving: false, startedAt: Date.now(), gone }
    residents.add(resident)
    entry.resident = resident
    entry.error = null
    deps.onStarted(resident)
    deps.notify()
    await process.ready
    entry.loadedAt = Date.now()
    entry.lastUsedAt = entry.loadedAt
  }

  /** Waits until the model fits, and makes others give way. Null when nobody wants it any more. */
  async function findRoom(
    entry: PoolEntry,
    needs: ModelNeeds,
    strain: number,
    signal: AbortSignal,
  ): Promise<{ plan: MemoryPlan; share: ReturnType<typeof shareMemory>; safeMemory: boolean } | null> {
    const since = Date.now()
    for (;;) {
      if (!isWanted(entry)) return null
      const changed = nextChange(signal)
      try {
        const policy = deps.policy()
        const state = await machine.read(policy.memoryLimitBytes)
        const planPolicy = toPlanPolicy(policy, needs, state, strain)
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
            const room = state.limitBytes - sum([...residents].map((resident) => reserved(resident, resident.width)))
            return { plan, share: shareMemory(plan, room, planPolicy), safeMemory: planPolicy.safe }
          }
          case 'shrink':
            for (const resident of residents) resident.width = leastWidth(resident)
            deps.notify()
            continue
          case 'evict':
          case 'drain':
            for (const resident of step.ids) void deps.retire(resident, Number.POSITIVE_INFINITY)
            await untilAborted(changed.promise, signal)
            continue
          case 'wait':
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

  function nextChange(signal: AbortSignal): { promise: Promise<void>; after: (ms: number) => Promise<void>; leave: () => void } {
    const done = new AbortController()
    let leave: () => void = () => undefined
    const promise = new Promise<void>((resolve) => {
      leave = deps.subscribe(resolve)
    })
    return {
      promise,
      after: (ms) => sleep(ms, AbortSignal.any([done.signal, signal])).catch(() => undefined),
      leave: () => {
        leave()
        done.abort()
      },
    }
  }

  /** What nobody needs for a load goes back to the models that could use it. */
  async function widen(): Promise<void> {
    if (queued > 0 || [...residents].every(({ width, share }) => width === share.limits.decodeConcurrency)) return
    const { limitBytes } = await machine.read(deps.policy().memoryLimitBytes)
    if (queued > 0) return
    for (const resident of residents) {
      const free = limitBytes - sum([...residents].map((one) => reserved(one, one.width)))
      const more = Math.floor(Math.max(0, free) / Math.max(1, resident.plan.conversationBytes))
      const width = Math.min(resident.share.limits.decodeConcurrency, resident.width + more)
      if (width === resident.width) continue
      resident.width = width
      deps.onFreed(resident.entry)
    }
  }

  deps.subscribe(() => void widen().catch(() => undefined))

  return {
    load: async (entry, signal) => {
      const config = await readModelConfig(entry.model.snapshotPath)
      const trusted = await deps.isTrusted(entry.model)
      if (!trusted) refuseCustomCode(entry.model.name, config)
      const { giveUp, waitMs, strain } = afterCrashes(entry.crashes, Date.now())
      if (giveUp) throw givenUp(entry)
      if (waitMs > 0) await sleep(waitMs, signal)
      queued += 1
      try {
        await oneAtATime(() => loadNow(entry, modelNeeds(entry.model, config), strain, trusted, signal))
      } finally {
        queued -= 1
      }
    },
    memory: async () => {
      const policy = deps.policy()
      const state = await machine.read(policy.memoryLimitBytes)
      return {
        limit_bytes: state.limitBytes,
        limit_source: state.source,
        total_bytes: state.totalBytes,
        available_bytes: state.availableBytes,
        reserved_bytes: Math.round(sum([...residents].map((resident) => reserved(resident, resident.width)))),
        safe_memory: policy.safeMemory,
      }
    },
  }
}

function toPlanPolicy(policy: PoolPolicy, needs: ModelNeeds, state: MachineState, strain: number): PlanPolicy {
  const isMetal = state.source === 'metal' || state.source === 'estimate'
  const safe = policy.safeMemory === 'on' || (policy.safeMemory === 'auto' && isMetal && isStrained(needs, state.limitBytes, state.totalBytes))
  return { contextLimit: policy.contextLimit, concurrency: policy.concurrency, safe, strain }
}

function toHolder(resident: Resident): Holder<Resident> {
  const { entry, process } = resident
  const { state, memoryBytes } = process.view()
  return {
    id: resident,
    reserved: reserved(resident, resident.width),
    least: reserved(resident, leastWidth(resident)),
    measured: memoryBytes ?? 0,
    // Somebody may be about to get a lease.
    busy: resident.leases > 0 || entry.waiters.size > 0 || state !== 'ready',
    pinned: entry.pinned,
    leaving: resident.leaving,
    lastUsedAt: entry.lastUsedAt ?? resident.startedAt,
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
