import { AppError } from '../../shared/errors'
import { currentPlatform, dataPaths, findLayout, type DataPaths, type Env, type Layout, type Platform } from '../core/system'
import type { OutputMode, ProgramName } from './argv'
import type { CliIo, StopSignal } from './io'
import { createPaint, wantsColor, type Paint } from './output/paint'
import { safeLine } from './output/text'

/** What a command is given: the process, the way to print, and where things lie. Everything costly is made when first asked for. */
export interface Context {
  io: CliIo
  program: ProgramName
  mode: OutputMode
  /** The word that was typed, e.g. `server`. */
  command: string
  env: Env
  platform: Platform
  paths: DataPaths
  layout: () => Layout
  /** Colours for stdout and for stderr; both give plain text where colour is not wanted. */
  paint: Paint
  talkPaint: Paint
  isHuman: boolean
  /** Writes one line of data to stdout. */
  say: (line: string) => void
  /** Writes one line of talk to stderr, in every mode. */
  talk: (line: string) => void
  /** The same for people only. */
  note: (line: string) => void
  /** `--json=stream`: one line of JSON. In the other modes nothing. */
  progress: (event: object) => void
  /** Aborts on the first SIGINT, SIGTERM or SIGHUP, or when nobody reads stdout any more. A second signal ends the process. */
  interruption: () => Interruption
}

export interface Interruption {
  signal: AbortSignal
  /** The signal that arrived, null while none has. */
  by: () => StopSignal | null
}

export interface ContextOptions {
  io: CliIo
  program: ProgramName
  mode: OutputMode
  command: string
  color: boolean
}

function createInterruption(io: CliIo): Interruption {
  const controller = new AbortController()
  let by: StopSignal | null = null
  const stopListening = io.onSignal((signal) => {
    by = signal
    controller.abort(new AppError('cancelled', 'Interrupted.'))
    // From now on the system's own reaction holds again: a second Ctrl-C ends a command that does not stop.
    stopListening()
  })
  const leave = (): void => controller.abort(new AppError('cancelled', 'Nobody reads the output any more.'))
  if (io.readerLeft.aborted) leave()
  else io.readerLeft.addEventListener('abort', leave, { once: true })
  return { signal: controller.signal, by: () => by }
}

export function createContext({ io, program, mode, command, color }: ContextOptions): Context {
  const { env } = io
  const platform = currentPlatform(env)
  const isHuman = mode === 'human'
  let layout: Layout | undefined
  let interruption: Interruption | undefined
  const talk = (line: string): void => io.stderr.write(`${safeLine(line)}\n`)
  return {
    io,
    program,
    mode,
    command,
    env,
    platform,
    paths: dataPaths(env, platform),
    layout: () => (layout ??= findLayout(import.meta.dirname)),
    paint: createPaint(wantsColor(env, io.stdout.isTTY, color)),
    talkPaint: createPaint(wantsColor(env, io.stderr.isTTY, color)),
    isHuman,
    say: (line) => io.stdout.write(`${line}\n`),
    talk,
    note: (line) => {
      if (isHuman) talk(line)
    },
    progress: (event) => {
      if (mode === 'stream') io.stdout.write(`${JSON.stringify({ type: 'progress', ...event })}\n`)
    },
    interruption: () => (interruption ??= createInterruption(io)),
  }
}
