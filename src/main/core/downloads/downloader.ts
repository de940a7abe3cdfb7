import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { AppError, fromSerializedError } from '../../../shared/errors'
import type { HubClient } from '../hub'
import type { RepoLock } from '../ownership'
import type { StoredToken } from '../secrets'
import { toFileError, type DataPaths, type Env, type Layout, type Platform } from '../system'
import { createHashMemory } from '../verify'
import { discardPartials } from './discard'
import { importFiles, type ImportDeps, type ImportedFile } from './import-files'
import { createJournal } from './journal'
import { findFolder, repoPlaces } from './place'
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
  readStored: () => Promise<StoredToken>
}

export interface Downloader {
  /** What fetching means. Changes nothing. @throws AppError as the client of the Hub */
  plan: (request: PullRequest, signal?: AbortSignal) => Promise<PullPlan>
  /**
   * Does it, in a thread, under the lock of the model. Ends early when the signal says so and keeps what it has.
   * @param limits asked each second, instead of the downloader's own
   * @throws AppError busy, cancelled, disk_full, permission_denied, download_corrupt, and what the Hub's client throws
   */
  run: (
    plan: PullPlan,
    signal: AbortSignal,
    onProgress: (progress: TransferProgress) => void,
    limits?: () => Limits,
  ) => Promise<TransferResult>
  /**
   * Takes a folder's files for those of a plan where they are the same, under the lock of the model; `run` fetches the rest then.
   * @throws AppError busy, and as `importFiles`
   */
  importFrom: (
    folder: string,
    plan: PullPlan,
    options: Pick<ImportDeps, 'signal' | 'mayCopy' | 'onProgress'>,
  ) => Promise<ImportedFile[]>
  /**
   * Removes what unfinished downloads of a model have left, and folders of it that are empty then; files that were finished stay.
   * @throws AppError busy, permission_denied
   */
  discard: (repo: string) => Promise<void>
}

const LIMITS_MS = 1000
/** Small, so that it is collected often: what a chunk of a file leaves behind is a small object that holds 64 KiB outside of the heap. */
const YOUNG_MB = 2

async function transferInThread(
  file: string,
  work: TransferWork,
  limits: () => Limits,
  onProgress: (progress: TransferProgress) => void,
  signal: AbortSignal,
): Promise<TransferResult> {
  const worker = new Worker(file, {
    name: 'transfer',
    workerData: work,
    env: {},
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  })
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
  limits: usual,
  lock,
  readStored,
}: DownloaderDeps): Downloader {
  return {
    plan: (request, signal) => {
      const journal = createJournal(journalFolder(paths.downloads))
      return planPull(request, { hub, root: root(), journal, hashes: createHashMemory(paths.index) }, signal)
    },
    run: async (plan, signal, onProgress, limits = usual) => {
      const release = await lock({ name: plan.repo, folder: plan.folder, root: { path: plan.root } }, 'pull')
      try {
        const { downloads, index } = paths
        const [fetching, hashing] = ['transfer-worker.cjs', 'blob-hash-worker.cjs'].map((name) => {
          const file = join(layout.outMain, name)
          // From the sources, in tests, there is no built worker.
          return existsSync(file) ? file : null
        })
        // The process's own environment is no plain object, and not every runtime can send it to a thread.
        const shared = { env: { ...env }, platform, downloads, index, stored: await readStored() }
        const setting: TransferSetting = { ...shared, hashWorker: hashing ?? null }
        if (fetching == null) return await transferHere(plan, setting, limits, onProgress, signal)
        return await transferInThread(fetching, { plan, setting, limits: limits() }, limits, onProgress, signal)
      } finally {
        release()
      }
    },
    importFrom: async (folder, plan, options) => {
      const release = await lock({ name: plan.repo, folder: plan.folder, root: { path: plan.root } }, 'import')
      try {
        return await importFiles(plan, folder, { ...options, hashes: createHashMemory(paths.index) })
      } catch (error) {
        throw toFileError(error, repoPlaces(plan.root, plan.folder).repo)
      } finally {
        release()
      }
    },
    discard: async (repo) => {
      const folder = findFolder(root(), repo)
      const release = await lock({ name: repo, folder, root: { path: root() } }, 'cancel')
      try {
        discardPartials(repoPlaces(root(), folder), createJournal(journalFolder(paths.downloads)))
      } finally {
        release()
      }
    },
  }
}
