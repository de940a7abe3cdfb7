import type { RemovalPlan } from '../../../shared/contract'
import type { RmEntry, RmResult } from '../../../shared/contract/documents'
import { AppError, isCancellation, toSerializedError } from '../../../shared/errors'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { canAsk, confirm } from '../output/confirm'
import { toJsonError } from '../output/document'
import { renderError } from '../output/errors'
import { projectRm } from '../output/project'
import { count, describePlan, describeRemoval } from '../output/removal'
import { formatSize } from '../output/text'
import type { StorageAccess } from '../services/storage'

interface RmOptions {
  force?: boolean
  yes?: boolean
  dryRun?: boolean
}

const examples = `
Shows what goes, how much that really frees, and what stays because something else uses it. Asks on a terminal; without one it removes what
was named exactly, and only shows the plan of the rest. All names are looked up before anything is removed. A model that is loaded or being
downloaded is refused, also with --force.

Examples:
  mlxk rm mlx-community/Llama-3.2-1B-Instruct-4bit --dry-run   the plan, nothing is changed
  mlxk rm llama-3.2-1b                                         part of a name: asks, or shows the plan
  mlxk rm org/model@6d3f org/other                             one revision, and another model
  mlxk rm -f org/model                                         no question, lock files or not
  mlxk2 rm org/model --dry-run | jq .results[].plan.bytes_freed`

export const rm: CliCommand = {
  define: (command, submit) => {
    command
      .argument('<models...>', 'names, parts of names, or name@hash for one revision')
      .option('-f, --force', 'do not ask, and do not mind lock files that nobody holds')
      .option('-y, --yes', 'do not ask')
      .option('--dry-run', 'show what would be removed')
      .addHelpText('after', examples)
      .action((models: string[], options: RmOptions) => submit((context) => run(context, models, options)))
  },
}

/** A name that was typed, and what it stands for. */
interface Wanted {
  spec: string
  plan: RemovalPlan
}

const isExact = ({ spec, plan }: Wanted): boolean => spec.split('@')[0] === plan.name

async function run(context: Context, specs: readonly string[], options: RmOptions): Promise<Outcome> {
  const { openStorage } = await import('../services/storage')
  const storage = openStorage(context)
  const force = options.force === true
  if (options.dryRun === true) return preview(context, await rehearse(storage, specs, force), true)
  const { wanted, finished } = await lookUp(context, storage, specs, force)
  if (wanted.length === 0) return conclude(context, finished)
  if (!force && options.yes !== true) {
    const asks = canAsk(context)
    if (!asks && !wanted.every(isExact)) return preview(context, [...finished, ...wanted.map(toAsking)], false)
    if (asks && !(await askFor(context, wanted))) {
      return { data: toResult(wanted.map(toAsking), false), print: () => context.note('Nothing was removed.') }
    }
  }
  return conclude(context, [...finished, ...(await removeAll(context, storage, wanted, force))])
}

/** What each name stands for and whether it may be removed; the same thing once. Nothing is touched before all of them are known. */
async function lookUp(
  context: Context,
  storage: StorageAccess,
  specs: readonly string[],
  force: boolean,
): Promise<{ wanted: Wanted[]; finished: RmEntry[] }> {
  const wanted: Wanted[] = []
  const finished: RmEntry[] = []
  try {
    for (const spec of specs) {
      try {
        wanted.push({ spec, plan: await storage.checkRemove(spec, { force }) })
      } catch (error) {
        if (!(error instanceof AppError) || !['model_not_found', 'hash_not_found'].includes(error.code)) throw error
        const { plan, ...removal } = await storage.finish(spec)
        const { name, message } = removal
        finished.push({ spec, name, action: 'finished', message, plan, removal, error: null })
      }
    }
  } catch (error) {
    if (specs.length > 1 && finished.length === 0) context.note('Nothing was removed, since one of these cannot be.')
    throw withShortHashes(error)
  }
  return { wanted: withoutRepeats(wanted), finished }
}

/** As mlx-knife's `rm` names them. */
function withShortHashes(error: unknown): unknown {
  const hashes = error instanceof AppError ? error.data?.['available_hashes'] : undefined
  if (!(error instanceof AppError) || !Array.isArray(hashes)) return error
  const { code, message, hint, data } = error
  return new AppError(code, message, { hint, data: { ...data, available_hashes: hashes.map((hash) => String(hash).slice(0, 8)) } })
}

/** `rm m m@abc` is `rm m`. */
function withoutRepeats(wanted: readonly Wanted[]): Wanted[] {
  const whole = new Set(wanted.filter(({ plan }) => plan.revision === null).map(({ plan }) => plan.folder))
  const seen = new Set<string>()
  return wanted.filter(({ plan: { folder, revision } }) => {
    const key = `${folder}@${revision ?? ''}`
    if (seen.has(key) || (revision !== null && whole.has(folder))) return false
    seen.add(key)
    return true
  })
}

async function rehearse(storage: StorageAccess, specs: readonly string[], force: boolean): Promise<RmEntry[]> {
  const entries: RmEntry[] = []
  for (const spec of specs) {
    const plan = await storage.planRemove(spec)
    const refusal = await storage.checkRemove(spec, { force }).then(
      () => null,
      (error: unknown) => error,
    )
    const error = refusal === null ? null : (toJsonError(toSerializedError(refusal)) as RmEntry['error'])
    entries.push({ ...toAsking({ spec, plan }), action: 'would_delete', error })
  }
  return entries
}

function toAsking(wanted: Wanted): RmEntry {
  const { spec, plan } = wanted
  const from = isExact(wanted) ? '' : ` (matched from '${spec}')`
  const what = plan.target === 'revision' ? `${plan.name}@${plan.revision ?? ''}` : plan.name
  const message = `Would delete '${what}'${from}`
  return { spec, name: plan.name, action: 'requires_confirmation', message, plan, removal: null, error: null }
}

async function askFor(context: Context, wanted: readonly Wanted[]): Promise<boolean> {
  for (const { plan } of wanted) for (const line of describePlan(plan, context.talkPaint)) context.talk(line)
  const [only] = wanted
  const what = wanted.length === 1 && only !== undefined ? only.plan.name : `these ${wanted.length}`
  const bytes = wanted.reduce((sum, { plan }) => sum + plan.bytes_freed, 0)
  const part = only?.plan.target === 'revision' && wanted.length === 1 ? 'the revision of ' : ''
  return confirm(context, `Remove ${part}${what}, ${formatSize(bytes)}?`)
}

/** One after the other; what fails does not keep the others. */
async function removeAll(context: Context, storage: StorageAccess, wanted: readonly Wanted[], force: boolean): Promise<RmEntry[]> {
  const { signal } = context.interruption()
  const entries: RmEntry[] = []
  for (const [index, { spec, plan: seen }] of wanted.entries()) {
    const { name, revision } = seen
    const exact = revision === null ? name : `${name}@${revision}`
    let plan = seen
    try {
      if (signal.aborted) throw signal.reason
      // The one before may have used the same files.
      if (index > 0) plan = await storage.checkRemove(exact, { force })
      const { plan: _seen, ...removal } = await storage.remove(exact, plan, { force })
      const { action, message } = removal
      entries.push({ spec, name, action, message, plan, removal, error: null })
      if (context.isHuman) for (const line of describeRemoval(removal, context.paint)) context.say(line)
    } catch (error) {
      if (wanted.length === 1) throw error
      const problem = toSerializedError(error)
      if (context.isHuman && !isCancellation(error))
        context.io.stderr.write(renderError(problem, context.program, context.command, context.talkPaint))
      const said = toJsonError(problem) as RmEntry['error']
      entries.push({ spec, name, action: 'failed', message: problem.message, plan, removal: null, error: said })
    }
  }
  return entries
}

function toResult(results: RmEntry[], isDryRun: boolean): RmResult {
  const removals = results.flatMap(({ removal }) => {
    if (removal === null) return []
    return removal.action === 'finished' ? removal.finished : [removal, ...removal.finished]
  })
  return {
    results,
    dry_run: isDryRun,
    requires_confirmation: results.some(({ action }) => action === 'requires_confirmation'),
    bytes_freed: removals.reduce((sum, removal) => sum + removal.bytes_freed, 0),
    disk_bytes_freed: removals.reduce((sum, removal) => sum + removal.disk_bytes_freed, 0),
  }
}

function preview(context: Context, entries: RmEntry[], isDryRun: boolean): Outcome {
  const data = toResult(entries, isDryRun)
  return { data, projected: projectRm(data), print: () => printPreview(context, data) }
}

function printPreview(context: Context, { results, dry_run: isDryRun }: RmResult): void {
  for (const { plan, error } of results) {
    if (plan === null) continue
    for (const line of describePlan(plan, context.paint)) context.say(line)
    if (error !== null) context.say(`  ${context.paint.yellow('would be refused now')}: ${error.message}`)
  }
  const bytes = results.reduce((sum, { plan }) => sum + (plan?.bytes_freed ?? 0), 0)
  if (results.length > 1) context.say(`${count(results.length, 'removal')}, ${formatSize(bytes)} together`)
  if (!isDryRun) context.note('Nothing was removed: the name was not typed exactly. Add --yes, or type the whole name.')
}

/** All went well, or what went wrong is said as the failure of the whole. @throws AppError of the first that failed */
function conclude(context: Context, entries: RmEntry[]): Outcome {
  const data = toResult(entries, false)
  const failed = entries.filter(({ action }) => action === 'failed')
  const error = failed[0]?.error ?? null
  if (error !== null && !context.isHuman) {
    const { type, message, hint, ...facts } = error
    throw new AppError(type, `${failed.length} of ${entries.length} were not removed: ${message}`, {
      hint,
      data: { ...facts, results: entries },
    })
  }
  const print = (): void => {
    for (const { action, removal } of entries) {
      if (action !== 'finished' || removal === null) continue
      for (const line of describeRemoval(removal, context.paint)) context.say(line)
    }
    if (entries.length > 1) context.note(`${formatSize(data.bytes_freed)} freed together.`)
  }
  return { data, projected: projectRm(data), exitCode: error === null ? 0 : 1, print }
}
