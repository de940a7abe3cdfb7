import type { Download, DownloadDetail, DownloadLimits } from '../../../shared/contract'
import { AppError, toSerializedError } from '../../../shared/errors'
import type { Downloader, Limits, PullPlan, PullRequest } from '../downloads'
import { createEmitter, follow } from '../system'
import { hasEnded, inOrder, isSameRequest, moveEntry, toDownload, type Entry, type Running } from './entry'
import type { QueueStore } from './store'
import { toWait } from './waits'

export interface QueueDeps {
  downloader: Pick<Downloader, 'plan' | 'run' | 'discard'>
  store: QueueStore
  /** Of all downloads that do not say otherwise. Asked while they run. */
  limits: () => Limits
  /** How a revision is, after it was fetched. */
  judge: (repo: string, commit: string) => Promise<{ health: 'healthy' | 'unhealthy'; reason: string | null } | null>
  /** The models in the cache are others now. */
  onModels: () => void
  newId: () => string
  onUnforeseen: (error: unknown, what: string) => void
  now?: () => number
  /** Milliseconds that only pass: whoever sets the clock makes no download wait, or take less than no time. */
  elapsed?: () => number
  /** Longest wait between two tries, for tests that cannot wait. */
  waitCapMs?: number
}

export interface NewDownload {
  request: PullRequest
  replaceDamaged: boolean
  limits: DownloadLimits | null
  /** At once, beside what runs. */
  first: boolean
}

export interface DownloadQueue {
  list: () => Download[]
  /** The same wish while it is under way is no second one. */
  add: (wish: NewDownload) => Promise<Download>
  /** As it is, then as it goes, until it has ended. @throws AppError download_not_found */
  watch: (id: string, signal: AbortSignal) => AsyncGenerator<DownloadDetail>
  /** Null: all. @throws AppError download_not_found */
  pause: (id: string | null) => Promise<void>
  resume: (id: string | null) => Promise<void>
  cancel: (id: string, options: { keep: boolean }) => Promise<void>
  move: (id: string, to: number) => Promise<void>
  clear: (id: string | null) => Promise<void>
  subscribe: (listener: () => void) => () => void
  /** Stops what runs; a new process goes on with it. */
  close: () => Promise<void>
}

type Stop = 'pause' | 'cancel' | 'close'

interface Active {
  controller: AbortController
  stop: Stop | null
  done: Promise<void>
}

/** Milliseconds; the longest that `setTimeout` takes is far more. */
const MAX_WAIT_MS = 24 * 3600 * 1000

export function createDownloadQueue(deps: QueueDeps): DownloadQueue {
  const { downloader, store, newId, onUnforeseen, now = Date.now, waitCapMs = MAX_WAIT_MS } = deps
  const { elapsed = () => performance.now() } = deps
  const changes = createEmitter<undefined>()
  const { entries: left, problem } = store.read()
  if (problem !== null) onUnforeseen(new Error(problem), 'reading the list of downloads')
  let entries = left
  let closed = false
  let saving: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | null = null
  const running = new Map<string, Running>()
  const active = new Map<string, Active>()
  const retryAt = new Map<string, number>()
  const failures = new Map<string, number>()
  const urgent = new Set<string>()

  const save = (): Promise<void> => {
    saving = saving.then(() => store.write(entries)).catch((error: unknown) => onUnforeseen(error, 'writing the list of downloads'))
    return saving
  }
  const change = (entry: Entry, part: Partial<Entry>): void => {
    Object.assign(entry, part)
    changes.emit(undefined)
  }
  const arrange = (next: readonly Entry[]): void => {
    entries = inOrder(next)
    changes.emit(undefined)
  }
  const find = (id: string): Entry => {
    const entry = entries.find((each) => each.id === id)
    if (entry === undefined)
      throw new AppError('download_not_found', 'There is no such download.', { hint: '"mlxk downloads" lists them.' })
    return entry
  }
  const chosen = (id: string | null): Entry[] => (id === null ? [...entries] : [find(id)])
  const describe = (entry: Entry): Download => toDownload(entry, running.get(entry.id) ?? { progress: null, note: null })
  const note = (entry: Entry, text: string | null): void => {
    running.set(entry.id, { progress: null, note: text })
    changes.emit(undefined)
  }

  const end = (entry: Entry, part: Partial<Entry>): void => {
    failures.delete(entry.id)
    urgent.delete(entry.id)
    change(entry, { ...part, endedAt: new Date(now()).toISOString() })
    arrange(entries)
  }
  const limitsOf = (entry: Entry): Limits => {
    const usual = deps.limits()
    return {
      connections: entry.limits?.connections ?? usual.connections,
      bytesPerSecond: entry.limits?.bytes_per_second ?? usual.bytesPerSecond,
    }
  }
  const prepare = async (entry: Entry, signal: AbortSignal): Promise<PullPlan> => {
    const plan = await downloader.plan(entry.request, signal)
    change(entry, {
      request: { ...entry.request, repo: plan.repo },
      commit: plan.commit,
      totalBytes: plan.totalBytes,
      doneBytes: plan.totalBytes - plan.fetchBytes,
    })
    const damaged = plan.files.filter((file) => file.damaged).map(({ path }) => path)
    if (damaged.length > 0 && !entry.replaceDamaged) {
      const what = damaged.length === 1 ? `${damaged[0]} is` : `${damaged.length} files are`
      throw new AppError('requires_confirmation', `${what} complete but wrong, and would be replaced.`, {
        hint: 'Say so: replace damaged files.',
        data: { damaged },
      })
    }
    if (!plan.disk.fits)
      throw new AppError('disk_full', 'The disk has too little room.', {
        hint: 'Some room is always left for others. "mlxk du" shows what takes space, "mlxk prune" what can go.',
        data: { needed_bytes: plan.disk.neededBytes, free_bytes: plan.disk.freeBytes },
      })
    return plan
  }
  const run = async (entry: Entry, { controller }: Active): Promise<void> => {
    const { signal } = controller
    const startMs = elapsed()
    const before = entry.elapsedMs
    running.set(entry.id, { progress: null, note: null })
    change(entry, { state: 'preparing', error: null })
    const plan = await prepare(entry, signal)
    change(entry, { state: 'downloading' })
    await save()
    const result = await downloader.run(
      plan,
      signal,
      (progress) => {
        running.set(entry.id, { progress, note: null })
        if (progress.doneBytes > entry.doneBytes) failures.delete(entry.id)
        change(entry, { doneBytes: progress.doneBytes, elapsedMs: before + elapsed() - startMs })
      },
      () => limitsOf(entry),
    )
    deps.onModels()
    const judged = await deps.judge(plan.repo, plan.commit).catch(() => null)
    end(entry, {
      state: 'done',
      doneBytes: plan.totalBytes,
      snapshotPath: result.snapshot,
      reusedBytes: result.reusedBytes,
      health: judged?.health ?? null,
      reason: judged?.reason ?? null,
      elapsedMs: before + elapsed() - startMs,
    })
  }
  const settle = (entry: Entry, error: unknown, stop: Stop | null): void => {
    running.delete(entry.id)
    if (stop === 'close') return change(entry, { state: 'queued' })
    if (stop === 'pause') return change(entry, { state: 'paused' })
    // `cancel` ends it itself, when what was there is gone.
    if (stop === 'cancel') return
    const failed = (failures.get(entry.id) ?? 0) + 1
    failures.set(entry.id, failed)
    const wait = toWait(error, failed)
    if (!(error instanceof AppError)) onUnforeseen(error, `download of ${entry.request.repo}`)
    const said = toSerializedError(error, entry.id)
    if (wait === null) return end(entry, { state: 'failed', error: said })
    retryAt.set(entry.id, elapsed() + Math.min(wait.retryMs, waitCapMs))
    change(entry, { state: 'waiting', error: said })
    note(entry, wait.note)
  }
  const start = (entry: Entry): void => {
    const work: Active = { controller: new AbortController(), stop: null, done: Promise.resolve() }
    retryAt.delete(entry.id)
    active.set(entry.id, work)
    work.done = run(entry, work)
      .catch((error: unknown) => settle(entry, error, work.stop))
      .finally(() => {
        active.delete(entry.id)
        void save()
        pump()
      })
  }
  const isReady = (entry: Entry): boolean =>
    !active.has(entry.id) && (entry.state === 'queued' || (entry.state === 'waiting' && (retryAt.get(entry.id) ?? 0) <= elapsed()))
  /** Starts what may start: urgent ones at once, of the others one at a time. */
  function pump(): void {
    if (closed) return
    if (timer !== null) clearTimeout(timer)
    timer = null
    for (const entry of entries) if (urgent.has(entry.id) && isReady(entry)) start(entry)
    const isBusy = [...active.keys()].some((id) => !urgent.has(id))
    const next = entries.find((entry) => !urgent.has(entry.id) && isReady(entry))
    if (!isBusy && next !== undefined) start(next)
    // Those that are due already start when a place is free.
    const soonest = Math.min(...[...retryAt.values()].filter((at) => at > elapsed()))
    if (!Number.isFinite(soonest)) return
    timer = setTimeout(pump, Math.min(MAX_WAIT_MS, soonest - elapsed() + 1))
    timer.unref()
  }
  const stopWork = async (entry: Entry, stop: Stop): Promise<void> => {
    retryAt.delete(entry.id)
    const work = active.get(entry.id)
    if (work === undefined) return
    work.stop ??= stop
    work.controller.abort()
    await work.done
  }

  // Not in the middle of the construction of whoever makes us.
  setImmediate(pump)
  return {
    list: () => entries.map(describe),
    add: async ({ request, replaceDamaged, limits, first }) => {
      if (closed) throw new AppError('server_shutdown', 'MLX Knife is quitting.')
      const same = entries.find((each) => !hasEnded(each) && isSameRequest(each.request, request))
      if (same !== undefined) {
        if (replaceDamaged) same.replaceDamaged = true
        if (first) urgent.add(same.id)
        if (same.state === 'paused') change(same, { state: 'queued' })
        pump()
        return describe(same)
      }
      const entry: Entry = {
        id: newId(),
        request,
        replaceDamaged,
        limits,
        state: 'queued',
        commit: null,
        totalBytes: null,
        doneBytes: 0,
        error: null,
        health: null,
        reason: null,
        snapshotPath: null,
        reusedBytes: 0,
        elapsedMs: 0,
        createdAt: new Date(now()).toISOString(),
        endedAt: null,
      }
      if (first) urgent.add(entry.id)
      // An ended one that meant the same is replaced by this.
      const others = entries.filter((each) => !hasEnded(each) || !isSameRequest(each.request, request))
      arrange([...others, entry])
      await save()
      pump()
      return describe(entry)
    },
    watch: async function* (id, signal) {
      const entry = find(id)
      for await (const now of follow(
        () => ({ download: describe(entry), files: running.get(id)?.progress?.files ?? [] }),
        (listener) => changes.subscribe(listener),
        signal,
      )) {
        const files = now.files.map(({ path, sizeBytes, doneBytes, phase }) => ({
          path,
          size_bytes: sizeBytes,
          done_bytes: doneBytes,
          phase,
        }))
        yield { download: now.download, files }
        if (hasEnded(entry)) return
      }
    },
    pause: async (id) => {
      for (const entry of chosen(id)) {
        if (hasEnded(entry) || entry.state === 'paused') continue
        await stopWork(entry, 'pause')
        if (hasEnded(entry)) continue
        running.delete(entry.id)
        change(entry, { state: 'paused', error: null })
      }
      await save()
      pump()
    },
    resume: async (id) => {
      for (const entry of chosen(id)) {
        const isOne = id !== null && (entry.state === 'failed' || entry.state === 'cancelled')
        if (entry.state !== 'paused' && entry.state !== 'waiting' && !isOne) continue
        if (entry.error?.code === 'requires_confirmation') entry.replaceDamaged = true
        retryAt.delete(entry.id)
        running.delete(entry.id)
        change(entry, { state: 'queued', error: null, endedAt: null })
        // Whoever has ended stands behind those that wait.
        if (isOne) arrange([...entries.filter((each) => each !== entry), entry])
      }
      await save()
      pump()
    },
    cancel: async (id, { keep }) => {
      const entry = find(id)
      if (hasEnded(entry)) return
      await stopWork(entry, 'cancel')
      // It may have become whole meanwhile.
      if (hasEnded(entry)) return
      running.delete(id)
      if (!keep) {
        await downloader.discard(entry.request.repo)
        deps.onModels()
      }
      end(entry, { state: 'cancelled', error: null, ...(keep ? {} : { doneBytes: 0 }) })
      await save()
      pump()
    },
    move: async (id, to) => {
      find(id)
      arrange(moveEntry(entries, id, to))
      await save()
    },
    clear: async (id) => {
      const gone = new Set(chosen(id).filter(hasEnded))
      arrange(entries.filter((entry) => !gone.has(entry)))
      await save()
    },
    subscribe: (listener) => changes.subscribe(listener),
    close: async () => {
      closed = true
      if (timer !== null) clearTimeout(timer)
      await Promise.all(
        [...active.values()].map(async (work) => {
          work.stop ??= 'close'
          work.controller.abort()
          await work.done
        }),
      )
      await saving
    },
  }
}
