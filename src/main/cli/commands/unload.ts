import type { UnloadResult } from '../../../shared/contract/documents'
import { AppError } from '../../../shared/errors'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'

interface UnloadOptions {
  all?: boolean
  force?: boolean
}

const examples = `
Answers that are being made come to their end first, for half a minute at most; --force does not wait.

Examples:
  mlxk unload Llama-3.2-1B
  mlxk unload --all --force`

export const unload: CliCommand = {
  define: (command, submit) => {
    command
      .argument('[models...]', 'names, or parts of names')
      .option('--all', 'unload every model')
      .option('-f, --force', 'do not wait for answers')
      .addHelpText('after', examples)
      .action((models: string[], options: UnloadOptions) => submit((context) => run(context, models, options)))
  },
}

async function run(context: Context, models: readonly string[], options: UnloadOptions): Promise<Outcome> {
  if ((options.all === true) === models.length > 0) {
    throw new AppError('usage', models.length > 0 ? 'Name models, or --all: not both.' : 'Name a model, or use --all.', {
      hint: `See "${context.program} unload --help".`,
    })
  }
  const { readState, requireOwner } = await import('../services/owner')
  const { signal } = context.interruption()
  const owner = await requireOwner(context, `"${context.program} serve" starts it.`)
  const before = (await readState(owner)).loaded.map(({ name }) => name)
  const force = options.force === true
  const wanted = options.all === true ? before : await Promise.all(models.map((spec) => toName(spec, before, context)))
  const data: UnloadResult = { unloaded: [], not_loaded: [] }
  await Promise.all(
    [...new Set(wanted)].map(async (name) => {
      if (!before.includes(name)) return void data.not_loaded.push(name)
      await owner.call('models.unload', { model: name, ...(force ? { force } : {}) }, { signal })
      data.unloaded.push(name)
    }),
  )
  return { data, print: () => printResult(context, data) }
}

/** What is loaded is matched first: the model may be gone from the disk. @throws AppError model_not_found, ambiguous_match */
async function toName(spec: string, loaded: readonly string[], context: Context): Promise<string> {
  if (loaded.includes(spec)) return spec
  const matches = loaded.filter((name) => name.toLowerCase().includes(spec.toLowerCase()))
  const [only] = matches
  if (matches.length === 1 && only !== undefined) return only
  if (matches.length > 1) {
    throw new AppError('ambiguous_match', `"${spec}" is part of ${matches.length} loaded models.`, {
      hint: 'Type more of the name.',
      data: { matches },
    })
  }
  const { openCatalog } = await import('../services/catalog')
  return (await openCatalog(context).show(spec)).model.name
}

function printResult(context: Context, { unloaded, not_loaded: notLoaded }: UnloadResult): void {
  for (const name of unloaded) context.say(`${name}: unloaded`)
  for (const name of notLoaded) context.note(`${name} is not loaded.`)
  if (unloaded.length + notLoaded.length === 0) context.note('No model is loaded.')
}
