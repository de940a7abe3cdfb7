import type { RepairPlan, RepairResult } from '../../../shared/contract'
import type { RepairPreview } from '../../../shared/contract/documents'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { formatSize, safeLine } from '../output/text'
import { watchVerification } from './verify'

interface RepairOptions {
  dryRun?: boolean
  yes?: boolean
}

const examples = `
Verifies the model first. Mends what needs no network: a missing refs/main, lost links, files that are provably wrong (they are removed, so that nothing takes them for
good). Says which files have to be fetched again. A name that is not exact needs --yes.

Examples:
  mlxk repair mlx-community/Llama-3.2-1B-Instruct-4bit --dry-run    the plan, nothing is changed
  mlxk repair mlx-community/Llama-3.2-1B-Instruct-4bit`

export const repair: CliCommand = {
  define: (command, submit) => {
    command
      .argument('<model>', 'a name, part of a name, or name@hash')
      .option('--dry-run', 'show what would be done')
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
  const result = await repairer.repair(model, { planId: plan.id }, signal)
  return { data: result, exitCode: result.health.status === 'healthy' ? 0 : 1, print: () => printResult(context, result) }
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
  if (fetch.length > 0 || needsListing) context.note(`  Fetch what is missing: ${context.program} pull ${name} --force-resume`)
}

function printPreview(context: Context, { plan, requires_confirmation: asks }: RepairPreview): void {
  printPlan(context, plan)
  printFetches(context, plan)
  if (asks) context.note(`Nothing was changed: "${plan.name}" was not named exactly. Add --yes, or type the whole name.`)
}

function printResult(context: Context, { plan, done, skipped, size_bytes_freed: freed, health }: RepairResult): void {
  for (const { kind, path } of done) context.say(safeLine(`done: ${verbs[kind]} ${path}`))
  for (const { action, reason } of skipped) context.say(safeLine(`left out: ${verbs[action.kind]} ${action.path} — ${reason}`))
  if (done.length === 0 && skipped.length === 0) context.say(safeLine(`${plan.name}: there was nothing to mend without the Hub.`))
  printFetches(context, plan)
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
