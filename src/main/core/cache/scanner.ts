import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { AppError } from '../../../shared/errors'
import type { Layout } from '../system'
import { scanRoots } from './scan'
import type { ScanReply, ScanRequest } from './scan-worker'
import type { CacheRoot, CacheScan } from './types'

export interface Scanner {
  /** @throws AppError cancelled after `close`, internal when the worker died */
  scan: (roots: readonly CacheRoot[]) => Promise<CacheScan>
  close: () => Promise<void>
}

export interface ScannerOptions {
  /** In a worker (app, daemon: starting one costs about 35 ms, once) or in this thread (one-shot commands). */
  inWorker: boolean
  layout: Pick<Layout, 'outMain'>
}

interface Waiting {
  resolve: (scan: CacheScan) => void
  reject: (error: Error) => void
}

/** A worker that starts on first use, is started again after it died, and keeps the process alive only while it scans. */
function createWorkerScanner(file: string): Scanner {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | null = null
  let closed = false
  let lastId = 0

  const fail = (error: Error): void => {
    worker = null
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const start = (): Worker => {
    const started = new Worker(file, { name: 'scan' })
    started.on('message', ({ id, scan }: ScanReply) => {
      waiting.get(id)?.resolve(scan)
      waiting.delete(id)
      if (waiting.size === 0) started.unref()
    })
    const lost = (cause: unknown): void => {
      if (worker === started) fail(new AppError('internal', 'The cache scanner stopped.', { hint: 'Try again.', cause }))
    }
    started.on('error', lost)
    started.on('messageerror', lost)
    started.on('exit', lost)
    return started
  }
  return {
    scan: (roots) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new AppError('cancelled', 'The cache scanner is closed.'))
        worker ??= start()
        worker.ref()
        const id = ++lastId
        waiting.set(id, { resolve, reject })
        worker.postMessage({ id, roots: [...roots] } satisfies ScanRequest)
      }),
    close: async () => {
      closed = true
      const last = worker
      fail(new AppError('cancelled', 'The cache scanner is closed.'))
      await last?.terminate()
    },
  }
}

/** Scans in this thread or in a worker; the same results. Run from the sources, without a built worker, it scans in this thread. */
export function createScanner({ inWorker, layout }: ScannerOptions): Scanner {
  const file = join(layout.outMain, 'scan-worker.cjs')
  if (inWorker && existsSync(file)) return createWorkerScanner(file)
  return { scan: (roots) => Promise.resolve(scanRoots(roots)), close: () => Promise.resolve() }
}
