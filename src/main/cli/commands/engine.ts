import type { EngineStatus } from '../../../shared/contract'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { createProgress } from '../output/progress'
import type { EngineChange } from '../services/engine'

const examples = `
The engine is mlx_lm in a Python environment of its own, in the data folder. MLXK_PYTHON=/path/to/python uses yours instead; that one is
never changed. A new environment is made beside the old one and takes its place only after a model has answered in it.

Examples:
  mlxk engine status
  mlxk engine install
  mlxk engine update           the packages that this version of mlxk comes with; the old ones are kept
  mlxk engine rollback         back to those that were kept
  mlxk engine install --json=stream`

export const engine: CliCommand = {
  define: (command, submit) => {
    command.addHelpText('after', examples)
    const add = (name: string, description: string, work: (context: Context) => Promise<Outcome>): void => {
      command
        .command(name)
        .description(description)
        .action(() => submit(work))
    }
    add('status', 'Say whether the engine is ready, and what would mend it.', showStatus)
    add('install', 'Install the engine, or mend a broken one. Does nothing when it is ready.', (context) =>
      change(context, 'install'),
    )
    add('update', 'Move to the packages that this version comes with. Keeps the present ones.', (context) =>
      change(context, 'update'),
    )
    add('rollback', 'Go back to the packages that the last update kept.', (context) => change(context, 'rollback'))
    add('remove', 'Remove the engine and what was kept of it. Models stay; another Python is never touched.', (context) =>
      change(context, 'remove'),
    )
  },
}

async function showStatus(context: Context): Promise<Outcome> {
  const { openEngine } = await import('../services/engine')
  const status = await (await openEngine(context)).status()
  return { data: status, print: () => printStatus(context, status) }
}

async function change(context: Context, kind: EngineChange): Promise<Outcome> {
  const { openEngine } = await import('../services/engine')
  const access = await openEngine(context)
  const before = await access.status()
  const status = await installWithProgress(context, access.change(kind, context.interruption().signal))
  const print = (): void => {
    const said = describeChange(kind, before, status)
    if (said !== null) context.note(said)
    printStatus(context, status)
  }
  return { data: status, print }
}

/** What came of it, where the status alone does not say. */
function describeChange(kind: EngineChange, before: EngineStatus, after: EngineStatus): string | null {
  const isSame = before.python === after.python
  if (kind === 'update' && isSame) return 'The engine is up to date.'
  if (kind === 'remove') return after.source === 'managed' ? 'The engine is removed.' : 'The managed engine is removed.'
  if (kind === 'rollback' || kind === 'update') return 'Models that are loaded keep the old engine until they are loaded again.'
  return null
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

export function describeVersions({ versions }: Pick<EngineStatus, 'versions'>): string {
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
  if (status.update_available) context.note('This version of mlxk comes with another engine: mlxk engine update')
  if (status.previous !== null) context.note(`Kept: ${describeVersions({ versions: status.previous })} (mlxk engine rollback)`)
  if (status.reason !== null) context.note(status.reason)
  if (status.hint !== null) context.note(`  ${status.hint}`)
}

const sources: Record<EngineStatus['source'], string> = {
  managed: 'the data folder',
  environment: 'MLXK_PYTHON',
  settings: 'the settings',
}
