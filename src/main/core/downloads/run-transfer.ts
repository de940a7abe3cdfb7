import { AppError, isCancellation } from '../../../shared/errors'
import { backOffMs, isTransient, type HubClient } from '../hub'
import { toFileError, type FileLocks } from '../system'
import type { HashMemory } from '../verify'
import { createFileWork, type FileWork } from './file-work'
import type { Hashing } from './blob-hash'
import type { Journal } from './journal'
import { readFreeBytes } from './plan'
import { repoPlaces } from './place'
import { linkFile, publishRevision } from './publish'
import { createRamp } from './ramp'
import { createMeter, createThrottle } from './speed'
import type { Limits, PlannedFile, PullPlan, TransferProgress, TransferResult } from './types'
import { join } from 'node:path'

export interface TransferDeps {
  hub: HubClient
  journal: Journal
  hashes: HashMemory
  hashing: Hashing
  /** Locks of huggingface_hub. */
  locks: Pick<FileLocks, 'probe'>
  limits: () => Limits
  /** Milliseconds that only pass. */
  now: () => number
  random: () => number
  /** Rejects when the signal aborts. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  onProgress: (progress: TransferProgress) => void
}

/** Failures in a row, without a byte between them, after which a file is given up. */
const MAX_FAILURES = 8
const TICK_MS = 250
const SAVE_MS = 500
const DISK_MS = 30_000
const RAMP_MS = 500
const LOCK_POLL_MS = 2000
/** A connection that has been so much slower than the others for so long is dialled anew: some edges are throttled (hf-hub.md §4.4). */
const SLOW_SHARE = 1 / 3
const SLOW_MS = 10_000

/**
 * Fetches what a plan says, proves every byte and publishes the revision. What is on the disk when it ends early stays for the next run.
 * @throws AppError cancelled (the signal), disk_full, permission_denied, download_corrupt, and what the client of the Hub throws
 */
export async function runTransfer(plan: PullPlan, deps: TransferDeps, signal: AbortSignal): Promise<TransferResult> {
  try {
    return await transfer(plan, deps, signal)
  } catch (error) {
    // Any write may be the one for which there is no room: also that of a link, the journal or the ref.
    throw toFileError(error, repoPlaces(plan.root, plan.folder).repo)
  }
}

async function transfer(plan: PullPlan, deps: TransferDeps, signal: AbortSignal): Promise<TransferResult> {
  const { limits, now, random, sleep, locks } = deps
  const places = repoPlaces(plan.root, plan.folder)
  const stop = new AbortController()
  const abort = (): void => stop.abort(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  const pause = (ms: number): Promise<void> => sleep(ms, stop.signal)

  const meter = createMeter(now)
  const throttle = createThrottle(limits, now, pause)
  const ramp = createRamp(() => limits().connections)
  const shared = { ...deps, repo: plan.repo, commit: plan.commit, places, meter, throttle }
  const byBlob = new Map<string, PlannedFile>()
  for (const file of plan.files) if (!byBlob.has(file.blob)) byBlob.set(file.blob, file)
  const works = new Map([...byBlob.values()].map((file) => [file.blob, createFileWork(file, shared)]))
  const paths = (blob: string): string[] => plan.files.filter((file) => file.blob === blob).map(({ path }) => path)

  let active = 0
  let note: string | null = null
  let waitUntilMs = 0
  let failure: unknown = null
  let changed: (() => void) | null = null
  const wake = (): void => changed?.()
  const requests = new Set<{
    controller: AbortController
    startMs: number
    bytesAt: () => number
    slowSinceMs: number | null
    start: number
  }>()

  const finished = (work: FileWork): void => {
    for (const path of paths(work.file.blob)) linkFile(places, plan.commit, path, work.file.blob)
    work.dropPartial()
    work.setPhase('done')
  }
  const fail = (error: unknown): void => {
    failure ??= error
    stop.abort()
    wake()
  }

  /** Proves a blob that is there; one that does not hold is fetched. */
  const check = async (work: FileWork): Promise<void> => {
    work.setPhase('checking')
    if (await work.isProven(stop.signal)) finished(work)
    else {
      await work.start()
      work.setPhase('downloading')
    }
  }
  /** Waits for another program that fetches the same blob. */
  const waitForOther = async (work: FileWork): Promise<void> => {
    work.setPhase('waiting')
    const file = join(places.locks, `${work.file.blob}.lock`)
    for (;;) {
      const [state] = await locks.probe([file])
      if (work.hasAppeared()) return await check(work)
      if (state !== 'held') break
      await pause(LOCK_POLL_MS)
    }
    await work.start()
    work.setPhase('downloading')
  }
  const failures = new Map<string, number>()
  const fetchClaim = async (work: FileWork, claim: { at: number; to: number }): Promise<void> => {
    const controller = new AbortController()
    const relay = (): void => controller.abort()
    stop.signal.addEventListener('abort', relay, { once: true })
    const start = claim.at
    const request = { controller, startMs: now(), bytesAt: () => claim.at, slowSinceMs: null, start }
    requests.add(request)
    try {
      await work.fetch(claim, controller.signal)
      failures.delete(work.file.blob)
    } catch (error) {
      if (stop.signal.aborted) throw error
      // Dialled anew: no failure.
      if (controller.signal.aborted && isCancellation(error)) return
      if (!isTransient(error)) throw error
      const count = claim.at > start ? 1 : (failures.get(work.file.blob) ?? 0) + 1
      failures.set(work.file.blob, count)
      if (count > MAX_FAILURES) throw error
      ramp.complain()
      const waitMs = backOffMs(count, error, random)
      waitUntilMs = Math.max(waitUntilMs, error.code === 'hub_rate_limited' ? now() + waitMs : 0)
      note = error.message
      await pause(waitMs)
      note = null
    } finally {
      stop.signal.removeEventListener('abort', relay)
      requests.delete(request)
    }
  }
  /** One thing to do, or null when there is nothing for another lane now. */
  const nextTask = (): (() => Promise<void>) | null => {
    for (const work of works.values()) {
      if (work.phase() !== 'queued') continue
      const { state, blob, sizeBytes } = work.file
      // Claimed at once, so that no other lane takes it too.
      work.setPhase(state === 'unproven' ? 'checking' : 'waiting')
      if (state === 'present') return async () => finished(work)
      if (state === 'unproven') return () => check(work)
      const isLocked = locked.has(blob) && sizeBytes > 0
      return async () => {
        if (isLocked) return await waitForOther(work)
        await work.start()
        work.setPhase('downloading')
      }
    }
    const open = [...works.values()].filter((work) => work.phase() === 'downloading')
    for (const work of open) {
      if (!work.isFetched()) continue
      work.setPhase('verifying')
      return async () => {
        if (await work.finish(stop.signal)) finished(work)
      }
    }
    if (waitUntilMs > now()) return null
    for (const work of [...open.filter((each) => each.lanes() === 0), ...open.filter((each) => each.lanes() > 0)]) {
      const claim = work.claim()
      if (claim !== null) return () => fetchClaim(work, claim)
    }
    return null
  }

  const report = (): void => {
    meter.sample()
    const done = [...works.values()].reduce((sum, work) => sum + work.doneBytes(), 0)
    deps.onProgress({
      files: plan.files.map(({ path, sizeBytes, blob }) => {
        const work = works.get(blob)
        return { path, sizeBytes, doneBytes: work?.doneBytes() ?? 0, phase: work?.phase() ?? 'queued' }
      }),
      totalBytes: plan.totalBytes,
      doneBytes: done,
      fetchedBytes: meter.fetchedBytes(),
      bytesPerSecond: meter.bytesPerSecond(),
      etaSeconds: meter.etaSeconds(plan.totalBytes - done),
      connections: requests.size,
      note: waitUntilMs > now() ? `The Hub asks to slow down: going on in ${Math.ceil((waitUntilMs - now()) / 1000)} s.` : note,
    })
  }
  const redialSlow = (): void => {
    const rates = [...requests].map((request) => ({
      request,
      rate: (request.bytesAt() - request.start) / Math.max(1, now() - request.startMs),
    }))
    if (rates.length < 3) return
    const median = rates.map(({ rate }) => rate).sort((a, b) => a - b)[Math.floor(rates.length / 2)] ?? 0
    for (const { request, rate } of rates) {
      if (rate >= median * SLOW_SHARE) request.slowSinceMs = null
      else if (now() - (request.slowSinceMs ??= now()) > SLOW_MS) request.controller.abort()
    }
  }

  const saveAll = async (): Promise<void> => {
    for (const work of works.values()) await work.save()
  }
  const locked = await findLocked(plan, places.locks, locks)
  let lastSaveMs = now()
  let lastDiskMs = now()
  let lastRampMs = now()
  let lastBytes = 0
  let housekeeping: Promise<void> = Promise.resolve()
  const tick = async (): Promise<void> => {
    report()
    redialSlow()
    if (now() - lastRampMs >= RAMP_MS) {
      ramp.step(meter.fetchedBytes() - lastBytes)
      lastBytes = meter.fetchedBytes()
      lastRampMs = now()
    }
    if (now() - lastSaveMs >= SAVE_MS) {
      await saveAll()
      lastSaveMs = now()
    }
    if (now() - lastDiskMs >= DISK_MS) {
      lastDiskMs = now()
      if ((await readFreeBytes(places.repo)) === 0)
        throw new AppError('disk_full', 'The disk is nearly full, so the download has stopped.', {
          hint: 'Free some space, then go on: what was fetched is kept.',
        })
    }
  }
  const timer = setInterval(() => {
    housekeeping = housekeeping.then(tick).catch(fail)
    wake()
  }, TICK_MS)

  const isDone = (): boolean => [...works.values()].every((work) => work.phase() === 'done')
  const running = new Set<Promise<void>>()
  try {
    while (!stop.signal.aborted && !isDone()) {
      const task = active < ramp.target() ? nextTask() : null
      if (task === null) {
        await new Promise<void>((resolve) => (changed = resolve))
        continue
      }
      active += 1
      const run = task()
        .catch(fail)
        .finally(() => {
          active -= 1
          running.delete(run)
          wake()
        })
      running.add(run)
    }
    await Promise.all(running)
    if (signal.aborted) throw new AppError('cancelled', 'The download was stopped.')
    if (failure !== null) throw failure
    publishRevision(places, plan.root, plan)
    report()
    return {
      fetchedBytes: meter.fetchedBytes(),
      reusedBytes: plan.totalBytes - plan.fetchBytes,
      snapshot: join(places.snapshots, plan.commit),
    }
  } finally {
    clearInterval(timer)
    stop.abort()
    signal.removeEventListener('abort', abort)
    await housekeeping
    await Promise.allSettled(running)
    await saveAll().catch(() => undefined)
    for (const work of works.values()) await work.close().catch(() => undefined)
    // What cannot be remembered is hashed again some time.
    await deps.hashes.save().catch(() => undefined)
  }
}

/** Blobs that another program fetches at this moment. */
async function findLocked(plan: PullPlan, folder: string, locks: Pick<FileLocks, 'probe'>): Promise<Set<string>> {
  const blobs = [...new Set(plan.files.filter(({ state }) => state === 'missing' || state === 'partial').map(({ blob }) => blob))]
  const states = await locks.probe(blobs.map((blob) => join(folder, `${blob}.lock`)))
  return new Set(blobs.filter((_blob, index) => states[index] === 'held'))
}
