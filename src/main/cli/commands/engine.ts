import type { EngineStatus } from '../../../shared/contract'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { createProgress } from '../output/progress'

const examples = `
The engine is mlx_lm in a Python environment of its own, in the data folder. MLXK_PYTHON=/path/to/python uses yours instead.

Examples:
  mlxk engine status
  mlxk engine install
  mlxk engine install --json=stream`

export const engine: CliCommand = {
  define: (command, submit) => {
    command.addHelpText('after', examples)
    command
      .command('status')
      .description('Say whether the engine is ready, and what would mend it.')
      .action(() => submit(showStatus))
    command
      .command('install')
      .description('Install the engine, or mend a broken one. Does nothing when it is ready.')
      .action(() => submit(install))
  },
}

async function showStatus(context: Context): Promise<Outcome> {
  const { openEngine } = await import('../services/engine')
  const status = await (await openEngine(context)).status()
  return { data: status, print: () => printStatus(context, status) }
}

async function install(context: Context): Promise<Outcome> {
  const { openEngine } = await import('../services/engine')
  const access = await openEngine(context)
  const status = await installWithProgress(context, access.install(context.interruption().signal))
  return { data: status, print: () => printStatus(context, status) }
}

/** Shows the steps of an installation while it runs, and returns what came of it. */
export async function installWithProgress(
  context: Context,
  steps: AsyncGenerator<{ step: string; message: string; fraction: number | null }, EngineStatus>,
): Promise<EngineStatus> {
  const view = await createProgress(context)
  try {
    for (;;) {
      const next = await steps.next()
      if (next.done === true) return next.value
      view.update(next.value.step, next.value.message, next.value.fraction)
    }
  } finally {
    view.end()
  }
}

export function describeVersions({ versions }: EngineStatus): string {
  if (versions === null) return ''
  const { python, mlx, mlx_lm: mlxLm, transformers } = versions
  return [
    `mlx_lm ${mlxLm}`,
    mlx === null ? '' : `mlx ${mlx}`,
    transformers === null ? '' : `transformers ${transformers}`,
    `Python ${python}`,
  ]
    .filter((part) => part !== '')
    .join(', ')
}

function printStatus(context: Context, status: EngineStatus): void {
  const { paint } = context
  const colour = status.state === 'ready' ? paint.green : status.state === 'broken' ? paint.red : paint.yellow
  context.say(`Engine: ${colour(status.state)}${status.versions === null ? '' : ` (${describeVersions(status)})`}`)
  if (status.python !== null)
    context.say(`Python: ${status.python}${status.source === 'managed' ? '' : ` (from ${sources[status.source]})`}`)
  if (status.reason !== null) context.note(status.reason)
  if (status.hint !== null) context.note(`  ${status.hint}`)
}

const sources: Record<EngineStatus['source'], string> = {
  managed: 'the data folder',
  environment: 'MLXK_PYTHON',
  settings: 'the settings',
}
