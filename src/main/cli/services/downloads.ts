import { setFlagsFromString } from 'node:v8'
import { AppError, fromSerializedError, isErrorCode } from '../../../shared/errors'
import type { Download, DownloadDetail } from '../../../shared/contract'
import { resolveRoots } from '../../core/cache'
import {
  createDownloader,
  type Downloader,
  type Limits,
  type PullPlan,
  type PullRequest,
  type TransferProgress,
  type TransferResult,
} from '../../core/downloads'
import { openHub } from '../../core/hub'
import { createRepoLock, type OwnerClient } from '../../core/ownership'
import { createFileSecrets } from '../../core/secrets'
import type { Context } from '../context'

export interface OpenDownloads extends Pick<Downloader, 'plan' | 'run' | 'importFrom'> {
  close: () => Promise<void>
}

/** What the settings say, unless the command line says otherwise. */
export interface WantedLimits {
  connections: number | null
  bytesPerSecond: number | null
}

function toLimits(
  context: Context,
  wanted: WantedLimits,
  settings: { connections: number; limit_mb_per_s: number | null },
): Limits {
  const { connections, limit_mb_per_s: limit } = settings
  return {
    connections: wanted.connections ?? connections,
    bytesPerSecond: wanted.bytesPerSecond ?? (limit === null ? null : Math.round(limit * 1e6)),
  }
}

/**
 * Downloads into the primary cache: planned in this process, and fetched by the owner of the data folder when there is one, so that its
 * queue and its windows show them; else here.
 */
export async function openDownloads(context: Context, wanted: WantedLimits): Promise<OpenDownloads> {
  const { env, platform, paths } = context
  const [{ createSettings }, { connectToOwner }] = await Promise.all([import('../../core/settings'), import('./owner')])
  const readStored = createFileSecrets(paths).readHubToken
  // The HTTP parser is WebAssembly. Optimised as a whole at its first use it takes 35 MB and a tenth of a second, which large bodies never
  // give back. Only here: a server has many small messages to parse.
  setFlagsFromString('--liftoff-only')
  const hub = openHub({ env, platform, readStored })
  const limits = toLimits(context, wanted, createSettings({ paths }).read().downloads)
  const here = createDownloader({
    hub: hub.client,
    env,
    platform,
    paths,
    layout: context.layout(),
    root: () => {
      const [primary] = resolveRoots(env, platform, { demoHub: paths.demoHub, demoEnabled: false, extraRoots: [] })
      return primary?.path ?? ''
    },
    limits: () => limits,
    lock: createRepoLock(paths),
    readStored,
  })
  const requests = new WeakMap<PullPlan, PullRequest>()
  return {
    plan: async (request, signal) => {
      const plan = await here.plan(request, signal)
      requests.set(plan, request)
      return plan
    },
    run: async (plan, signal, onProgress) => {
      const owner = await connectToOwner(context, signal)
      const request = requests.get(plan)
      if (owner === null || request === undefined || !(await writesTo(owner, plan.root)))
        return await here.run(plan, signal, onProgress)
      return await runThere(owner, { ...request, repo: plan.repo }, wanted, signal, onProgress)
    },
    importFrom: here.importFrom,
    close: hub.close,
  }
}

/** Whether the owner fetches into the same cache: it was started with an environment of its own. */
async function writesTo(owner: OwnerClient, root: string): Promise<boolean> {
  const { roots } = await owner.call('models.list', {})
  return roots.some(({ path, kind }) => kind === 'primary' && path === root)
}

async function runThere(
  owner: OwnerClient,
  { repo, revision, include, exclude, all }: PullRequest,
  { connections, bytesPerSecond }: WantedLimits,
  signal: AbortSignal,
  onProgress: (progress: TransferProgress) => void,
): Promise<TransferResult> {
  const { id } = await owner.call('downloads.add', {
    model: repo,
    revision,
    include: [...include],
    exclude: [...exclude],
    all,
    // Whoever comes here has been asked.
    replace_damaged: true,
    first: true,
    limits: { connections, bytes_per_second: bytesPerSecond },
  })
  let last: Download | null = null
  try {
    for await (const detail of owner.stream('downloads.watch', { id }, { signal })) {
      last = detail.download
      onProgress(toProgress(detail))
    }
  } catch (error) {
    // Whoever asked leaves, and so does the wish; what was fetched stays for the next one.
    if (signal.aborted) await owner.call('downloads.cancel', { id, keep: true })
    throw error
  }
  if (last?.state === 'done')
    return { fetchedBytes: last.fetched_bytes, reusedBytes: last.reused_bytes, snapshot: last.snapshot_path ?? '' }
  if (last?.error != null)
    throw fromSerializedError({ ...last.error, code: isErrorCode(last.error.code) ? last.error.code : 'internal' })
  throw new AppError('cancelled', 'The download was stopped in MLX Knife.')
}

function toProgress({ download, files }: DownloadDetail): TransferProgress {
  const paused = download.state === 'paused' ? 'It was paused in MLX Knife.' : null
  return {
    files: files.map(({ path, size_bytes: sizeBytes, done_bytes: doneBytes, phase }) => ({ path, sizeBytes, doneBytes, phase })),
    totalBytes: download.total_bytes ?? 0,
    doneBytes: download.done_bytes,
    fetchedBytes: download.fetched_bytes,
    bytesPerSecond: download.bytes_per_second,
    etaSeconds: download.eta_seconds,
    connections: download.connections,
    note: paused ?? download.note,
  }
}
