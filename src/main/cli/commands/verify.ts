import type { VerifiedModel, VerifyProgress, VerifyResult } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { createProgress } from '../output/progress'
import { formatSize, safeLine } from '../output/text'

interface VerifyOptions {
  exitCode?: boolean
  fresh?: boolean
}

const examples = `
Reads every byte and compares it with the hash that the Hub gave it: SHA-256 for weights, git's SHA-1 for the rest. Offline. What was found
right is remembered while the file does not change; Ctrl-C loses nothing.

Examples:
  mlxk verify                      every model
  mlxk verify Llama-3.2-1B         one model
  mlxk verify --fresh --exit-code  read everything again; exit 1 when something is wrong
  mlxk2 verify | jq .summary`

export const verify: CliCommand = {
  define: (command, submit) => {
    command
      .argument('[model]', 'a name, part of a name, or name@hash')
      .option('--exit-code', 'exit 1 when a model is unhealthy')
      .option('--fresh', 'read again what an earlier run found right')
      .addHelpText('after', examples)
      .action((model: string | undefined, options: VerifyOptions) => submit((context) => run(context, model, options)))
  },
}

async function run(context: Context, model: string | undefined, options: VerifyOptions): Promise<Outcome> {
  const { openVerifier } = await import('../services/integrity')
  const { summary, models } = await watchVerification(
    context,
    openVerifier(context).verify({ model, fresh: options.fresh }, context.interruption().signal),
  )
  return {
    data: { models, summary },
    exitCode: options.exitCode === true && summary.unhealthy_count > 0 ? 1 : 0,
    print: () => printResult(context, models, summary),
  }
}

/** Shows the progress of a verification while it lasts, and returns the result, which is the last event. */
export async function watchVerification(
  context: Context,
  events: AsyncIterable<VerifyProgress | VerifyResult>,
): Promise<Pick<VerifyResult, 'models' | 'summary'>> {
  const view = context.mode === 'stream' ? null : await createProgress(context)
  try {
    for await (const event of events) {
      if (event.type === 'result') return event
      if (view === null) context.progress(event)
      else if (event.model !== null) view.update(event.model, describe(event), fraction(event))
    }
  } finally {
    view?.end()
  }
  throw new AppError('internal', 'The verification ended without a result.')
}

const fraction = ({ bytes_done: done, bytes_total: total }: VerifyProgress): number => (total === 0 ? 1 : done / total)

function describe({ model, file, bytes_done: done, bytes_total: total }: VerifyProgress): string {
  return `${formatSize(done)} of ${formatSize(total)}, ${model ?? ''}${file === null ? '' : ` ${file}`}`
}

function printResult(context: Context, models: readonly VerifiedModel[], summary: VerifyResult['summary']): void {
  const { paint } = context
  if (summary.total === 0) {
    context.note('There are no models to verify.')
    return
  }
  for (const { name, status, reason, files, findings } of models) {
    const word = status === 'healthy' ? paint.green('healthy  ') : paint.red('unhealthy')
    const unknown = files.unverifiable === 0 ? '' : `, ${files.unverifiable} cannot be verified`
    context.say(safeLine(`${word} ${name} — ${files.verified} files verified${unknown}. ${reason}`))
    for (const finding of findings.slice(1)) {
      context.say(safeLine(`            ${finding.file === null ? '' : `${finding.file}: `}${finding.message}`))
    }
  }
  context.note(`${formatSize(summary.bytes_hashed)} read, ${formatSize(summary.bytes_remembered)} unchanged since an earlier run.`)
  if (summary.unhealthy_count > 0) context.note(`  See what can be mended: ${context.program} repair MODEL --dry-run`)
}
