/**
 * The command line: argv in, exit code out. Parses, runs one command and prints its result; everything else is core's. Used by
 * `bin/mlxk` through main.ts and by the Electron entry, which runs it before any window. May import core faces, server and app.ts.
 */
import { AppError, exitCodes, isCancellation, toSerializedError, type ExitCode, type SerializedError } from '../../shared/errors'
import { findCommandWord, parseGlobals, type Globals, type ProgramName } from './argv'
import { ExitError, type Outcome } from './command'
import { processIo, type CliIo } from './io'

export type { ProgramName } from './argv'
export { processIo, type CliIo } from './io'

/** What one call came to, before it is printed. */
interface Ending {
  command: string | null
  outcome: Outcome | null
  error: SerializedError | null
  exitCode: ExitCode
}

/**
 * Runs one command line to its end and resolves with the exit code, when everything printed has left the process. Never throws, never
 * ends the process.
 * @param argv the words after the program's name
 */
export async function runCli(argv: readonly string[], io: CliIo = processIo(), program: ProgramName = 'mlxk'): Promise<number> {
  const globals = parseGlobals(argv, program)
  const ending = await execute(globals, io, program)
  await print(ending, globals, io, program)
  await Promise.all([io.stdout.flush(), io.stderr.flush()])
  return io.readerLeft.aborted ? 0 : ending.exitCode
}

async function execute(globals: Globals, io: CliIo, program: ProgramName): Promise<Ending> {
  let command: string | null = null
  try {
    const [first, ...others] = globals.rest
    if (globals.problem === null && others.length === 0 && (first === '--version' || first === '-V')) {
      // The quickest way out: no parser, no core.
      command = 'version'
      return { command, outcome: (await import('./commands/version')).versionOutcome(io, program), error: null, exitCode: 0 }
    }
    const { lookUpCommand } = await import('./command-table')
    const word = findCommandWord(globals.rest)
    if (word !== null && (word === 'help' || lookUpCommand(word).kind !== 'unknown')) command = word
    if (globals.problem !== null) throw new AppError('usage', globals.problem)
    const { dispatchCommand } = await import('./program')
    const outcome = await dispatchCommand(globals, io, program, command)
    return { command, outcome, error: null, exitCode: outcome.exitCode ?? 0 }
  } catch (error) {
    return failure(error, command, io)
  }
}

function failure(error: unknown, command: string | null, io: CliIo): Ending {
  const serialized = toSerializedError(error)
  if (serialized.code === 'internal' && !(error instanceof AppError)) {
    // Nobody expected this one: whoever reports it needs to say where it came from.
    if (io.env['MLXK_LOG_LEVEL'] === 'debug' && error instanceof Error) io.stderr.write(`${error.stack ?? error.message}\n`)
    else serialized.hint = 'Run it again with MLXK_LOG_LEVEL=debug to see where it comes from.'
  }
  const own = isCancellation(error) ? 130 : exitCodes[serialized.code]
  const exitCode = error instanceof ExitError ? error.exitCode : own
  return { command, outcome: null, error: serialized, exitCode }
}

async function print(ending: Ending, globals: Globals, io: CliIo, program: ProgramName): Promise<void> {
  const { command, outcome, error } = ending
  if (outcome?.printed === true) return
  if (globals.mode !== 'human') {
    const { renderDocument } = await import('./output/document')
    const compact = error !== null && (command === 'serve' || command === 'server')
    io.stdout.write(
      renderDocument(globals.mode, { command, data: outcome?.data ?? null, projected: outcome?.projected, error }, compact),
    )
    return
  }
  if (error === null) {
    await outcome?.print?.()
    return
  }
  if (io.readerLeft.aborted) return
  const [{ renderCancelled, renderError }, { createPaint, wantsColor }] = await Promise.all([
    import('./output/errors'),
    import('./output/paint'),
  ])
  const paint = createPaint(wantsColor(io.env, io.stderr.isTTY, globals.color))
  // Whoever pressed Ctrl-C asked for it: a word that it has worked, and what was kept, no explanation.
  if (error.code === 'cancelled') io.stderr.write(renderCancelled(error, program, command, paint))
  else io.stderr.write(renderError(error, program, command, paint))
}
