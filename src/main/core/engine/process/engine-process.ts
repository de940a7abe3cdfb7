import type { ChildProcess } from 'node:child_process'
import type { EngineState } from '../../../../shared/contract'
import { AppError } from '../../../../shared/errors'
import { deferred } from './deferred'
import { describeEnd, type EngineEnd, type EngineFailure } from './engine-end'
import { createLineSplitter, parseLauncherEvent, type LauncherEvent } from './events'
import type { ProcessInspector } from './inspect'
import { watchLoad } from './load-watch'
import type { LogRing } from './log-ring'
import { createWatchdog, type RequestWatch } from './watchdog'

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
  /** Of the weights on disk: how far a load is, when the engine does not say. */
  weightBytes: number
  log: LogRing
}

export interface EngineProcessDeps {
  spawn: SpawnEngine
  /** One token through the whole engine: proves the path, and pays for what the first request would. */
  warmUp: (target: { url: string; token: string; died: Promise<never> }) => Promise<void>
  /** Signals a process group; no error when it is gone. */
  signalGroup: (pid: number, signal: 'SIGTERM' | 'SIGKILL') => void
  onChange: () => void
  /** The engine's word on what Metal recommends to use at most. */
  onWorkingSet: (bytes: number) => void
  inspect: ProcessInspector
  /** Monotonic milliseconds. */
  clock: () => number
  termGraceMs: number
  /** Silence of an engine with a request that is never held against it. */
  stallMs: number
}

export interface EngineProcess {
  readonly pid: number | null
  readonly token: string
  view: () => { state: EngineState; progress: number | null; memoryBytes: number | null }
  url: () => string
  /** Resolves when the engine answers. @throws AppError engine_load_failed, custom_code_refused, cancelled (stopped meanwhile) */
  ready: Promise<void>
  /** To be told of every request, so that a hang is noticed. */
  watchRequest: () => RequestWatch
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
/** How often the system is asked for the memory of an engine that does not tell. */
const memoryEveryMs = 10_000

export function startEngineProcess(deps: EngineProcessDeps, spec: EngineProcessSpec): EngineProcess {
  let state: EngineState = 'spawning'
  let progress: number | null = null
  let memoryBytes: number | null = null
  let port: number | null = null
  let loaded = false
  let stopping = false
  let failure: EngineFailure | null = null
  let work = 0
  let toldLoading = false
  let toldMemoryAt: number | null = null
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
  const fail = (reason: EngineFailure): void => {
    failure ??= reason
    signal('SIGKILL')
  }
  const loadWatch = watchLoad({
    clock: deps.clock,
    deadlineMs: spec.loadDeadlineMs,
    onDeadline: () => fail({ code: 'engine_load_failed', text: 'It took too long.', counts: false }),
    onTick: () => void readProgress(),
  })
  const watchdog = createWatchdog({
    clock: deps.clock,
    activity: () => (pid === null ? Promise.resolve(null) : deps.inspect.activity(pid)),
    patienceMs: deps.stallMs,
    onStall: (ms) =>
      fail({ code: 'engine_timeout', text: `no sign of progress for ${Math.round(ms / 1000)} seconds.`, counts: true }),
  })
  const memoryTimer = setInterval(() => void readMemory(), memoryEveryMs)
  memoryTimer.unref()

  /** For launchers that cannot tell: what was read from files is the weights, more or less. */
  async function readProgress(): Promise<void> {
    if (toldLoading || pid === null || spec.weightBytes <= 0) return
    const bytes = await deps.inspect.bytesRead(pid)
    if (bytes === null || toldLoading || finished || (state !== 'spawning' && state !== 'loading')) return
    progress = Math.min(0.99, bytes / spec.weightBytes)
    deps.onChange()
  }

  async function readMemory(): Promise<void> {
    if (pid === null || (toldMemoryAt !== null && deps.clock() - toldMemoryAt < 3 * memoryEveryMs)) return
    const bytes = await deps.inspect.memory(pid)
    if (bytes === null || finished || bytes === memoryBytes) return
    memoryBytes = bytes
    deps.onChange()
  }

  function url(): string {
    return `http://127.0.0.1:${port ?? 0}`
  }

  async function warm(): Promise<void> {
    set('warming')
    try {
      await deps.warmUp({ url: url(), token: spec.token, died: died.promise })
      if (finished || stopping) return
      loadWatch.close()
      set('ready')
      ready.resolve()
    } catch (error) {
      fail({ code: 'engine_load_failed', text: error instanceof Error ? error.message : String(error), counts: true })
    }
  }

  function maybeWarm(): void {
    if (loaded && port !== null && state === 'loading') void warm()
  }

  function onLoading({ done, total }: { done: number; total: number }): void {
    toldLoading ||= done > 0
    // Until it tells more than the beginning, what the system says is better.
    if (toldLoading || progress === null) progress = total > 0 ? Math.min(1, done / total) : null
    set('loading')
  }

  function onEvent(event: LauncherEvent): void {
    switch (event.event) {
      case 'loading':
        onLoading(event)
        return
      case 'loaded':
        loaded = true
        memoryBytes = event.bytes > 0 ? event.bytes : memoryBytes
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
        toldMemoryAt = deps.clock()
        memoryBytes = event.active + event.cache
        deps.onChange()
        return
      case 'progress':
        // Requests that come and go are no progress, tokens are.
        if (event.work !== work) watchdog.beat()
        work = event.work
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
        if (event.workingSet !== null) deps.onWorkingSet(event.workingSet)
    }
  }

  function finish(code: number | null, signalName: string | null, spawnError?: Error): void {
    if (finished) return
    finished = true
    loadWatch.close()
    watchdog.close()
    clearInterval(memoryTimer)
    const wasReady = state === 'ready' || state === 'draining'
    const facts = {
      name: spec.name,
      wasReady,
      exitCode: code,
      signal: signalName,
      spawnError,
      failure,
      lastLines: spec.log.lines(),
    }
    const end: EngineEnd = stopping ? { expected: true } : describeEnd(facts)
    set(end.expected ? 'stopped' : 'crashed')
    ready.reject(end.expected ? new AppError('cancelled', `${spec.name} was unloaded while it was loading.`) : end.error)
    died.reject(end.expected ? new AppError('engine_crashed', `${spec.name} was unloaded in the middle of the answer.`) : end.error)
    ended.resolve(end)
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
    watchRequest: watchdog.watch,
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
