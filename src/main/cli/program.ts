import { Command, CommanderError, Help } from 'commander'
import { AppError } from '../../shared/errors'
import { version } from '../../shared/version'
import type { Globals, ProgramName } from './argv'
import { ExitError, type Outcome, type Submit } from './command'
import { commands, lookUpCommand, suggestCommand } from './command-table'
import { createContext } from './context'
import type { CliIo } from './io'

const about = 'Looks after the Hugging Face cache and runs the models in it.'
const everywhere = `
With every command:
  --json            one JSON document on stdout (mlx-knife's envelope)
  --json=full       the same with everything that is known
  --json=stream     JSON Lines: progress, then the result
  --no-color        no colours (also: NO_COLOR=1)

"mlxk2 COMMAND" prints the data of --json=full flat, as one document.`

/**
 * Parses the words and runs the one command among them.
 * @param known the typed command when it is one of ours, announced or not; null otherwise
 * @throws AppError usage, not_implemented, and whatever the command throws
 */
export async function dispatchCommand(globals: Globals, io: CliIo, program: ProgramName, known: string | null): Promise<Outcome> {
  const { rest } = globals
  const word = rest.find((each) => !each.startsWith('-'))
  if (known === null && word !== undefined) throw unknownCommand(word, program)
  // `mlxk help list` is `mlxk list --help`.
  const topic = known === 'help' ? (rest.filter((each) => !each.startsWith('-'))[1] ?? null) : known
  const looked = topic === null || topic === 'help' ? null : lookUpCommand(topic)
  if (looked !== null && looked.kind !== 'built' && !(known === 'help' && looked.kind === 'unknown'))
    throw notHere(topic ?? '', looked, program)
  if (looked?.kind === 'unknown') throw unknownCommand(topic ?? '', program)

  let run: Parameters<Submit>[0] | null = null
  const pages: string[] = []
  const root = createRoot(program, pages)
  if (looked?.kind === 'built') {
    const name = topic ?? looked.name
    const command = root.command(name).summary(looked.entry.summary).description(`${looked.entry.summary}.`)
    const definition = await looked.entry.load()
    definition.define(command, (chosen) => {
      run = chosen
    })
    for (const each of [command, ...command.commands]) harden(each, pages)
  }
  const wantsHelp = known === 'help' || rest.length === 0
  const words = wantsHelp ? [...(topic === null || topic === 'help' ? [] : [topic]), '--help'] : rest
  await parse(root, words, pages, `${program}${topic === null || topic === 'help' ? '' : ` ${topic}`}`)
  if (run === null) {
    const text = pages.join('')
    if (rest.length === 0 && globals.mode !== 'human')
      throw new AppError('usage', 'No command was given.', { hint: `See "${program} help".` })
    return { data: { help: text.trimEnd() }, print: () => io.stdout.write(text), exitCode: rest.length === 0 ? 2 : 0 }
  }
  const context = createContext({ io, program, mode: globals.mode, command: known ?? '', color: globals.color })
  return await (run as Parameters<Submit>[0])(context)
}

function createRoot(program: ProgramName, pages: string[]): Command {
  const root = new Command(program).description(about).version(version, '-V, --version', 'print the version').helpCommand(false)
  root.configureHelp({
    formatHelp: (command, helper) =>
      command === root ? overview(program) : Help.prototype.formatHelp.call(helper, command, helper),
  })
  harden(root, pages)
  return root
}

/** Nothing of commander's may print or exit by itself. */
function harden(command: Command, pages: string[]): void {
  command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => pages.push(text),
      writeErr: () => undefined,
      getOutHasColors: () => false,
      getOutHelpWidth: () => 100,
    })
    .helpCommand(false)
    .allowExcessArguments(false)
  if (command.parent !== null) command.helpOption('-h, --help', 'show this help')
}

function overview(program: ProgramName): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`)
  return [
    `Usage: ${program} COMMAND [options]`,
    '',
    about,
    '',
    'Commands:',
    ...lines,
    `  ${'help'.padEnd(width)}  Explain one command`,
    everywhere,
    '',
    'Examples:',
    `  ${program} demo                  try it: a tiny model, the engine, the API`,
    `  ${program} list                  what is in the cache`,
    `  ${program} run MODEL "Hello"     one answer`,
    `  ${program} serve                 an OpenAI-compatible API on this machine`,
    '',
  ].join('\n')
}

async function parse(root: Command, words: readonly string[], pages: string[], name: string): Promise<void> {
  try {
    await root.parseAsync(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.version') pages.splice(0, pages.length, `${root.name()} ${version}\n`)
    if (error.exitCode === 0 || error.code === 'commander.help') return
    const message = error.message.replace(/^error: /, '')
    throw new AppError('usage', message.charAt(0).toUpperCase() + message.slice(1).replace(/([^.)?])$/, '$1.'), {
      hint: `See "${name} --help".`,
    })
  }
}

function unknownCommand(word: string, program: ProgramName): AppError {
  const suggestion = suggestCommand(word)
  return new AppError('usage', `"${word}" is no command.`, {
    hint: suggestion === null ? `See "${program} help".` : `Did you mean "${program} ${suggestion}"?`,
  })
}

function notHere(
  word: string,
  looked: { kind: 'planned' | 'foreign' | 'unknown'; instead?: string | null },
  program: ProgramName,
): AppError {
  if (looked.kind === 'foreign') {
    return new AppError('usage', `"${word}" is a command of mlx-knife that ${program} does not have.`, {
      hint: looked.instead ?? undefined,
    })
  }
  const missing = new AppError('not_implemented', `"${program} ${word}" is not in version ${version}.`, {
    hint: looked.instead ?? undefined,
  })
  // Announced but not there: a mistyped command line, not a failed run.
  return new ExitError(missing, 2)
}
