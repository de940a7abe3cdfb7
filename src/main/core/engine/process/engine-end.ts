import { AppError } from '../../../../shared/errors'

/** What went wrong, as far as it was said before the process ended. `counts`: it looks like a crash rather than a bad model. */
export interface EngineFailure {
  code: 'engine_load_failed' | 'custom_code_refused' | 'engine_timeout'
  text: string
  counts: boolean
}

/** How an engine ended: by our own wish, or else `error`. */
export type EngineEnd =
  | { expected: true }
  | {
      expected: false
      error: AppError
      /** Looks like a crash rather than a bad model. */
      counts: boolean
      /** Ended as the system or Metal ends a process that asks for too much memory. */
      starved: boolean
    }

export interface EndFacts {
  name: string
  /** It had been loaded. */
  wasReady: boolean
  exitCode: number | null
  signal: string | null
  /** Why it could not be started at all. */
  spawnError: Error | undefined
  failure: EngineFailure | null
  /** Newest last. */
  lastLines: readonly string[]
}

/** SIGKILL is how Linux and macOS end what takes too much, SIGABRT how Metal does. Our own kills have a `failure`. */
const starvation = new Set(['SIGKILL', 'SIGABRT'])

export function describeEnd(facts: EndFacts): EngineEnd & { expected: false } {
  const { name, wasReady, exitCode, signal, failure } = facts
  const starved = failure === null && signal !== null && starvation.has(signal)
  const reason = facts.spawnError?.message ?? failure?.text ?? howItEnded(exitCode, signal)
  const data = { model: name, exit_code: exitCode, signal, log: facts.lastLines.slice(-20) }
  const memoryHint = 'This is how a system ends a program that takes too much memory: close others or choose a smaller model.'
  if (wasReady) {
    const stalled = failure?.code === 'engine_timeout'
    const sentence = stalled ? `The engine of ${name} hung: ${reason}` : `The engine of ${name} ended unexpectedly: ${reason}`
    const hint = starved ? `Try again: it is started anew, with less. ${memoryHint}` : 'Try again: it is started anew.'
    return {
      expected: false,
      error: new AppError(stalled ? 'engine_timeout' : 'engine_crashed', sentence, { hint, data }),
      counts: true,
      starved,
    }
  }
  const code = failure?.code === 'custom_code_refused' ? failure.code : 'engine_load_failed'
  const hint =
    code === 'custom_code_refused'
      ? `To look at that code and decide: mlxk trust ${name}`
      : starved
        ? memoryHint
        : `Check the model with "mlxk health ${name}" and the engine with "mlxk engine status".`
  const error = new AppError(code, `${name} could not be loaded: ${reason}`, { hint, data })
  return { expected: false, error, counts: failure?.counts ?? true, starved }
}

function howItEnded(exitCode: number | null, signal: string | null): string {
  return signal === null ? `exit code ${exitCode ?? 'unknown'}` : `signal ${signal}`
}
