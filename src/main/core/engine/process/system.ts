import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { AppError } from '../../../../shared/errors'
import { openEngineStream } from '../stream/engine-stream'
import type { EngineProcessDeps } from './engine-process'

/**
 * A process group of its own, so that one signal reaches everything an engine starts; stdin is a pipe that stays open as long as we
 * live: its end is how an engine learns of our death, however we die.
 * @throws AppError engine_load_failed where Node throws instead of emitting `error` (a file in the path of the program, arguments that
 * are too long), and without open files to spare, when it leaves the streams out
 */
export function spawnGroup(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env: Record<string, string> },
): ChildProcessWithoutNullStreams {
  const refuse = (cause: unknown): AppError => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new AppError('engine_load_failed', `${command} cannot be started: ${reason}.`, { cause })
  }
  let child: ChildProcessWithoutNullStreams
  try {
    child = spawn(command, args, { ...options, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  } catch (error) {
    throw refuse(error)
  }
  if ((child.stdin as unknown) !== undefined) return child
  child.once('error', () => undefined)
  throw refuse(new Error('too many open files'))
}

export function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // Already gone.
  }
}

/** Sampled, not greedy, so that the kernels of both kinds of request are there. */
export const warmUp: EngineProcessDeps['warmUp'] = async (target) => {
  const body = { prompt: 'Hi', max_tokens: 1, temperature: 1, top_p: 0.9 }
  for await (const event of openEngineStream(target, '/v1/completions', body, new AbortController().signal)) {
    if (event.type === 'chunk' && event.chunk.choices.some((choice) => choice.finish_reason !== null)) return
  }
}
