import type { LoadedModel } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { createProgress } from '../output/progress'
import { formatSize } from '../output/text'
import { keepAlive } from './options'
import { formatExpiry } from './ps'

interface LoadOptions {
  keepAlive?: number | null
  pin?: boolean
}

const examples = `
Loads into the MLX Knife that runs ("mlxk serve", "mlxk ui", the app), so that the first answer does not wait. Loading what is loaded changes
only how long it stays.

Examples:
  mlxk load Llama-3.2-1B
  mlxk load Llama-3.2-1B --keep-alive 2h      unload after two hours without use
  mlxk load Llama-3.2-1B --keep-alive never   stay until memory is needed
  mlxk load Llama-3.2-1B --pin                stay in any case`

export const load: CliCommand = {
  define: (command, submit) => {
    command
      .argument('<model>', 'a name, part of a name, or name@hash')
      .option('--keep-alive <time>', 'unload after so long without use: seconds, or 90s, 15m, 2h, never', keepAlive)
      .option('--pin', 'unload neither when idle nor to make room for others')
      .option('--no-pin', 'undo --pin')
      .addHelpText('after', examples)
      .action((model: string, options: LoadOptions) => submit((context) => run(context, model, options)))
  },
}

async function run(context: Context, model: string, options: LoadOptions): Promise<Outcome> {
  const { requireOwner } = await import('../services/owner')
  const { signal } = context.interruption()
  const owner = await requireOwner(context, `"${context.program} serve ${model}" starts it with this model.`)
  const view = await createProgress(context)
  let last: LoadedModel | null = null
  try {
    const states = owner.stream(
      'models.load',
      {
        model,
        ...(options.keepAlive === undefined ? {} : { keep_alive_s: options.keepAlive }),
        ...(options.pin === undefined ? {} : { pinned: options.pin }),
      },
      { signal },
    )
    for await (const state of states) {
      last = state
      if (state.state !== 'ready') view.update(state.state, `${state.name}: ${state.state}`, state.progress)
    }
  } finally {
    view.end()
  }
  if (last === null) throw new AppError('engine_load_failed', `${model} was not loaded.`, { hint: 'Try again.' })
  const loaded = last
  return { data: loaded, print: () => printLoaded(context, loaded) }
}

function printLoaded(context: Context, model: LoadedModel): void {
  const memory = model.memory_bytes === null ? '' : `, ${formatSize(model.memory_bytes)}`
  context.say(`${model.name}: ${model.state}${memory} (${describeStay(model)})`)
}

function describeStay(model: LoadedModel): string {
  const stay = formatExpiry(model, Date.now())
  if (stay === 'pinned' || stay === 'in use') return stay
  return stay === 'never'
    ? 'stays loaded'
    : stay.startsWith('idle')
      ? `unloads after ${stay.slice(5)} without use`
      : `unloads ${stay}`
}
