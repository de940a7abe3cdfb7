import { setFlagsFromString } from 'node:v8'
import { AppError, fromSerializedError } from '../../../shared/errors'
import type { Download, DownloadDetail, Fit } from '../../../shared/contract'
import { resolveRoots } from '../../core/cache'
import {
  createDownloader,
  fromPreview,
  type Downloader,
  type Limits,
  type PlanOutline,
  type PullPlan,
  type PullRequest,
  type TransferProgress,
  type TransferResult,
} from '../../core/downloads'
import { openHub } from '../../core/hub'
import { createRepoLock, type OwnerClient } from '../../core/ownership'
import { createSecrets } from '../../core/secrets'
import type { Context } from '../context'

export interface OpenDownloads {
  /** @throws AppError as `Downloader.plan` */
  plan: (request: PullRequest, signal: AbortSignal) => Promise<PlanOutline>
  /** Whether it will run here. Files that are left out on purpose count as well: the question is about the model. */
  judge: (plan: PlanOutline, signal: AbortSignal) => Promise<Fit>
  /** @throws AppError as `Downloader.run` */
  run: (plan: PlanOutline, signal: AbortSignal, onProgress: (progress: TransferProgress) => void) => Promise<TransferResult>
  /** @throws AppError as `Downloader.importFrom` */
  importFrom: (
    folder: string,
    plan: PlanOutline,
    options: Parameters<Downloader['importFrom']>[2],
  ) => ReturnType<Downloader['importFrom']>
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
  const readStored = createSecrets(paths).readHubToken
  // The HTTP parser is WebAssembly. Optimised as a whole at its first use it takes 35 MB and a tenth of a second, which large bodies never
  // give back. Only here: a server has many small messages to parse.
  setFlagsFromString('--liftoff-only')
  const hub = openHub({ env, platform, readStored })
  const limits = toLimits(context, wanted, createSettings({ paths }).read().downloads)
  const [primary] = resolveRoots(env, platform, { demoHub: paths.demoHub, demoEnabled: false, extraRoots: [] })
  const root = primary?.path ?? ''
  const here = createDownloader({
    hub: hub.client,
    env,
    platform,
    paths,
    layout: context.layout(),
    root: () => root,
    limits: () => limits,
    lock: createRepoLock(paths),
    readStored,
  })
  const findOwner = async (signal: AbortSignal): Promise<OwnerClient | null> => {
    const owner = await connectToOwner(context, signal)
    return owner !== null && (await writesTo(owner, root)) ? owner : null
  }
  const made = new WeakMap<PlanOutline, Made>()
  const remember = (plan: PlanOutline, how: Made): PlanOutline => {
    made.set(plan, how)
    return plan
  }
  const own = (plan: PlanOutline): PullPlan => {
    const how = made.get(plan)
    if (how?.by === 'us') return how.plan
    throw new AppError('access_denied', `Only the MLX Knife app can read the token that ${plan.repo} needs.`, {
      hint: 'Log in here with "mlxk login", or set HF_TOKEN.',
    })
  }
  return {
    plan: async (request, signal) => {
      try {
        const plan = await here.plan(request, signal)
        return remember(plan, { by: 'us', request, plan })
      } catch (error) {
        if (!isSealed(error)) throw error
        const owner = await findOwner(signal)
        if (owner === null) throw error
        const preview = await owner.call('downloads.plan', toWish(request), { signal })
        return remember(fromPreview(preview), { by: 'owner', request, fit: preview.fit })
      }
    },
    judge: async (plan, signal) => {
      const how = made.get(plan)
      if (how?.by === 'owner') return how.fit
      const { openSearch } = await import('./discover')
      return await openSearch(context).fit(own(plan), signal)
    },
    run: async (plan, signal, onProgress) => {
      const how = made.get(plan)
      const owner = await findOwner(signal)
      if (owner === null || how === undefined) return await here.run(own(plan), signal, onProgress)
      return await runThere(owner, { ...how.request, repo: plan.repo }, wanted, signal, onProgress)
    },
    importFrom: (folder, plan, options) => here.importFrom(folder, own(plan), options),
    close: hub.close,
  }
}

/** A plan of this process, or of the owner's, which may have a token that we cannot read. */
type Made = { by: 'us'; request: PullRequest; plan: PullPlan } | { by: 'owner'; request: PullRequest; fit: Fit }

/** The Hub refused, and the token that might help is in the keychain of the app. */
const isSealed = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'access_denied' && error.data?.['sealed'] === true

const toWish = ({ repo, revision, include, exclude, all }: PullRequest) => ({
  model: repo,
  revision,
  include: [...include],
  exclude: [...exclude],
  all,
})

/** Whether the owner fetches into the same cache: it was started with an environment of its own. */
async function writesTo(owner: OwnerClient, root: string): Promise<boolean> {
  const { roots } = await owner.call('models.list', {})
  return roots.some(({ path, kind }) => kind === 'primary' && path === root)
}

async function runThere(
  owner: OwnerClient,
  request: PullRequest,
  { connections, bytesPerSecond }: WantedLimits,
  signal: AbortSignal,
  onProgress: (progress: TransferProgress) => void,
): Promise<TransferResult> {
  const before = await owner.call('downloads.list', {})
  const { id } = await owner.call('downloads.add', {
    ...toWish(request),
    // Whoever comes here has been asked.
    replace_damaged: true,
    first: true,
    limits: { connections, bytes_per_second: bytesPerSecond },
  })
  // Somebody else wants it too: then it is not ours to stop.
  const isShared = before.downloads.some((each) => each.id === id)
  let last: Download | null = null
  try {
    for await (const detail of owner.stream('downloads.watch', { id }, { signal })) {
      last = detail.download
      onProgress(toProgress(detail))
    }
  } catch (error) {
    // Whoever asked leaves, and so does the wish; what was fetched stays for the next one.
    if (signal.aborted && !isShared) await owner.call('downloads.cancel', { id, keep: true })
    throw error
  }
  if (last?.state === 'done')
    return { fetchedBytes: last.fetched_bytes, reusedBytes: last.reused_bytes, snapshot: last.snapshot_path ?? '' }
  if (last?.error != null) throw fromSerializedError(last.error)
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
