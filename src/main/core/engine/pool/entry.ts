import type { LoadedModel } from '../../../../shared/contract'
import { toSerializedError, type AppError } from '../../../../shared/errors'
import type { ResolvedModel } from '../../models/types'
import type { MemoryPlan, MemoryShare } from '../memory/plan'
import type { EngineProcess } from '../process/engine-process'
import type { EngineLease } from '../types'

/** A process and the memory that is set aside for it, from the decision to start it until it is gone. */
export interface Resident {
  readonly entry: PoolEntry
  readonly process: EngineProcess
  readonly plan: MemoryPlan
  readonly share: MemoryShare
  leases: number
  /** On its way out: nobody gets a lease any more. */
  leaving: boolean
  /** Resolves when the process is gone and forgotten, its record too. */
  readonly gone: Promise<void>
}

/** Someone who wants a lease. */
export interface Waiter {
  grant: (lease: EngineLease) => void
  refuse: (error: unknown) => void
}

/** One model of the pool, from the first wish to have it loaded until nobody knows of it any more. Its processes come and go. */
export interface PoolEntry {
  readonly key: string
  model: ResolvedModel
  resident: Resident | null
  /** Resolves when the latest process is gone and its record too. */
  gone: Promise<void>
  /** The load that is wanted: waiting for its turn, for memory, after a crash, or going on. */
  load: AbortController | null
  /** In the order in which they came. */
  readonly waiters: Set<Waiter>
  pinned: boolean
  /** Of the last request that had a wish; undefined: the policy's. */
  keepAliveMs: number | null | undefined
  /** Oldest first. */
  crashes: Crash[]
  error: AppError | null
  loadedAt: number | null
  lastUsedAt: number | null
  /** Rises with every use of any model: times are too coarse to tell who was first. */
  turn: number
  idleTimer: NodeJS.Timeout | null
  expiresAt: number | null
  /** It crashed after it had been loaded: a pinned model comes back by itself. */
  fell: boolean
}

export interface Crash {
  /** Milliseconds. */
  at: number
  /** As a process ends that took too much memory. */
  starved: boolean
}

export function createEntry(model: ResolvedModel): PoolEntry {
  return {
    key: model.snapshotPath,
    model,
    resident: null,
    gone: Promise.resolve(),
    load: null,
    waiters: new Set(),
    pinned: false,
    keepAliveMs: undefined,
    crashes: [],
    error: null,
    loadedAt: null,
    lastUsedAt: null,
    turn: 0,
    idleTimer: null,
    expiresAt: null,
    fell: false,
  }
}

export function isReady(resident: Resident | null): resident is Resident {
  return resident !== null && !resident.leaving && resident.process.view().state === 'ready'
}

/** Nobody uses it and nobody waits for it. */
export function isIdle(entry: PoolEntry): boolean {
  return isReady(entry.resident) && entry.resident.leases === 0 && entry.waiters.size === 0
}

/** Bytes set aside for `conversations` of them; one is always reckoned with, and more than the engine computes together never. */
export function reserved({ plan, share }: Pick<Resident, 'plan' | 'share'>, conversations: number): number {
  return share.fixedBytes + Math.max(1, Math.min(conversations, share.limits.decodeConcurrency)) * plan.conversationBytes
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}

/** What is true of a model only while it has a process. */
type ProcessView = Pick<
  LoadedModel,
  'progress' | 'memory_bytes' | 'need_bytes' | 'concurrency' | 'in_flight' | 'pid' | 'context_length' | 'state'
>

function viewResident(resident: Resident): ProcessView {
  const { process, plan, share, leases } = resident
  const { state, memoryBytes } = process.view()
  return {
    ...viewProgress(resident.entry),
    memory_bytes: memoryBytes,
    need_bytes: Math.round(reserved(resident, leases)),
    concurrency: share.limits.decodeConcurrency,
    in_flight: leases,
    pid: state === 'crashed' || state === 'stopped' ? null : process.pid,
    context_length: plan.contextLength,
  }
}

/** How far a model is: what those hear who wait for it. */
export function viewProgress({ resident, error }: PoolEntry): Pick<ProcessView, 'state' | 'progress'> {
  if (resident === null) return { state: error === null ? 'spawning' : 'crashed', progress: null }
  const { state, progress } = resident.process.view()
  return { state: resident.leaving && state === 'ready' ? 'draining' : state, progress }
}

function viewWithout(entry: PoolEntry): ProcessView {
  const { model } = entry
  return {
    ...viewProgress(entry),
    memory_bytes: null,
    need_bytes: null,
    concurrency: null,
    in_flight: 0,
    pid: null,
    context_length: model.summary.context.tokens,
  }
}

export function viewEntry(entry: PoolEntry, defaultKeepAliveMs: number | null): LoadedModel {
  const { model, error, resident } = entry
  const keepAliveMs = entry.keepAliveMs === undefined ? defaultKeepAliveMs : entry.keepAliveMs
  return {
    name: model.name,
    hash: model.hash,
    ...(resident === null ? viewWithout(entry) : viewResident(resident)),
    queued: entry.waiters.size,
    pinned: entry.pinned,
    keep_alive_s: keepAliveMs === null ? null : keepAliveMs / 1000,
    expires_at: iso(entry.expiresAt),
    loaded_at: iso(entry.loadedAt),
    last_used_at: iso(entry.lastUsedAt),
    error: error === null ? null : toSerializedError(error),
  }
}
