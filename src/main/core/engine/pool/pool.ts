import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../../../../shared/errors'
import type { ResolvedModel } from '../../models/types'
import type { DataPaths, Env, Layout, Platform } from '../../system'
import { engineArguments, engineEnvironment, engineLimits } from '../process/command'
import { startEngineProcess, type EngineProcess, type EngineProcessDeps, type EngineProcessSpec } from '../process/engine-process'
import { createLogRing, type LogRing } from '../process/log-ring'
import { createProcessTable, type ProcessTable } from '../process/process-table'
import { createEngineRecords } from '../process/records'
import { signalGroup, spawnEngine, warmUp } from '../process/system'
import type { EngineEnvironment, EngineLease, EnginePool } from '../types'
import { afterCrashes } from './crash-policy'
import { refuseCustomCode } from './custom-code'
import { createEntry, isIdle, isReady, viewEntry, type PoolEntry } from './entry'
import { createSerialQueue, sleep, untilAborted } from './wait'

export interface EnginePoolDeps {
  environment: Pick<EngineEnvironment, 'python'>
  env: Env
  platform: Platform
  paths: Pick<DataPaths, 'engines'>
  layout: Pick<Layout, 'resources'>
  /** For tests: everything that reaches the machine. */
  spawn?: EngineProcessDeps['spawn']
  warmUp?: EngineProcessDeps['warmUp']
  signalGroup?: EngineProcessDeps['signalGroup']
  table?: ProcessTable
  /** Bytes. */
  memory?: number
  idleMs?: number
  maxLoaded?: number
}

const keptLogs = 32

/** One process per model: see `EnginePool`. */
export function createEnginePool(deps: EnginePoolDeps): EnginePool {
  const { idleMs = 15 * 60_000, maxLoaded = 3, memory = totalmem() } = deps
  const kill = deps.signalGroup ?? signalGroup
  const records = createEngineRecords({
    folder: deps.paths.engines,
    table: deps.table ?? createProcessTable(deps.platform),
    ownPid: process.pid,
    killGroup: (pid) => kill(pid, 'SIGKILL'),
  })
  const entries = new Map<string, PoolEntry>()
  const logs = new Map<string, LogRing>()
  const listeners = new Set<() => void>()
  const processes = new Set<EngineProcess>()
  const oneAtATime = createSerialQueue()
  let swept: Promise<unknown> | null = null
  let closed = false

  const notify = (): void => {
    for (const listener of listeners) listener()
  }
  const killAll = (): void => {
    for (const engine of processes) engine.killNow()
  }

  function logOf(name: string): LogRing {
    const ring = logs.get(name) ?? createLogRing()
    logs.delete(name)
    logs.set(name, ring)
    const oldest = logs.keys().next()
    if (logs.size > keptLogs && oldest.done !== true) logs.delete(oldest.value)
    return ring
  }

  function start(python: string, model: ResolvedModel): { engine: EngineProcess; gone: Promise<void> } {
    const args = engineArguments(deps.layout.resources, model.snapshotPath, engineLimits(model.summary.size_bytes, memory))
    const token = randomBytes(24).toString('base64url')
    const spec: EngineProcessSpec = {
      name: model.name,
      python,
      args,
      env: engineEnvironment(deps.env, { token, contextLength: model.summary.context.tokens }),
      cwd: join(deps.paths.engines, 'cwd'),
      token,
      // Generous: a cold disk reads 50 MB/s, and importing mlx_lm on a busy machine takes a while.
      loadDeadlineMs: 120_000 + model.summary.size_bytes / 50_000,
      log: logOf(model.name),
    }
    const engine = startEngineProcess(
      {
        spawn: deps.spawn ?? spawnEngine,
        warmUp: deps.warmUp ?? warmUp,
        signalGroup: kill,
        onChange: notify,
        termGraceMs: 2000,
      },
      spec,
    )
    if (processes.size === 0) process.once('exit', killAll)
    processes.add(engine)
    const { pid } = engine
    const recorded = pid === null ? Promise.resolve() : records.write(pid, args).catch(() => undefined)
    return { engine, gone: forgetAtEnd(engine, recorded) }
  }

  async function forgetAtEnd(engine: EngineProcess, recorded: Promise<void>): Promise<void> {
    await engine.ended
    processes.delete(engine)
    if (processes.size === 0) process.removeListener('exit', killAll)
    await recorded
    // A record that stays is that of no process: the next sweep forgets it.
    if (engine.pid !== null) await records.remove(engine.pid).catch(() => undefined)
  }

  async function watch(entry: PoolEntry, engine: EngineProcess): Promise<void> {
    const end = await engine.ended
    if (end.expected || entry.process !== engine) return
    entry.error = end.error
    entry.loadedAt = null
    entry.process = null
    if (end.counts) entry.crashes = [...entry.crashes, Date.now()].slice(-10)
    clearIdle(entry)
    notify()
  }

  async function load(entry: PoolEntry): Promise<void> {
    await refuseCustomCode(entry.model.name, entry.model.snapshotPath)
    await waitAfterCrashes(entry)
    await oneAtATime(async () => {
      entry.life.signal.throwIfAborted()
      const python = await deps.environment.python()
      await mkdir(join(deps.paths.engines, 'cwd'), { recursive: true, mode: 0o700 })
      swept ??= records.sweep()
      await swept
      await makeRoom()
      entry.life.signal.throwIfAborted()
      entry.error = null
      const { engine, gone } = start(python, entry.model)
      entry.process = engine
      entry.gone = gone
      void watch(entry, engine)
      notify()
      await engine.ready
      entry.loadedAt = Date.now()
      notify()
    })
  }

  /** Unloads the longest unused idle models until there is room for one more; models at work stay. */
  async function makeRoom(): Promise<void> {
    const idle = [...entries.values()].filter(isIdle).sort((a, b) => (a.lastUsedAt ?? 0) - (b.lastUsedAt ?? 0))
    let running = processes.size
    for (const entry of idle) {
      if (running < maxLoaded) return
      // It may have gone to work while the one before was ending.
      if (!isIdle(entry) || entries.get(entry.key) !== entry) continue
      running -= 1
      await end(entry)
    }
  }

  async function end(entry: PoolEntry, reason = new AppError('cancelled', `${entry.model.name} was unloaded.`)): Promise<void> {
    clearIdle(entry)
    forget(entry)
    entry.life.abort(reason)
    await entry.process?.stop()
    await entry.gone
    notify()
  }

  function restartIdle(entry: PoolEntry): void {
    clearIdle(entry)
    if (!isIdle(entry) || entries.get(entry.key) !== entry) return
    entry.idleTimer = setTimeout(() => {
      if (isIdle(entry)) void end(entry)
    }, idleMs)
    entry.idleTimer.unref()
  }

  function lease(entry: PoolEntry, engine: EngineProcess): EngineLease {
    let released = false
    entry.leases += 1
    entry.lastUsedAt = Date.now()
    clearIdle(entry)
    return {
      url: engine.url(),
      token: engine.token,
      model: entry.model,
      contextLength: entry.model.summary.context.tokens,
      died: engine.died,
      release: () => {
        if (released) return
        released = true
        entry.leases -= 1
        entry.lastUsedAt = Date.now()
        restartIdle(entry)
        notify()
      },
    }
  }

  /** Its name may belong to a successor by now. */
  function forget(entry: PoolEntry): void {
    if (entries.get(entry.key) === entry) entries.delete(entry.key)
  }

  function loadOnce(entry: PoolEntry): Promise<void> {
    if (entry.loading !== null) return entry.loading
    const loading = load(entry).finally(() => {
      entry.loading = null
      // Nothing was started (no Python, for one): there is nothing to show.
      if (entry.process === null && entry.error === null) forget(entry)
      restartIdle(entry)
      notify()
    })
    // Everyone who waits may have left.
    loading.catch(() => undefined)
    entry.loading = loading
    return loading
  }

  async function waitForLease(entry: PoolEntry, signal: AbortSignal): Promise<EngineLease> {
    while (true) {
      if (closed) throw shuttingDown()
      entry.life.signal.throwIfAborted()
      if (entry.process !== null && isReady(entry)) return lease(entry, entry.process)
      await untilAborted(loadOnce(entry), signal, entry.life.signal)
    }
  }

  return {
    acquire: async (model, { signal, onState }) => {
      if (closed) throw shuttingDown()
      const entry = entries.get(model.snapshotPath) ?? createEntry(model)
      entries.set(entry.key, entry)
      const tell = (): void => onState?.(viewEntry(entry))
      listeners.add(tell)
      entry.waiting += 1
      clearIdle(entry)
      notify()
      try {
        return await waitForLease(entry, signal)
      } finally {
        entry.waiting -= 1
        listeners.delete(tell)
        restartIdle(entry)
        notify()
      }
    },
    list: () => [...entries.values()].map(viewEntry),
    unload: async (name) => {
      await Promise.all([...entries.values()].filter((entry) => entry.model.name === name).map((entry) => end(entry)))
    },
    log: (name) => logs.get(name)?.lines() ?? [],
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: async () => {
      closed = true
      await Promise.all([...entries.values()].map((entry) => end(entry, shuttingDown())))
      await Promise.all([...processes].map((engine) => engine.stop()))
    },
  }
}

function shuttingDown(): AppError {
  return new AppError('server_shutdown', 'MLX Knife is quitting.')
}

async function waitAfterCrashes(entry: PoolEntry): Promise<void> {
  const { giveUp, waitMs } = afterCrashes(entry.crashes, Date.now())
  if (giveUp) {
    const lines = entry.error?.data?.['log']
    throw new AppError('engine_crashed', `${entry.model.name} crashed again and again, so it is not started any more.`, {
      hint: 'Look at its log, close other programs that need much memory, then try again in five minutes or after unloading it.',
      data: {
        model: entry.model.name,
        log: Array.isArray(lines) ? (lines as unknown[]) : [],
        reason: entry.error?.message ?? null,
      },
    })
  }
  if (waitMs > 0) await sleep(waitMs, entry.life.signal)
}

function clearIdle(entry: PoolEntry): void {
  if (entry.idleTimer !== null) clearTimeout(entry.idleTimer)
  entry.idleTimer = null
}
