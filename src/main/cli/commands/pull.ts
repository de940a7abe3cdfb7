import type { ModelSummary, PullResult } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { PlanOutline, PullRequest } from '../../core/downloads'
import { readPlace } from '../../core/hub'
import type { ModelCatalog } from '../../core/models'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { canAsk, confirm } from '../output/confirm'
import { createPullProgress } from '../output/pull-progress'
import { formatSize } from '../output/text'
import type { OpenDownloads, WantedLimits } from '../services/downloads'
import { already, conclude, noRoom, preview, type TimedResult } from './pull-report'
import { parsePullSpec, parseRate, toPullWords, type PullSpec } from './pull-spec'

interface PullOptions {
  include?: string[]
  exclude?: string[]
  all?: boolean
  dryRun?: boolean
  forceResume?: boolean
  yes?: boolean
  connections?: string
  limit?: string
}

const examples = `
Fetches what mlx_lm reads of a model, proves every byte against the Hub's hashes and puts it where every tool of the cache finds it. What an
earlier run began is gone on with, also after a crash. Ctrl-C keeps what is there. A healthy model is left alone; "@main" asks the Hub for
a newer revision.

Examples:
  mlxk pull mlx-community/Llama-3.2-1B-Instruct-4bit
  mlxk pull org/model@v1.0 --dry-run          what it would fetch, and whether it fits on the disk
  mlxk pull org/model --include "*.json" --include "*.safetensors" --exclude "original/"
  mlxk pull org/model --limit 5MB/s --connections 4
  mlxk pull org/model --json=stream | jq -c 'select(.type == "progress") | .done_bytes'`

/** Each with its own option: a list would take the name of the model for one more. */
const collect = (pattern: string, before: string[] = []): string[] => [...before, pattern]

export const pull: CliCommand = {
  define: (command, submit) => {
    command
      .argument('<model>', 'org/name, or org/name@revision: a branch, a tag or a commit')
      .option('--include <pattern>', 'only files that match, * crosses folders; may be given again', collect)
      .option('--exclude <pattern>', 'no files that match; may be given again', collect)
      .option('--all', 'every file, not only what mlx_lm reads')
      .option('--dry-run', 'show what would be fetched')
      .option('--force-resume', 'ask the Hub even when a healthy model is there, and replace damaged files without a question')
      .option('-y, --yes', 'replace damaged files without a question')
      .option('--connections <count>', 'at most so many, 1 to 16 (default: the setting downloads.connections)')
      .option('--limit <speed>', 'at most so fast, e.g. 5MB/s (default: the setting downloads.limit_mb_per_s)')
      .addHelpText('after', examples)
      .action((model: string, options: PullOptions) => submit((context) => run(context, model, options)))
  },
}

function readLimits({ connections, limit }: PullOptions): WantedLimits {
  const count = connections === undefined ? null : /^\d{1,2}$/.test(connections) ? Number(connections) : 0
  if (count !== null && (count < 1 || count > 16))
    throw new AppError('usage', `--connections must be a whole number from 1 to 16, and it is ${JSON.stringify(connections)}.`)
  return { connections: count, bytesPerSecond: limit === undefined ? null : parseRate(limit) }
}

async function run(context: Context, typed: string, options: PullOptions): Promise<Outcome> {
  const spec = parsePullSpec(typed)
  const limits = readLimits(options)
  const { openCatalog } = await import('../services/catalog')
  const catalog = openCatalog(context)
  const local = await findLocal(context, catalog, spec)
  const name = local?.name ?? spec.name
  const expanded = name === spec.name ? null : name
  if (
    local?.health === 'healthy' &&
    !(spec.revision === null && isUnfinished(context, local)) &&
    options.forceResume !== true &&
    options.dryRun !== true &&
    !asksForFiles(options)
  )
    return already(context, local, expanded, spec)
  const { openDownloads } = await import('../services/downloads')
  const downloads = await openDownloads(context, limits)
  try {
    const request: PullRequest = {
      repo: name,
      revision: spec.revision,
      include: options.include ?? [],
      exclude: options.exclude ?? [],
      all: options.all === true,
    }
    const plan = await downloads.plan(request, context.interruption().signal)
    if (options.dryRun === true) return preview(context, plan, await downloads.judge(plan, context.interruption().signal), expanded)
    if (!plan.disk.fits) throw noRoom(plan)
    const damaged = plan.files.filter((file) => file.damaged).map(({ path }) => path)
    if (damaged.length > 0 && options.forceResume !== true && options.yes !== true) {
      const refusal = await askToReplace(context, plan, damaged, expanded)
      if (refusal !== null) return refusal
    }
    const result = await transfer(context, downloads, plan, toPullWords(plan.repo, spec.revision, request))
    return await conclude(context, catalog, plan, result, { damaged, expanded })
  } finally {
    await downloads.close()
  }
}

const asksForFiles = ({ include, exclude, all }: PullOptions): boolean =>
  all === true || (include ?? []).length > 0 || (exclude ?? []).length > 0

/**
 * A run that was stopped leaves partial files, or everything but the ref, which is written last: a model may be whole for mlx_lm before it is
 * what was asked for. Offline nobody can say what is missing.
 */
function isUnfinished(context: Context, { findings }: ModelSummary): boolean {
  return readPlace(context.env).offline === null && findings.some(({ code }) => code === 'partial_left' || code === 'ref_missing')
}

/** The model in the cache that is meant: a full name means itself alone; of a short one the catalog says which. */
async function findLocal(context: Context, catalog: ModelCatalog, { name, revision }: PullSpec): Promise<ModelSummary | null> {
  const isHash = revision !== null && /^[0-9a-f]{4,40}$/.test(revision)
  // A branch or a tag may have moved: only the Hub knows, when it may be asked.
  const isOffline = readPlace(context.env).offline !== null
  if (revision !== null && !isHash && name.includes('/') && !isOffline) return null
  try {
    const { model, revisions } = await catalog.show(isHash ? `${name}@${revision}` : name)
    if (!model.cached || (name.includes('/') && model.name.toLowerCase() !== name.toLowerCase())) return null
    if (revision === null || isHash) return model
    const known = isOffline ? revisions.find(({ refs }) => refs.includes(revision)) : undefined
    return known === undefined ? { ...model, health: 'unhealthy' } : (await catalog.show(`${model.name}@${known.hash}`)).model
  } catch (error) {
    if (error instanceof AppError && ['model_not_found', 'hash_not_found'].includes(error.code)) return null
    // Parts of longer names do not stand for a full one.
    if (error instanceof AppError && error.code === 'ambiguous_match' && name.includes('/')) return null
    throw error
  }
}

/** Null: go on. Complete files are replaced only by somebody's word (the incomplete ones are just gone on with). */
async function askToReplace(
  context: Context,
  plan: PlanOutline,
  damaged: string[],
  expanded: string | null,
): Promise<Outcome | null> {
  const what = `${damaged.length === 1 ? damaged[0] : `${damaged.length} files`} of ${plan.repo}`
  if (canAsk(context) && (await confirm(context, `The bytes of ${what} are wrong. Fetch again?`, { preset: true }))) return null
  const asked = canAsk(context)
  const data: PullResult = {
    model: plan.repo,
    download_status: asked ? 'declined' : 'requires_confirmation',
    message: `The bytes of ${what} are wrong. Use --force-resume to fetch them again.`,
    expanded_name: expanded,
    revision: plan.revision,
    commit: plan.commit,
    snapshot_path: null,
    fetched_bytes: 0,
    reused_bytes: 0,
    elapsed_seconds: 0,
    damaged,
    health: 'unhealthy',
    reason: `The bytes of ${what} are wrong.`,
  }
  if (context.isHuman && !asked)
    throw new AppError('requires_confirmation', `The bytes of ${what} are wrong, and would be replaced.`, {
      hint: 'Say so with --force-resume.',
      data: { damaged },
    })
  return { data, print: () => context.note('Nothing was changed.') }
}

/** @param words what was asked for, for `mlxk pull` */
async function transfer(context: Context, downloads: OpenDownloads, plan: PlanOutline, words: string): Promise<TimedResult> {
  const startMs = performance.now()
  const view = createPullProgress(context)
  let kept = plan.totalBytes - plan.fetchBytes
  try {
    const result = await downloads.run(plan, context.interruption().signal, (progress) => {
      kept = progress.doneBytes
      view.update(progress)
    })
    return { ...result, elapsedSeconds: Math.round((performance.now() - startMs) / 1000) }
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'busy') throw toBusy(error, plan.repo)
    const goOn = `${formatSize(kept)} of ${formatSize(plan.totalBytes)} are kept. Go on with: ${context.program} pull ${words}`
    throw new AppError(error.code, error.message, {
      hint: error.code === 'cancelled' || error.hint === undefined ? goOn : `${error.hint} ${goOn}`,
      data: { ...error.data, kept_bytes: kept },
      cause: error,
    })
  } finally {
    view.end()
  }
}

function toBusy(error: unknown, repo: string): unknown {
  if (!(error instanceof AppError) || error.data?.['action'] !== 'pull') return error
  return new AppError('busy', `${repo} is being downloaded already, by process ${String(error.data['pid'])}.`, {
    hint: 'Wait until it has ended; the model is then there.',
    data: error.data,
  })
}
