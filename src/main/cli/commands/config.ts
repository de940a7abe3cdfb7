import { Option } from 'commander'
import type { Setting } from '../../../shared/contract'
import type { CliCommand, Outcome } from '../command'
import type { Context } from '../context'
import { safeLine } from '../output/text'
import { defineKeyCommands } from './config-key'

const examples = `
What decides a setting: an option of a command, then an environment variable, then settings.json, then the default. While MLX Knife runs,
its own environment counts, and what is changed here holds there. Lists are written with commas; "none" is no value.

Examples:
  mlxk config list --explain
  mlxk config get server.port
  mlxk config set server.port 8000
  mlxk config set server.allowed_origins https://chat.example,app://notes
  mlxk config unset server.port
  mlxk config key create laptop                  an API key, shown once
  mlxk config list --json | jq '.data.settings[] | select(.source != "default")'`

export const config: CliCommand = {
  define: (command, submit) => {
    const explain = (): Option => new Option('--explain', 'say where each value comes from and what it may be')
    command.addHelpText('after', examples)
    command
      .command('list')
      .description('Show every setting.')
      .addOption(explain())
      .action((options: { explain?: boolean }) => submit((context) => list(context, options.explain === true)))
    command
      .command('get')
      .description('Print the value of one setting.')
      .argument('<key>', 'such as server.port')
      .addOption(explain())
      .action((key: string, options: { explain?: boolean }) => submit((context) => get(context, key, options.explain === true)))
    command
      .command('set')
      .description('Change a setting.')
      .argument('<key>', 'such as server.port')
      .argument('<value>', 'what it is to be; "none" for no value, commas between the parts of a list')
      .action((key: string, value: string) => submit((context) => change(context, key, value)))
    command
      .command('unset')
      .description('Go back to the default of a setting.')
      .argument('<key>', 'such as server.port')
      .action((key: string) => submit((context) => change(context, key, null)))
    defineKeyCommands(command.command('key').description('Make, list and revoke the keys of the API.'), submit)
  },
}

async function list(context: Context, explain: boolean): Promise<Outcome> {
  const { openSettingsAccess } = await import('../services/settings')
  const settings = await openSettingsAccess(context).list()
  const print = async (): Promise<void> => {
    if (explain) {
      settings.forEach((setting, index) => printExplained(context, setting, index > 0))
      return
    }
    const { renderTable } = await import('../output/table')
    const rows = settings.map((setting) => [setting.key, formatValue(setting.value), sourceOf(setting)])
    const columns = [{ title: 'Setting' }, { title: 'Value', narrow: 'shrink' as const }, { title: 'From', narrow: 1 }]
    context.say(renderTable(columns, rows, { available: context.io.stdout.columns(), head: context.paint.bold }))
    for (const { problem } of settings) if (problem !== null) context.note(context.talkPaint.yellow(problem))
  }
  return { data: { settings }, print }
}

async function get(context: Context, key: string, explain: boolean): Promise<Outcome> {
  const { openSettingsAccess } = await import('../services/settings')
  const setting = await openSettingsAccess(context).get(key)
  // Alone on its line, for scripts.
  return {
    data: setting,
    print: () => (explain ? printExplained(context, setting, false) : context.say(safeLine(formatValue(setting.value)))),
  }
}

async function change(context: Context, key: string, text: string | null): Promise<Outcome> {
  const { openSettingsAccess } = await import('../services/settings')
  const access = openSettingsAccess(context)
  const setting = text === null ? await access.unset(key) : await access.set(key, text)
  return { data: setting, print: () => printChanged(context, setting) }
}

function printChanged(context: Context, setting: Setting): void {
  const { source, variable, takes_effect: effect } = setting
  const value = setting.in_file ? setting.file_value : setting.default
  context.say(safeLine(`${setting.key} = ${formatValue(value)}${setting.in_file ? '' : ' (default)'}`))
  if (source === 'environment') {
    context.note(
      context.talkPaint.yellow(`${variable ?? 'The environment'} goes before it, and is set: ${formatValue(setting.value)}`),
    )
  } else if (effect !== 'at once') context.note(context.talkPaint.dim(`Takes effect ${effect}.`))
}

function printExplained(context: Context, setting: Setting, apart: boolean): void {
  const { paint } = context
  const lines = [
    `${paint.bold(setting.key)} = ${safeLine(formatValue(setting.value))}`,
    `  ${setting.summary}`,
    `  from: ${sourceOf(setting)}`,
    ...(setting.in_file && setting.source === 'environment'
      ? [`  in settings.json, without effect now: ${formatValue(setting.file_value)}`]
      : []),
    `  default: ${formatValue(setting.default)}`,
    `  may be: ${setting.allowed}`,
    ...(setting.variables.length === 0 ? [] : [`  variables: ${setting.variables.join(', then ')}`]),
    `  a change takes effect ${setting.takes_effect}`,
    ...(setting.problem === null ? [] : [`  ${paint.red(setting.problem)}`]),
  ]
  if (apart) context.say('')
  for (const line of lines) context.say(line)
}

function sourceOf({ source, variable }: Setting): string {
  if (source === 'environment') return variable ?? 'environment'
  return source === 'settings' ? 'settings.json' : 'default'
}

function formatValue(value: unknown): string {
  if (value === null) return 'none'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(String).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
