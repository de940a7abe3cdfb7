import type { LoadedModel } from '../../../../shared/contract'
import { toSerializedError, type AppError } from '../../../../shared/errors'
import type { ResolvedModel } from '../../models/types'
import type { EngineProcess } from '../process/engine-process'

/** One model of the pool, from the first wish to have it loaded until it is unloaded. A crash does not end it. */
export interface PoolEntry {
  readonly key: string
  readonly model: ResolvedModel
  process: EngineProcess | null
  /** Resolves when the latest process is gone and forgotten, its record too. */
  gone: Promise<void>
  /** The load that is going on; shared by everyone who waits. */
  loading: Promise<void> | null
  /** Ended by unloading. */
  readonly life: AbortController
  leases: number
  /** Callers between wish and lease: such an entry is not idle. */
  waiting: number
  /** Times in ms, oldest first. */
  crashes: number[]
  error: AppError | null
  loadedAt: number | null
  lastUsedAt: number | null
  idleTimer: NodeJS.Timeout | null
}

export function createEntry(model: ResolvedModel): PoolEntry {
  return {
    key: model.snapshotPath,
    model,
    process: null,
    gone: Promise.resolve(),
    loading: null,
    life: new AbortController(),
    leases: 0,
    waiting: 0,
    crashes: [],
    error: null,
    loadedAt: null,
    lastUsedAt: null,
    idleTimer: null,
  }
}

export function isReady(entry: PoolEntry): boolean {
  return entry.process?.view().state === 'ready'
}

/** Nobody uses it and nobody waits for it. */
export function isIdle(entry: PoolEntry): boolean {
  return isReady(entry) && entry.leases === 0 && entry.waiting === 0
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}

export function viewEntry(entry: PoolEntry): LoadedModel {
  const view = entry.process?.view() ?? null
  const { model, error } = entry
  return {
    name: model.name,
    hash: model.hash,
    state: view?.state ?? (error === null ? 'spawning' : 'crashed'),
    progress: view?.progress ?? null,
    memory_bytes: view?.memoryBytes ?? null,
    in_flight: entry.leases,
    pid: view === null || view.state === 'crashed' || view.state === 'stopped' ? null : (entry.process?.pid ?? null),
    context_length: model.summary.context.tokens,
    loaded_at: iso(entry.loadedAt),
    last_used_at: iso(entry.lastUsedAt),
    error: error === null ? null : toSerializedError(error),
  }
}
