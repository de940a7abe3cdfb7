import { Option, type Command } from 'commander'
import type { ApiKey, KeyScope } from '../../../shared/contract'
import type { Outcome, Submit } from '../command'
import type { Context } from '../context'

const examples = `
Programs on this machine need no key. Other machines do, and "mlxk serve --host 0.0.0.0" starts only when there is one. A key is shown once,
when it is made; only its hash is kept. Scopes: "read" sees models and figures, "inference" also gets answers, "admin" also loads and
unloads models.

Examples:
  mlxk config key create laptop
  mlxk config key create grafana --scope read --json | jq -r .data.key
  mlxk config key list
  mlxk config key revoke laptop`

/** `config key create|list|revoke`. */
export function defineKeyCommands(command: Command, submit: Submit): void {
  command.addHelpText('after', examples)
  command
    .command('create')
    .description('Make a key. It is printed this once.')
    .argument('<name>', 'what it is for, such as the machine that will use it')
    .addOption(new Option('--scope <scope>', 'what it may do').choices(['read', 'inference', 'admin']).default('inference'))
    .action((name: string, options: { scope: KeyScope }) => submit((context) => create(context, name, options.scope)))
  command
    .command('list')
    .description('List the keys, without the keys themselves.')
    .action(() => submit(list))
  command
    .command('revoke')
    .description('Make a key worthless from the next request on.')
    .argument('<key>', 'its name or id')
    .action((key: string) => submit((context) => revoke(context, key)))
}

async function create(context: Context, typed: string, scope: KeyScope): Promise<Outcome> {
  const name = typed.trim()
  if (name === '' || name.length > 64) {
    const { AppError } = await import('../../../shared/errors')
    throw new AppError('usage', 'The name of a key has 1 to 64 characters.')
  }
  const { openKeys } = await import('../services/settings')
  const created = await openKeys(context).create({ name, scope })
  return {
    data: created,
    print: () => {
      context.say(created.key)
      context.note(`This is the key "${name}" (${scope}). It is not shown again. Use it as: Authorization: Bearer KEY`)
    },
  }
}

async function list(context: Context): Promise<Outcome> {
  const { openKeys } = await import('../services/settings')
  const keys = await openKeys(context).list()
  return { data: { keys }, print: () => printKeys(context, keys) }
}

async function printKeys(context: Context, keys: readonly ApiKey[]): Promise<void> {
  if (keys.length === 0) {
    context.note(`There are no keys, so the API serves this machine alone. "${context.program} config key create NAME" makes one.`)
    return
  }
  const { renderTable } = await import('../output/table')
  const columns = [
    { title: 'Name', narrow: 'shrink' as const },
    { title: 'Id' },
    { title: 'Scope' },
    { title: 'Begins with', narrow: 1 },
    { title: 'Made', narrow: 2 },
  ]
  const rows = keys.map(({ name, id, scope, hint, created_at: at }) => [name, id, scope, hint, at.slice(0, 10)])
  context.say(renderTable(columns, rows, { available: context.io.stdout.columns(), head: context.paint.bold }))
}

async function revoke(context: Context, key: string): Promise<Outcome> {
  const { openKeys } = await import('../services/settings')
  await openKeys(context).revoke(key)
  return { data: { revoked: key }, print: () => context.note(`The key "${key}" is worthless now.`) }
}
