import type { ModelList, OutdatedModel, OutdatedResult, UpdateResult } from '../../../shared/contract'
import { AppError, isCancellation, toSerializedError } from '../../../shared/errors'
import type { PlanOutline } from '../../core/downloads'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { toJsonError } from '../output/document'
import { createPullProgress } from '../output/pull-progress'
import { formatSize, safeLine, shortHash } from '../output/text'
import type { OpenDownloads } from '../services/downloads'

/** As in the settings. */
const LIMITS = { connections: null, bytesPerSecond: null }

export const outdated: CliCommand = {
  define: (command, submit) => {
    command
      .argument('[model]', 'one model; without it all of them')
      .addHelpText(
        'after',
        `
Asks the Hub for every model of the cache that follows "main" whether it has moved, and what a newer revision would cost. Changes nothing.

Examples:
  mlxk outdated
  mlxk2 outdated | jq -r '.models[] | select(.state == "outdated") | .name'`,
      )
      .action((model: string | undefined) => submit((context) => sayOutdated(context, model)))
  },
}

export const update: CliCommand = {
  define: (command, submit) => {
    command
      .argument('[models...]', 'models to update')
      .option('-a, --all', 'every model whose "main" has moved')
      .option('--dry-run', 'show what would be fetched')
      .addHelpText(
        'after',
        `
Fetches the newest revision of models, only the files that changed, and proves every byte. The old revision stays until "mlxk prune" is asked
to remove it.

Examples:
  mlxk update mlx-community/Llama-3.2-1B-Instruct-4bit
  mlxk update --all --dry-run`,
      )
      .action((models: string[], options: { all?: boolean; dryRun?: boolean }) =>
        submit((context) => runUpdate(context, models, options)),
      )
  },
}

/** Models that follow `main`: those of the primary cache whose ref says so. Which commit that is. */
interface Followed {
  name: string
  commit: string
}

async function findFollowed(context: Context, specs: readonly string[]): Promise<Followed[]> {
  const { openCatalog } = await import('../services/catalog')
  const catalog = openCatalog(context)
  const names =
    specs.length > 0
      ? await Promise.all(specs.map(async (spec) => (await catalog.show(spec)).model))
      : ((await catalog.list()) satisfies ModelList).models
  const followed: Followed[] = []
  for (const { name, root, cached } of names) {
    if (!cached || root.kind !== 'primary') continue
    const detail = await catalog.show(name).catch(() => null)
    const main = detail?.revisions.find(({ refs }) => refs.includes('main'))
    if (main !== undefined) followed.push({ name, commit: main.hash })
    else if (specs.length > 0)
      throw new AppError('revision_not_found', `${name} does not follow "main": it was fetched at one revision.`, {
        hint: `${context.program} pull ${name}@main fetches the newest.`,
      })
  }
  return followed
}

interface Compared {
  model: OutdatedModel
  plan: PlanOutline | null
}

async function compare(context: Context, downloads: OpenDownloads, { name, commit }: Followed): Promise<Compared> {
  const base = { name, commit }
  try {
    const plan = await downloads.plan(
      { repo: name, revision: null, include: [], exclude: [], all: false },
      context.interruption().signal,
    )
    if (plan.commit === commit)
      return { model: { ...base, state: 'current', latest: commit, files: [], fetch_bytes: 0, error: null }, plan: null }
    const files = plan.files.filter(({ state }) => state === 'missing' || state === 'partial').map(({ path }) => path)
    return { model: { ...base, state: 'outdated', latest: plan.commit, files, fetch_bytes: plan.fetchBytes, error: null }, plan }
  } catch (error) {
    // Nobody can be asked: then every model would say the same.
    if (
      isCancellation(error) ||
      !(error instanceof AppError) ||
      ['hub_offline', 'network_failed', 'hub_rate_limited'].includes(error.code)
    )
      throw error
    const said = toJsonError(toSerializedError(error)) as OutdatedModel['error']
    return { model: { ...base, state: 'unknown', latest: null, files: [], fetch_bytes: 0, error: said }, plan: null }
  }
}

async function compareAll(context: Context, downloads: OpenDownloads, specs: readonly string[]): Promise<Compared[]> {
  const compared: Compared[] = []
  for (const followed of await findFollowed(context, specs)) compared.push(await compare(context, downloads, followed))
  return compared
}

async function withDownloads<T>(context: Context, work: (downloads: OpenDownloads) => Promise<T>): Promise<T> {
  const { openDownloads } = await import('../services/downloads')
  const downloads = await openDownloads(context, LIMITS)
  try {
    return await work(downloads)
  } finally {
    await downloads.close()
  }
}

async function sayOutdated(context: Context, spec: string | undefined): Promise<Outcome> {
  const compared = await withDownloads(context, (downloads) => compareAll(context, downloads, spec === undefined ? [] : [spec]))
  const data: OutdatedResult = { models: compared.map(({ model }) => model) }
  return { data, print: () => printOutdated(context, data) }
}

function printOutdated(context: Context, { models }: OutdatedResult): void {
  const old = models.filter(({ state }) => state === 'outdated')
  for (const { name, commit, latest, files, fetch_bytes: bytes } of old)
    context.say(safeLine(`${name}  ${shortHash(commit)} → ${shortHash(latest)}  ${files.length} files, ${formatSize(bytes)}`))
  for (const { name, error } of models) if (error !== null) context.note(safeLine(`${name}: ${error.message}`))
  if (models.length === 0) context.note('No model of the cache follows "main".')
  else if (old.length === 0) context.note(`${models.length === 1 ? 'It is' : 'All are'} up to date.`)
  else context.note(`  ${context.program} update --all`)
}

/** What was fetched is kept, and the old revision is as it was. */
function goOnLater(error: unknown, command: string): never {
  if (!(error instanceof AppError)) throw error
  const goOn = `What was fetched is kept. Go on with: ${command}`
  throw new AppError(error.code, error.message, {
    hint: error.hint === undefined || error.code === 'cancelled' ? goOn : `${error.hint} ${goOn}`,
    data: error.data,
    cause: error,
  })
}

async function runUpdate(
  context: Context,
  specs: readonly string[],
  options: { all?: boolean; dryRun?: boolean },
): Promise<Outcome> {
  if ((specs.length === 0) !== (options.all === true))
    throw new AppError('usage', 'Name the models to update, or say --all.', {
      hint: `"${context.program} outdated" shows which have moved.`,
    })
  return await withDownloads(context, async (downloads) => {
    const compared = await compareAll(context, downloads, specs)
    const models = compared.map(({ model }) => model)
    if (options.dryRun === true)
      return { data: { models, updated: [] } satisfies UpdateResult, print: () => printOutdated(context, { models }) }
    const needed = compared.reduce((sum, { plan }) => sum + (plan?.fetchBytes ?? 0), 0)
    const free = compared.find(({ plan }) => plan !== null)?.plan?.disk.freeBytes ?? null
    if (free !== null && needed > free)
      throw new AppError(
        'disk_full',
        `The new revisions need ${formatSize(needed)}, and the disk has ${formatSize(free)} to give.`,
        {
          hint: '"mlxk prune" shows what can go.',
        },
      )
    const updated: UpdateResult['updated'] = []
    for (const { model, plan } of compared) {
      if (plan === null) continue
      const view = createPullProgress(context)
      const { fetchedBytes } = await downloads
        .run(plan, context.interruption().signal, view.update)
        .catch((error: unknown) =>
          goOnLater(error, `${context.program} update ${options.all === true ? '--all' : specs.join(' ')}`),
        )
        .finally(view.end)
      updated.push({ name: model.name, from: model.commit, to: plan.commit, fetched_bytes: fetchedBytes })
      context.note(`${model.name}@${plan.commit.slice(0, 8)} is there, every byte verified.`)
    }
    const data: UpdateResult = { models, updated }
    return {
      data,
      print: () =>
        updated.length === 0 ? printOutdated(context, { models }) : context.note('  The old revisions stay until "mlxk prune".'),
    }
  })
}
