import { Command, CommanderError, Help } from 'commander'
import { AppError } from '../../shared/errors'
import { version } from '../../shared/version'
import type { Globals, ProgramName } from './argv'
import { ExitError, type Outcome, type Submit } from './command'
import { commands, lookUpCommand, suggestCommand, type CommandWord } from './command-table'
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
  const { rest, mode, color } = globals
  if (rest.length === 0 && mode !== 'human') {
    throw new AppError('usage', 'No command was given.', { hint: `See "${program} help".` })
  }
  const topic = findTopic(rest, known, program)
  const pages: string[] = []
  const root = createRoot(program, pages)
  const chosen: Parameters<Submit>[0][] = []
  if (topic !== null) await defineCommand(root, topic, pages, (run) => chosen.push(run))
  // `mlxk help list` is `mlxk list --help`.
  const wantsHelp = known === 'help' || rest.length === 0
  const words = wantsHelp ? [...(topic === null ? [] : [topic.word]), '--help'] : rest
  await parse(root, words, pages, topic === null ? program : `${program} ${topic.word}`)
  const run = chosen[0]
  if (run !== undefined) return await run(createContext({ io, program, mode, command: known ?? '', color }))
  const text = pages.join('')
  return { data: { help: text.trimEnd() }, print: () => io.stdout.write(text), exitCode: rest.length === 0 ? 2 : 0 }
}

interface Topic {
  /** As it was typed, e.g. `server`. */
  word: string
  command: Extract<CommandWord, { kind: 'built' }>
}

/** The command that was typed, or the one that `help` was asked about; null for neither. @throws AppError usage, not_implemented */
function findTopic(rest: readonly string[], known: string | null, program: ProgramName): Topic | null {
  const typed = rest.filter((each) => !each.startsWith('-'))
  const word = known === 'help' ? typed[1] : (known ?? typed[0])
  if (word === undefined || word === 'help') return null
  const command = lookUpCommand(word)
  if (command.kind === 'built') return { word, command }
  throw command.kind === 'unknown' ? unknownCommand(word, program) : notHere(word, command, program)
}

async function defineCommand(root: Command, { word, command: { entry } }: Topic, pages: string[], submit: Submit): Promise<void> {
  const command = root.command(word).summary(entry.summary).description(`${entry.summary}.`)
  const definition = await entry.load()
  definition.define(command, submit)
  hardenAll(command, pages)
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

function hardenAll(command: Command, pages: string[]): void {
  harden(command, pages)
  for (const each of command.commands) hardenAll(each, pages)
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
    if (error.exitCode === 0) return
    if (error.code === 'commander.help') {
      throw new AppError('usage', `"${name}" needs one more word.`, { hint: `See "${name} --help".` })
    }
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

function notHere(word: string, command: Extract<CommandWord, { kind: 'planned' | 'foreign' }>, program: ProgramName): AppError {
  const hint = command.instead ?? undefined
  if (command.kind === 'foreign') {
    return new AppError('usage', `"${word}" is a command of mlx-knife that ${program} does not have.`, { hint })
  }
  // Announced but not there: a mistyped command line, not a failed run.
  return new ExitError(new AppError('not_implemented', `"${program} ${word}" is not in version ${version}.`, { hint }), 2)
}
