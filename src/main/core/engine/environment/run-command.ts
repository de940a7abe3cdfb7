import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { AppError } from '../../../../shared/errors'
import { signalGroup, spawnGroup } from '../process/system'
import { createLogRing } from '../process/log-ring'
import { createLineSplitter } from '../process/events'

export interface CommandResult {
  /** Null when it could not be started or was ended by a signal. */
  code: number | null
  /** At most the last 200 lines of both streams, in order of arrival. */
  lines: string[]
  /** At most 64 KiB. */
  stdout: string
}

export type RunCommand = (
  command: string,
  args: readonly string[],
  options: {
    env: Record<string, string>
    signal: AbortSignal
    timeoutMs: number
    cwd?: string
    onLine?: (line: string) => void
  },
) => Promise<CommandResult>

const maxStdout = 64 * 1024

/**
 * Runs a command to its end in a process group of its own; aborting, a timeout and the exit of our process end the whole group.
 * A failing command is no exception.
 * @throws AppError cancelled, after the process is gone
 */
export const runCommand: RunCommand = (command, args, { env, signal, timeoutMs, cwd, onLine }) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new AppError('cancelled', 'The call was cancelled.'))
      return
    }
    const ring = createLogRing(200)
    let stdout = ''
    // stdin stays open and silent: its end tells `supervise.py` that we are gone.
    let child: ChildProcessWithoutNullStreams
    try {
      child = spawnGroup(command, args, { env, ...(cwd === undefined ? {} : { cwd }) })
    } catch (error) {
      resolve({ code: null, lines: [error instanceof Error ? error.message : String(error)], stdout: '' })
      return
    }
    const kill = (): void => {
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL')
    }
    const timer = setTimeout(kill, timeoutMs)
    signal.addEventListener('abort', kill, { once: true })
    process.once('exit', kill)
    const splitters = [createLineSplitter((line) => onLine?.(line)), createLineSplitter((line) => onLine?.(line))] as const
    child.stdin.on('error', () => undefined)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      ring.write(text)
      splitters[0](text)
      stdout = (stdout + text).slice(0, maxStdout)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      ring.write(text)
      splitters[1](text)
    })
    const finish = (code: number | null): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', kill)
      process.removeListener('exit', kill)
      if (signal.aborted) reject(new AppError('cancelled', 'The call was cancelled.'))
      else resolve({ code, lines: ring.lines(), stdout })
    }
    child.once('error', (error) => {
      ring.write(`${error.message}\n`)
      if (child.pid === undefined) finish(null)
    })
    child.once('close', finish)
  })
