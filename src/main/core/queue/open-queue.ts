import { randomUUID } from 'node:crypto'
import type { Download, DownloadLimits, DownloadRequest } from '../../../shared/contract'
import { createDownloader, type Downloader, type Limits, type PullPlan, type PullRequest } from '../downloads'
import { openHub, type OpenHub } from '../hub'
import type { ModelCatalog } from '../models'
import type { RepoLock } from '../ownership'
import type { StoredToken } from '../secrets'
import type { Settings } from '../settings'
import type { DataPaths, Env, Layout, Platform } from '../system'
import { createDownloadQueue, type DownloadQueue } from './queue'
import { createQueueStore } from './store'

export interface OpenQueueDeps {
  env: Env
  platform: Platform
  paths: DataPaths
  layout: Layout
  settings: { read: () => Settings }
  catalog: Pick<ModelCatalog, 'show'>
  lock: RepoLock
  readStored: () => Promise<StoredToken>
  /** Absolute path of the cache root that is written to. */
  root: () => string
  onModels: () => void
  onUnforeseen: (error: unknown, what: string) => void
}

/** The queue in the contract's words. */
export interface OpenQueue extends Omit<DownloadQueue, 'add'> {
  /** What it would mean. Changes nothing. @throws AppError as the client of the Hub */
  plan: (request: DownloadRequest, signal?: AbortSignal) => Promise<PullPlan>
  add: (wish: DownloadRequest & { first?: boolean | undefined; limits?: DownloadLimits | null | undefined }) => Promise<Download>
}

function toPullRequest({ model, revision, include, exclude, all }: DownloadRequest): PullRequest {
  return { repo: model, revision, include, exclude, all }
}

/** The queue over the Hub of the environment. The HTTP client is made with the first download: most days see none. */
export function openDownloadQueue(deps: OpenQueueDeps): OpenQueue {
  const { env, platform, paths, layout, settings, catalog, lock, readStored, root } = deps
  const limits = (): Limits => {
    const { connections, limit_mb_per_s: limit } = settings.read().downloads
    return { connections, bytesPerSecond: limit === null ? null : Math.round(limit * 1e6) }
  }
  let opened: { hub: OpenHub; downloader: Downloader } | null = null
  const use = (): Downloader => {
    if (opened === null) {
      const hub = openHub({ env, platform, readStored })
      const downloader = createDownloader({ hub: hub.client, env, platform, paths, layout, root, limits, lock, readStored })
      opened = { hub, downloader }
    }
    return opened.downloader
  }
  const queue = createDownloadQueue({
    downloader: {
      discard: (repo) => use().discard(repo),
      plan: (request, signal) => use().plan(request, signal),
      run: (plan, signal, onProgress, own) => use().run(plan, signal, onProgress, own),
    },
    store: createQueueStore(paths.downloads),
    limits,
    judge: async (repo, commit) => {
      const { model } = await catalog.show(`${repo}@${commit}`)
      return { health: model.health, reason: model.reason }
    },
    onModels: deps.onModels,
    newId: randomUUID,
    onUnforeseen: deps.onUnforeseen,
  })
  return {
    ...queue,
    plan: (request, signal) => use().plan(toPullRequest(request), signal),
    add: (wish) => {
      const { first = false, limits: own = null, replace_damaged: replaceDamaged } = wish
      return queue.add({ request: toPullRequest(wish), replaceDamaged, limits: own, first })
    },
    close: async () => {
      await queue.close()
      await opened?.hub.close()
    },
  }
}
