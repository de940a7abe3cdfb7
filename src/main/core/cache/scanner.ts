import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { AppError } from '../../../shared/errors'
import type { Layout } from '../system'
import { toSlow } from './root-state'
import { scanRoots } from './scan'
import type { ScanReply, ScanRequest } from './scan-worker'
import type { CacheRoot, CacheScan, RootScan, ScanSkip } from './types'

export interface Scanner {
  /**
   * As `scanRoots`. In a worker, a root that does not answer is `slow` and holds nothing until it does; the others are scanned.
   * @throws AppError cancelled after `close`, internal when the worker died
   */
  scan: (roots: readonly CacheRoot[], skip?: ScanSkip) => Promise<CacheScan>
  close: () => Promise<void>
}

export interface ScannerOptions {
  /** In a worker (app, daemon: starting one costs about 35 ms, once) or in this thread (one-shot commands). */
  inWorker: boolean
  layout: Pick<Layout, 'outMain'>
  /** How long a root may take. */
  patienceMs?: number
}

interface Task {
  root: CacheRoot
  skip: ScanSkip
  resolve: (scan: RootScan) => void
  reject: (error: Error) => void
}

const PATIENCE_MS = 15_000
/** Of the thread's heap: it makes many small things that live short. */
const YOUNG_MB = 4

function unanswered(root: CacheRoot): RootScan {
  return { state: toSlow(root, 'It does not answer; its volume may be asleep or gone.'), repos: [], unchanged: [] }
}

/** Entries of one root, so that not every root's are copied to the worker for each. */
function skipIn(root: CacheRoot, skip: ScanSkip): ScanSkip {
  if (skip === 'names') return skip
  const inside = `${root.path}/`
  return new Map([...skip].filter(([path]) => path.startsWith(inside)))
}

/** A worker that starts on first use, is started again after it died or hung, and keeps the process alive only while it scans. */
function createWorkerScanner(file: string, patienceMs: number): Scanner {
  const queue: Task[] = []
  /** Paths of roots on which an abandoned worker still waits. */
  const stuck = new Map<string, Worker>()
  let worker: Worker | null = null
  let current: { task: Task; timer: NodeJS.Timeout } | null = null
  let closed = false
  let lastId = 0

  const failAll = (error: Error): void => {
    if (current !== null) {
      clearTimeout(current.timer)
      queue.unshift(current.task)
    }
    current = null
    for (const { reject } of queue.splice(0)) reject(error)
  }
  const start = (): Worker => {
    const started = new Worker(file, { name: 'scan', resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } })
    const release = (): void => {
      for (const [path, holder] of stuck) if (holder === started) stuck.delete(path)
    }
    started.on('message', ({ id, scan }: ScanReply) => {
      if (worker !== started) {
        release()
        void started.terminate()
        return
      }
      if (current === null || id !== lastId) return
      clearTimeout(current.timer)
      const { task } = current
      current = null
      task.resolve(scan)
      next()
    })
    const lost = (cause: unknown): void => {
      release()
      if (worker !== started) return
      worker = null
      failAll(new AppError('internal', 'The cache scanner stopped.', { hint: 'Try again.', cause }))
    }
    started.on('error', lost)
    started.on('messageerror', lost)
    started.on('exit', lost)
    return started
  }
  const abandon = (task: Task): void => {
    if (worker !== null) {
      stuck.set(task.root.path, worker)
      worker.unref()
    }
    worker = null
    current = null
    task.resolve(unanswered(task.root))
    next()
  }
  function next(): void {
    if (current !== null) return
    const task = queue.shift()
    if (task === undefined) {
      worker?.unref()
      return
    }
    if (stuck.has(task.root.path)) {
      task.resolve(unanswered(task.root))
      next()
      return
    }
    worker ??= start()
    worker.ref()
    current = { task, timer: setTimeout(() => abandon(task), patienceMs) }
    worker.postMessage({ id: ++lastId, root: task.root, skip: task.skip } satisfies ScanRequest)
  }
  return {
    scan: async (roots, skip = new Map()) => {
      if (closed) throw new AppError('cancelled', 'The cache scanner is closed.')
      const scans = roots.map(
        (root) =>
          new Promise<RootScan>((resolve, reject) => {
            queue.push({ root, skip: skipIn(root, skip), resolve, reject })
          }),
      )
      next()
      return { roots: await Promise.all(scans) }
    },
    close: async () => {
      closed = true
      const last = worker
      worker = null
      failAll(new AppError('cancelled', 'The cache scanner is closed.'))
      // One that hangs in the system cannot be ended before the system lets go; it keeps nothing alive.
      for (const hanging of stuck.values()) void hanging.terminate()
      await last?.terminate()
    },
  }
}

/** Scans in this thread or in a worker; the same results. Run from the sources, without a built worker, it scans in this thread. */
export function createScanner({ inWorker, layout, patienceMs = PATIENCE_MS }: ScannerOptions): Scanner {
  const file = join(layout.outMain, 'scan-worker.cjs')
  if (inWorker && existsSync(file)) return createWorkerScanner(file, patienceMs)
  return { scan: (roots, skip) => Promise.resolve(scanRoots(roots, skip)), close: () => Promise.resolve() }
}
