import type { RepairPlan, RepairResult } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { RepairedModel, RepairPreview } from '../../../shared/contract/documents'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { formatSize, safeLine } from '../output/text'
import { createPullProgress } from '../output/pull-progress'
import { noRoom } from './pull-report'
import { watchVerification } from './verify'

interface RepairOptions {
  dryRun?: boolean
  fetch: boolean
  yes?: boolean
}

const examples = `
Verifies the model first. Mends what needs no network: a missing refs/main, lost links, files that are provably wrong (they are removed, so that
nothing takes them for good). Then fetches the files that are bad or missing, and nothing else, and verifies them. A name that is not exact
needs --yes.

Examples:
  mlxk repair mlx-community/Llama-3.2-1B-Instruct-4bit --dry-run    the plan, nothing is changed
  mlxk repair mlx-community/Llama-3.2-1B-Instruct-4bit
  mlxk repair mlx-community/Llama-3.2-1B-Instruct-4bit --no-fetch   without the network`

export const repair: CliCommand = {
  define: (command, submit) => {
    command
      .argument('<model>', 'a name, part of a name, or name@hash')
      .option('--dry-run', 'show what would be done')
      .option('--no-fetch', 'only what needs no network')
      .option('-y, --yes', 'do it although the name is not exact')
      .addHelpText('after', examples)
      .action((model: string, options: RepairOptions) => submit((context) => run(context, model, options)))
  },
}

async function run(context: Context, model: string, options: RepairOptions): Promise<Outcome> {
  const { openRepairer, openVerifier } = await import('../services/integrity')
  const { signal } = context.interruption()
  // Damage that only a hash shows is what people repair; what was verified before and has not changed is not read again.
  await watchVerification(context, openVerifier(context).verify({ model }, signal))
  const repairer = openRepairer(context)
  const plan = await repairer.plan(model, signal)
  const isExact = model.split('@')[0] === plan.name
  if (options.dryRun === true || (!isExact && options.yes !== true)) {
    const preview: RepairPreview = { plan, requires_confirmation: options.dryRun !== true }
    return { data: preview, print: () => printPreview(context, preview) }
  }
  const mended = await repairer.repair(model, { planId: plan.id }, signal)
  const fetched = options.fetch && mended.needs_network ? await fetchRest(context, mended) : null
  const result: RepairedModel =
    fetched === null ? { ...mended, fetched } : { ...mended, fetched, needs_network: false, health: await look(context, mended) }
  return { data: result, exitCode: result.health.status === 'healthy' ? 0 : 1, print: () => printResult(context, result) }
}

/** As many as one wish of the queue may have. */
const MOST_PATTERNS = 100

/** Fetches the bad and missing files of a model's revision, each proven before it has its name. Null: nobody may be asked. */
async function fetchRest(context: Context, { plan, done }: RepairResult): Promise<RepairedModel['fetched']> {
  const [{ readPlace }, { openDownloads }, { toExactPattern }] = await Promise.all([
    import('../../core/hub'),
    import('../services/downloads'),
    import('../../core/downloads'),
  ])
  if (readPlace(context.env).offline !== null) return null
  const { signal } = context.interruption()
  const downloads = await openDownloads(context, { connections: null, bytesPerSecond: null })
  try {
    // Names that only the Hub knows: then it is what mlx_lm reads.
    const patterns = plan.needs_listing ? [] : plan.fetch.map(({ path }) => toExactPattern(path))
    const fetched = { files: [] as string[], fetched_bytes: 0 }
    // At least once: no pattern at all means all that mlx_lm reads.
    for (let from = 0; from === 0 || from < patterns.length; from += MOST_PATTERNS) {
      const include = patterns.slice(from, from + MOST_PATTERNS)
      const planned = await downloads.plan({ repo: plan.name, revision: plan.revision, include, exclude: [], all: false }, signal)
      if (!planned.disk.fits) throw noRoom(planned)
      const view = createPullProgress(context)
      const { fetchedBytes } = await downloads.run(planned, signal, view.update).finally(view.end)
      fetched.files.push(...planned.files.filter(({ state }) => state !== 'present').map(({ path }) => path))
      fetched.fetched_bytes += fetchedBytes
    }
    return fetched
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const mended = done.length === 0 ? '' : 'What needs no network is mended. '
    const goOn = `${mended}Go on with: ${context.program} repair ${plan.name}`
    throw new AppError(error.code, error.message, {
      hint: error.hint === undefined || error.code === 'cancelled' ? goOn : `${error.hint} ${goOn}`,
      data: error.data,
      cause: error,
    })
  } finally {
    await downloads.close()
  }
}

/** How the model is now, every byte of it looked at. */
async function look(context: Context, { plan }: RepairResult): Promise<RepairResult['health']> {
  const [{ openVerifier }, { openCatalog }] = await Promise.all([import('../services/integrity'), import('../services/catalog')])
  const spec = plan.revision === null ? plan.name : `${plan.name}@${plan.revision}`
  await watchVerification(context, openVerifier(context).verify({ model: spec }, context.interruption().signal))
  const { healthy, unhealthy } = await openCatalog(context).health(spec)
  const [entry] = [...healthy, ...unhealthy]
  if (entry === undefined) throw new AppError('model_not_found', `${plan.name} is gone.`)
  return entry
}

function printPlan(context: Context, { name, actions, left }: RepairPlan): void {
  if (actions.length === 0) context.say(safeLine(`${name}: nothing can be mended without the Hub.`))
  for (const { kind, path, reason } of actions) context.say(safeLine(`${verbs[kind]} ${path} (${reason})`))
  for (const { finding, reason } of left) context.say(safeLine(`cannot be mended: ${finding.message} ${reason}`))
}

function printFetches(context: Context, { name, fetch, needs_listing: needsListing }: RepairPlan): void {
  for (const { path, size_bytes: size, reason } of fetch) {
    context.say(safeLine(`to fetch ${path}${size === null ? '' : `, ${formatSize(size)}`} (${reason})`))
  }
  if (fetch.length === 0 && needsListing) context.say(safeLine(`to fetch: files of ${name} that only the Hub can name`))
}

function printPreview(context: Context, { plan, requires_confirmation: asks }: RepairPreview): void {
  printPlan(context, plan)
  printFetches(context, plan)
  if (asks) context.note(`Nothing was changed: "${plan.name}" was not named exactly. Add --yes, or type the whole name.`)
}

function printResult(
  context: Context,
  { plan, done, skipped, size_bytes_freed: freed, needs_network: needsNetwork, fetched, health }: RepairedModel,
): void {
  for (const { kind, path } of done) context.say(safeLine(`done: ${verbs[kind]} ${path}`))
  for (const { action, reason } of skipped) context.say(safeLine(`left out: ${verbs[action.kind]} ${action.path} — ${reason}`))
  if (done.length === 0 && skipped.length === 0 && fetched === null)
    context.say(safeLine(`${plan.name}: there was nothing to mend without the Hub.`))
  if (fetched === null) {
    printFetches(context, plan)
    if (needsNetwork) context.note(`  Fetch what is missing: ${context.program} repair ${plan.name}`)
  } else for (const path of fetched.files) context.say(safeLine(`fetched ${path}`))
  const { paint } = context
  const word = health.status === 'healthy' ? paint.green('healthy') : paint.red('unhealthy')
  context.say(safeLine(`${word} ${health.name} — ${health.reason}${freed === 0 ? '' : ` ${formatSize(freed)} freed.`}`))
}

const verbs = {
  remove_link: 'remove the link',
  remove_file: 'remove the file',
  remove_blob: 'remove the blob',
  create_link: 'make the link',
  write_ref: 'write the ref',
} as const
