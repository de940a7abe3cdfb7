import type { ResolvedModel } from '../../models/types'
import { createMachineMemory, type MachineMemory } from '../memory/machine'
import type { EngineEnvironment, EngineLease, EnginePool } from '../types'
import { createEntry, isIdle, isReady, viewEntry, type PoolEntry, type Resident, type Waiter, viewProgress } from './entry'
import { shuttingDown, unloaded } from './errors'
import { createLoader, type LoaderDeps } from './loader'
import { readModelConfig } from './model-config'
import { defaultPolicy, type PoolPolicy } from './policy'
import { createStarter, type Starter, type StarterDeps } from './starter'
import { untilAborted } from './wait'
import { AppError } from '../../../../shared/errors'

export interface EnginePoolDeps extends Omit<StarterDeps, 'onChange' | 'onWorkingSet'> {
  environment: Pick<EngineEnvironment, 'python'>
  /** The user's decisions; asked before every load. */
  policy?: () => Partial<PoolPolicy>
  machine?: MachineMemory
  /** For simulations: what reaches the machine, as a whole. */
  starter?: (hooks: Pick<StarterDeps, 'onChange' | 'onWorkingSet'>) => Starter
  readConfig?: LoaderDeps['readConfig']
  /** True for a revision whose own code the user has seen and trusts. */
  isTrusted?: (model: ResolvedModel) => Promise<boolean>
  /** True for a revision that has code of its own, needed or not: a failed load is explained with it. */
  bringsCode?: (model: ResolvedModel) => Promise<boolean>
  /** So long a model waits for busy ones before they get no new requests. */
  patienceMs?: number
}

/** How long an unload waits for answers that are being made. */
const drainMs = 30_000
const longestTimer = 2 ** 31 - 1

/** One process per model: see `EnginePool`. */
export function createEnginePool(deps: EnginePoolDeps): EnginePool {
  const policy = (): PoolPolicy => ({ ...defaultPolicy, ...deps.policy?.() })
  const machine = deps.machine ?? createMachineMemory(deps.platform, deps.paths.engines)
  const entries = new Map<string, PoolEntry>()
  const residents = new Set<Resident>()
  const listeners = new Set<() => void>()
  let turns = 0
  let closed = false

  const notify = (): void => {
    for (const listener of listeners) listener()
  }
  const hooks = { onChange: notify, onWorkingSet: (bytes: number) => void machine.learn(bytes) }
  const starter = deps.starter?.(hooks) ?? createStarter({ ...deps, ...hooks })
  const loader = createLoader({
    environment: deps.environment,
    readConfig: deps.readConfig ?? readModelConfig,
    isTrusted: deps.isTrusted ?? (() => Promise.resolve(false)),
    bringsCode: deps.bringsCode ?? (() => Promise.resolve(false)),
    patienceMs: deps.patienceMs ?? 10_000,
    policy,
    machine,
    starter,
    residents,
    retire,
    onUse: use,
    onStarted: (resident) => {
      void watch(resident)
      // It has taken what it needs; the rest may be for others.
      pumpAll()
      notify()
    },
    subscribe,
  })

  function use(entry: PoolEntry): void {
    entry.lastUsedAt = Date.now()
    turns += 1
    entry.turn = turns
  }

  function subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  /** Gives out leases, or sees to it that there will be some. Everything that may have changed that ends here. */
  function pump(entry: PoolEntry): void {
    const { resident, waiters } = entry
    if (isReady(resident)) {
      for (const waiter of waiters) {
        if (!loader.hasRoom(resident)) break
        waiters.delete(waiter)
        waiter.grant(lease(entry, resident))
      }
    } else if (resident === null && entry.load === null && !closed && (waiters.size > 0 || (entry.pinned && entry.fell))) {
      void load(entry)
    }
    restartIdle(entry)
    if (resident === null && entry.load === null && waiters.size === 0 && entry.error === null) forget(entry)
  }

  /** Memory has come back: any model may be waiting for it. */
  function pumpAll(): void {
    for (const entry of entries.values()) pump(entry)
  }

  async function load(entry: PoolEntry): Promise<void> {
    const wish = new AbortController()
    entry.load = wish
    entry.fell = false
    try {
      await loader.load(entry, wish.signal)
    } catch (error) {
      if (!wish.signal.aborted) refuseAll(entry, error)
    } finally {
      if (entry.load === wish) entry.load = null
      pumpAll()
      notify()
    }
  }

  /** A process that ends by itself leaves its reason behind. */
  async function watch(resident: Resident): Promise<void> {
    const end = await resident.process.ended
    const { entry } = resident
    residents.delete(resident)
    if (entry.resident === resident) {
      entry.resident = null
      entry.fell = !end.expected && entry.loadedAt !== null
      entry.loadedAt = null
      if (!end.expected) {
        entry.error = end.error
        if (end.counts) entry.crashes = [...entry.crashes, { at: Date.now(), starved: end.starved }].slice(-10)
      }
    }
    pumpAll()
    notify()
  }

  /** No new leases from now on; the process ends when its answers have, or after `graceMs`. */
  async function retire(resident: Resident, graceMs: number): Promise<void> {
    resident.leaving = true
    clearIdle(resident.entry)
    notify()
    if (resident.leases > 0 && graceMs > 0 && resident.process.view().state === 'ready') await untilUnused(resident, graceMs)
    await resident.process.stop()
    await resident.gone
  }

  function untilUnused(resident: Resident, graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        leave()
        clearTimeout(timer)
        resolve()
      }
      const leave = subscribe(() => {
        if (resident.leases === 0 || !residents.has(resident)) settle()
      })
      const timer = graceMs > longestTimer ? undefined : setTimeout(settle, graceMs)
    })
  }

  function restartIdle(entry: PoolEntry): void {
    clearIdle(entry)
    if (!isIdle(entry) || entry.pinned) return
    const ms = entry.keepAliveMs === undefined ? policy().keepAliveMs : entry.keepAliveMs
    if (ms === null || ms > longestTimer) return
    entry.expiresAt = (entry.lastUsedAt ?? Date.now()) + ms
    entry.idleTimer = setTimeout(
      () => {
        if (isIdle(entry) && entry.resident !== null) void retire(entry.resident, 0)
      },
      Math.max(0, entry.expiresAt - Date.now()),
    )
    entry.idleTimer.unref()
  }

  function lease(entry: PoolEntry, resident: Resident): EngineLease {
    let released = false
    const { process: engine, plan } = resident
    resident.leases += 1
    use(entry)
    return {
      url: engine.url(),
      token: engine.token,
      model: entry.model,
      contextLength: plan.contextLength,
      died: engine.died,
      watch: engine.watchRequest,
      release: () => {
        if (released) return
        released = true
        resident.leases -= 1
        use(entry)
        pumpAll()
        notify()
      },
    }
  }

  function enter(model: ResolvedModel): PoolEntry {
    const entry = entries.get(model.snapshotPath) ?? createEntry(model)
    entries.set(entry.key, entry)
    if (entry.resident === null) entry.model = model
    return entry
  }

  /** Its name may belong to a successor by now. */
  function forget(entry: PoolEntry): void {
    if (entries.get(entry.key) === entry) entries.delete(entry.key)
  }

  function clearIdle(entry: PoolEntry): void {
    if (entry.idleTimer !== null) clearTimeout(entry.idleTimer)
    entry.idleTimer = null
    entry.expiresAt = null
  }

  function refuseAll(entry: PoolEntry, error: unknown): void {
    for (const waiter of entry.waiters) {
      entry.waiters.delete(waiter)
      waiter.refuse(error)
    }
  }

  const acquire: EnginePool['acquire'] = async (model, { signal, onState, keepAliveMs, pinned }) => {
    if (closed) throw shuttingDown()
    const entry = enter(model)
    if (keepAliveMs !== undefined) entry.keepAliveMs = keepAliveMs
    if (pinned !== undefined) entry.pinned = pinned
    let told = ''
    const tell = (): void => {
      // Everybody who waits hears of everything that changes anywhere: only what is news to them is worth a view.
      const { state, progress } = viewProgress(entry)
      const now = `${state} ${progress}`
      if (now !== told) onState?.(viewEntry(entry, policy().keepAliveMs))
      told = now
    }
    const leave = onState === undefined ? () => undefined : subscribe(tell)
    let waiter: Waiter | null = null
    try {
      const granted = new Promise<EngineLease>((grant, refuse) => {
        waiter = { grant, refuse }
        entry.waiters.add(waiter)
      })
      pump(entry)
      notify()
      return await untilAborted(granted, signal).catch(async (error: unknown) => {
        // Granted in the moment in which the caller left.
        if (waiter !== null && !entry.waiters.delete(waiter)) void granted.then(({ release }) => release()).catch(() => undefined)
        throw error
      })
    } finally {
      leave()
      pump(entry)
      notify()
    }
  }

  function named(name: string): PoolEntry[] {
    return [...entries.values()].filter((entry) => entry.model.name === name)
  }

  async function unload(entry: PoolEntry, graceMs: number): Promise<void> {
    const { load: wish, resident } = entry
    entry.pinned = false
    entry.keepAliveMs = undefined
    entry.crashes = []
    entry.error = null
    entry.load = null
    wish?.abort(unloaded(entry.model.name))
    refuseAll(entry, unloaded(entry.model.name))
    if (resident !== null) await retire(resident, graceMs)
    await entry.gone
    pump(entry)
    notify()
  }

  return {
    acquire,
    load: async (model, options) => {
      const { release } = await acquire(model, options)
      release()
    },
    pin: (name, pinned) => {
      const found = named(name)
      if (found.length === 0) {
        throw new AppError('model_not_found', `${name} is not loaded.`, { hint: `Load it first: "mlxk load ${name}".` })
      }
      for (const entry of found) {
        entry.pinned = pinned
        pump(entry)
      }
      notify()
    },
    list: () => [...entries.values()].map((entry) => viewEntry(entry, policy().keepAliveMs)),
    memory: loader.memory,
    unload: async (name, options = {}) => {
      await Promise.all(named(name).map((entry) => unload(entry, options.drainMs ?? drainMs)))
    },
    log: starter.log,
    subscribe,
    close: async () => {
      closed = true
      for (const entry of entries.values()) {
        entry.load?.abort(shuttingDown())
        refuseAll(entry, shuttingDown())
        clearIdle(entry)
      }
      await Promise.all([...residents].map((resident) => retire(resident, 0)))
      await starter.stopAll()
      entries.clear()
      notify()
    },
  }
}
