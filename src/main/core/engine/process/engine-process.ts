import type { ChildProcess } from 'node:child_process'
import type { EngineState } from '../../../../shared/contract'
import { AppError } from '../../../../shared/errors'
import { createLineSplitter, parseLauncherEvent, type LauncherEvent } from './events'
import type { LogRing } from './log-ring'

export type SpawnEngine = (
  command: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string> },
) => ChildProcess

export interface EngineProcessSpec {
  /** For sentences: the model's name. */
  name: string
  python: string
  args: readonly string[]
  env: Record<string, string>
  cwd: string
  token: string
  /** A load that takes longer has failed. */
  loadDeadlineMs: number
  log: LogRing
}

export interface EngineProcessDeps {
  spawn: SpawnEngine
  /** One token through the whole engine: proves the path, and pays for what the first request would. */
  warmUp: (target: { url: string; token: string; died: Promise<never> }) => Promise<void>
  /** Signals a process group; no error when it is gone. */
  signalGroup: (pid: number, signal: 'SIGTERM' | 'SIGKILL') => void
  onChange: () => void
  termGraceMs: number
}

/** How an engine ended: by our own wish, or else `error`; `counts` when it looks like a crash rather than a bad model. */
type EngineEnd = { expected: true } | { expected: false; error: AppError; counts: boolean }

export interface EngineProcess {
  readonly pid: number | null
  readonly token: string
  view: () => { state: EngineState; progress: number | null; memoryBytes: number | null }
  url: () => string
  /** Resolves when the engine answers. @throws AppError engine_load_failed, custom_code_refused, cancelled (stopped meanwhile) */
  ready: Promise<void>
  /** Resolves once, after the process is gone. Never rejects. */
  ended: Promise<EngineEnd>
  /** Rejects when `ended`. Never resolves, never unhandled. */
  died: Promise<never>
  stop: () => Promise<void>
  /** For the exit of our own process: no waiting. */
  killNow: () => void
}

/** Output may still be in the pipes when the exit is known; a reason read from it is worth this wait. */
const drainMs = 500

export function startEngineProcess(deps: EngineProcessDeps, spec: EngineProcessSpec): EngineProcess {
  let state: EngineState = 'spawning'
  let progress: number | null = null
  let memoryBytes: number | null = null
  let port: number | null = null
  let loaded = false
  let stopping = false
  let failure: { code: 'engine_load_failed' | 'custom_code_refused'; text: string; counts: boolean } | null = null
  let finished = false

  const ready = deferred<void>()
  const ended = deferred<EngineEnd>()
  const died = deferred<never>()
  for (const { promise } of [ready, died]) promise.catch(() => undefined)

  const set = (next: EngineState): void => {
    state = next
    if (next !== 'loading') progress = null
    deps.onChange()
  }

  const child = deps.spawn(spec.python, spec.args, { cwd: spec.cwd, env: spec.env })
  const pid = child.pid ?? null
  const signal = (name: 'SIGTERM' | 'SIGKILL'): void => {
    if (pid !== null && !finished) deps.signalGroup(pid, name)
  }
  const deadline = setTimeout(() => {
    failure ??= { code: 'engine_load_failed', text: 'It took too long.', counts: false }
    signal('SIGKILL')
  }, spec.loadDeadlineMs)

  function url(): string {
    return `http://127.0.0.1:${port ?? 0}`
  }

  async function warm(): Promise<void> {
    set('warming')
    try {
      await deps.warmUp({ url: url(), token: spec.token, died: died.promise })
      if (finished || stopping) return
      clearTimeout(deadline)
      set('ready')
      ready.resolve()
    } catch (error) {
      failure ??= { code: 'engine_load_failed', text: error instanceof Error ? error.message : String(error), counts: true }
      signal('SIGKILL')
    }
  }

  function maybeWarm(): void {
    if (loaded && port !== null && state === 'loading') void warm()
  }

  function onEvent(event: LauncherEvent): void {
    switch (event.event) {
      case 'loading':
        progress = event.total > 0 ? Math.min(1, event.done / event.total) : null
        set('loading')
        return
      case 'loaded':
        loaded = true
        memoryBytes = event.bytes
        maybeWarm()
        return
      case 'listening':
        port = event.port
        maybeWarm()
        return
      case 'load_failed':
        failure = {
          code: event.code === 'custom_code' ? 'custom_code_refused' : 'engine_load_failed',
          text: event.error,
          counts: false,
        }
        return
      case 'engine_died':
      case 'fatal':
        failure ??= { code: 'engine_load_failed', text: event.error, counts: event.event === 'engine_died' }
        return
      case 'stats':
        memoryBytes = event.active
        deps.onChange()
        return
      case 'degraded':
        spec.log.write(`A patch of the launcher does not fit this version of mlx_lm: ${event.patch} (${event.error})\n`)
        if (event.patch !== 'load') return
        // It cannot tell when it has loaded then, so the warm-up request, which waits for that, must find out.
        loaded = true
        set('loading')
        maybeWarm()
        return
      case 'imported':
    }
  }

  function finish(code: number | null, signalName: string | null, spawnError?: Error): void {
    if (finished) return
    finished = true
    clearTimeout(deadline)
    const end = describeEnd(code, signalName, spawnError)
    set(end.expected ? 'stopped' : 'crashed')
    ready.reject(end.expected ? new AppError('cancelled', `${spec.name} was unloaded while it was loading.`) : end.error)
    died.reject(end.expected ? new AppError('engine_crashed', `${spec.name} was unloaded in the middle of the answer.`) : end.error)
    ended.resolve(end)
  }

  function describeEnd(code: number | null, signalName: string | null, spawnError: Error | undefined): EngineEnd {
    if (stopping) return { expected: true }
    const wasReady = state === 'ready' || state === 'draining'
    const lastLines = spec.log.lines().slice(-20)
    const how = signalName === null ? `exit code ${code ?? 'unknown'}` : `signal ${signalName}`
    const reason = spawnError?.message ?? failure?.text ?? how
    const data = { model: spec.name, exit_code: code, signal: signalName, log: lastLines }
    if (wasReady) {
      const error = new AppError('engine_crashed', `The engine of ${spec.name} ended unexpectedly: ${reason}`, {
        hint: 'Try again: it is started anew.',
        data,
      })
      return { expected: false, error, counts: true }
    }
    const errorCode = failure?.code ?? 'engine_load_failed'
    const error = new AppError(errorCode, `${spec.name} could not be loaded: ${reason}`, {
      hint:
        errorCode === 'custom_code_refused'
          ? 'MLX Knife does not run code that a model brings. Choose another model.'
          : `Check the model with "mlxk health ${spec.name}" and the engine with "mlxk engine status".`,
      data,
    })
    return { expected: false, error, counts: failure?.counts ?? true }
  }

  const split = createLineSplitter((line) => {
    const event = parseLauncherEvent(line)
    if (event === null) spec.log.write(`${line}\n`)
    else if (!finished) onEvent(event)
  })
  child.stdout?.setEncoding('utf8').on('data', split)
  child.stderr?.setEncoding('utf8').on('data', spec.log.write)
  // Writing to a dead engine's stdin must not end us; its exit is reported below.
  child.stdin?.on('error', () => undefined)
  child.once('error', (error) => {
    if (pid === null) finish(null, null, error)
  })
  child.once('exit', (code, name) => {
    const timer = setTimeout(() => finish(code, name), drainMs)
    child.once('close', () => {
      clearTimeout(timer)
      finish(code, name)
    })
  })

  return {
    pid,
    token: spec.token,
    view: () => ({ state, progress, memoryBytes }),
    url,
    ready: ready.promise,
    ended: ended.promise,
    died: died.promise,
    stop: async () => {
      if (!finished && !stopping) {
        stopping = true
        set('draining')
        signal('SIGTERM')
        const kill = setTimeout(() => signal('SIGKILL'), deps.termGraceMs)
        void ended.promise.then(() => clearTimeout(kill))
      }
      await ended.promise
    },
    killNow: () => signal('SIGKILL'),
  }
}

function ignore(): void {
  // A promise's functions before it exists.
}

interface Deferred<T> {
  promise: Promise<T>
  resolve: (value: T) => void
  reject: (reason: unknown) => void
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = ignore
  let reject: (reason: unknown) => void = ignore
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
