import type { InstallProgress, Job } from '../../../shared/contract'
import { AppError, isCancellation, toSerializedError } from '../../../shared/errors'
import { createEmitter, follow } from '../system'

/** The work behind a kind of job; its progress is what watchers see. */
export type Runner = (signal: AbortSignal) => AsyncIterable<InstallProgress>

export interface JobsDeps {
  runners: Record<Job['kind'], Runner>
  newId: () => string
  now?: () => number
  /** Told about failures that no rule foresaw; the job shows `internal`. */
  onUnforeseen?: (error: unknown, jobId: string) => void
}

export interface Jobs {
  /** Starts work that outlives its window. Only one job of a kind runs: a second start returns the running one's id. */
  start: (kind: Job['kind']) => { id: string }
  /** The job as it is, then after each change, until it has ended. @throws AppError job_not_found */
  watch: (id: string, signal: AbortSignal) => AsyncIterable<Job>
  /** Resolves when the work has ended. No error when it had already. @throws AppError job_not_found */
  cancel: (id: string) => Promise<void>
  /** Running ones and the last that ended, oldest first. */
  list: () => Job[]
  subscribe: (listener: () => void) => () => void
  /** Cancels all and waits for them. */
  close: () => Promise<void>
}

/** How many ended jobs are remembered. */
const KEPT = 20

interface Entry {
  job: Job
  controller: AbortController
  done: Promise<void>
}

export function createJobs({ runners, newId, now = Date.now, onUnforeseen }: JobsDeps): Jobs {
  const entries = new Map<string, Entry>()
  const changes = createEmitter<undefined>()
  let closed = false

  const find = (id: string): Entry => {
    const entry = entries.get(id)
    if (entry === undefined)
      throw new AppError('job_not_found', 'This work has ended and is no longer known.', { hint: 'Start it again.' })
    return entry
  }
  const change = (entry: Entry, part: Partial<Job>): void => {
    entry.job = { ...entry.job, ...part }
    changes.emit(undefined)
  }
  const end = (entry: Entry, part: Partial<Job>): void => {
    const ended = [...entries.values()].filter(({ job }) => job.state !== 'running')
    for (const { job } of ended.slice(0, Math.max(0, ended.length - KEPT + 1))) entries.delete(job.id)
    change(entry, { ...part, ended_at: new Date(now()).toISOString() })
  }
  const run = async (entry: Entry): Promise<void> => {
    const { signal } = entry.controller
    try {
      for await (const progress of runners[entry.job.kind](signal)) change(entry, { progress })
      end(entry, { state: 'done' })
    } catch (error) {
      if (signal.aborted || isCancellation(error)) end(entry, { state: 'cancelled' })
      else {
        if (!(error instanceof AppError)) onUnforeseen?.(error, entry.job.id)
        end(entry, { state: 'failed', error: toSerializedError(error, entry.job.id) })
      }
    }
  }

  return {
    start: (kind) => {
      if (closed) throw new AppError('server_shutdown', 'MLX Knife is quitting.')
      for (const { job } of entries.values()) if (job.kind === kind && job.state === 'running') return { id: job.id }
      const id = newId()
      const job: Job = {
        id,
        kind,
        state: 'running',
        progress: null,
        started_at: new Date(now()).toISOString(),
        ended_at: null,
        error: null,
      }
      const entry: Entry = { job, controller: new AbortController(), done: Promise.resolve() }
      entries.set(id, entry)
      changes.emit(undefined)
      entry.done = run(entry)
      return { id }
    },
    watch: async function* (id, signal) {
      const entry = find(id)
      for await (const job of follow(() => entry.job, changes.subscribe, signal)) {
        yield job
        if (job.state !== 'running') return
      }
    },
    cancel: async (id) => {
      const entry = find(id)
      entry.controller.abort()
      await entry.done
    },
    list: () => [...entries.values()].map(({ job }) => job),
    subscribe: (listener) => changes.subscribe(listener),
    close: async () => {
      closed = true
      for (const { controller } of entries.values()) controller.abort()
      await Promise.all([...entries.values()].map(({ done }) => done))
    },
  }
}
