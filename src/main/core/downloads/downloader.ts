import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { AppError, fromSerializedError } from '../../../shared/errors'
import type { HubClient } from '../hub'
import type { RepoLock } from '../ownership'
import type { DataPaths, Env, Layout, Platform } from '../system'
import { createHashMemory } from '../verify'
import { createJournal } from './journal'
import { planPull } from './plan'
import { journalFolder, transferHere, type TransferSetting } from './transfer-here'
import type { FromTransfer, ToTransfer, TransferWork } from './transfer-worker'
import type { Limits, PullPlan, PullRequest, TransferProgress, TransferResult } from './types'

export interface DownloaderDeps {
  hub: HubClient
  env: Env
  platform: Platform
  paths: Pick<DataPaths, 'root' | 'index' | 'downloads'>
  layout: Pick<Layout, 'outMain'>
  /** Absolute path of the cache root that is written to. */
  root: () => string
  /** Asked each second while a transfer runs. */
  limits: () => Limits
  lock: RepoLock
  readStored: () => Promise<string | null>
}

export interface Downloader {
  /** What fetching means. Changes nothing. @throws AppError as the client of the Hub */
  plan: (request: PullRequest, signal?: AbortSignal) => Promise<PullPlan>
  /**
   * Does it, in a thread, under the lock of the model. Ends early when the signal says so and keeps what it has.
   * @throws AppError busy, cancelled, disk_full, permission_denied, download_corrupt, and what the Hub's client throws
   */
  run: (plan: PullPlan, signal: AbortSignal, onProgress: (progress: TransferProgress) => void) => Promise<TransferResult>
}

const LIMITS_MS = 1000

async function transferInThread(
  file: string,
  work: TransferWork,
  limits: () => Limits,
  onProgress: (progress: TransferProgress) => void,
  signal: AbortSignal,
): Promise<TransferResult> {
  const worker = new Worker(file, { name: 'transfer', workerData: work, env: {} })
  const send = (message: ToTransfer): void => worker.postMessage(message)
  const stop = (): void => send('stop')
  signal.addEventListener('abort', stop, { once: true })
  const timer = setInterval(() => send({ limits: limits() }), LIMITS_MS)
  try {
    return await new Promise<TransferResult>((resolve, reject) => {
      const lost = (cause: unknown): void =>
        reject(
          new AppError('internal', 'The thread that fetches stopped.', { hint: 'Try again: what was fetched is kept.', cause }),
        )
      worker.on('message', (message: FromTransfer) => {
        if ('progress' in message) onProgress(message.progress)
        else if ('result' in message) resolve(message.result)
        else reject(fromSerializedError(message.error))
      })
      worker.on('error', lost)
      worker.on('messageerror', lost)
      worker.on('exit', lost)
      if (signal.aborted) stop()
    })
  } finally {
    clearInterval(timer)
    signal.removeEventListener('abort', stop)
    await worker.terminate()
  }
}

/** Plans and runs downloads of this process. */
export function createDownloader({
  hub,
  env,
  platform,
  paths,
  layout,
  root,
  limits,
  lock,
  readStored,
}: DownloaderDeps): Downloader {
  return {
    plan: (request, signal) => {
      const journal = createJournal(journalFolder(paths.downloads))
      return planPull(request, { hub, root: root(), journal, hashes: createHashMemory(paths.index) }, signal)
    },
    run: async (plan, signal, onProgress) => {
      const release = await lock({ name: plan.repo, folder: plan.folder, root: { path: plan.root } }, 'pull')
      try {
        const { downloads, index } = paths
        const setting: TransferSetting = { env, platform, downloads, index, storedToken: await readStored() }
        const file = join(layout.outMain, 'transfer-worker.cjs')
        // From the sources, in tests, there is no built worker.
        if (!existsSync(file)) return await transferHere(plan, setting, limits, onProgress, signal)
        return await transferInThread(file, { plan, setting, limits: limits() }, limits, onProgress, signal)
      } finally {
        release()
      }
    },
  }
}
