import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineStatus, InstallProgress } from '../../../../shared/contract'
import { AppError } from '../../../../shared/errors'
import { locateNamed, readLock, type EngineLock } from '../../interpreter'
import type { DataPaths, Env, Layout, Platform } from '../../system'
import type { EngineEnvironment } from '../types'
import type { FileProbe } from './candidates'
import { createChannel } from './channel'
import { installManaged, type InstallDeps } from './install'
import { inspectManaged } from './managed'
import { runCommand, type RunCommand } from './run-command'
import { createNamedInterpreter } from './named'
import { createPrecheck } from './precheck'

export interface EngineEnvironmentDeps {
  env: Env
  platform: Platform
  paths: Pick<DataPaths, 'engine'>
  layout: Pick<Layout, 'resources'>
  settings: { read: () => { engine: { python: string | null } } }
  /** For tests. */
  run?: RunCommand
  files?: FileProbe
  freeBytes?: NonNullable<InstallDeps['freeBytes']>
}

/** `MLXK_PYTHON`, else the setting, else the environment that we manage: see `EngineEnvironment`. */
export function createEngineEnvironment(deps: EngineEnvironmentDeps): EngineEnvironment {
  const { env, platform, settings } = deps
  const run = deps.run ?? runCommand
  const files = deps.files ?? realFiles
  const inspectNamed = createNamedInterpreter({ env, platform, run })
  const precheck = createPrecheck({ env, platform, files, run })
  let installing = false
  let readOnce: EngineLock | null = null
  const lock = (): EngineLock => (readOnce ??= readLock(deps.layout.resources))

  async function managedStatus(): Promise<EngineStatus> {
    const { hash } = lock()
    const base = { source: 'managed', lock: hash } as const
    const nothing = { ...base, python: null, versions: null }
    if (installing) return { ...nothing, state: 'installing', reason: null, hint: null }
    const managed = await inspectManaged(join(deps.paths.engine, hash))
    if (managed.state === 'ready') {
      const { versions } = managed.marker
      return { ...base, state: 'ready', python: managed.python, versions, reason: null, hint: null }
    }
    if (managed.state === 'broken') return { ...nothing, state: 'broken', reason: managed.reason, hint: 'mlxk engine install' }
    const problem = await precheck()
    return problem === null
      ? { ...nothing, state: 'missing', reason: 'The engine is not installed.', hint: 'mlxk engine install' }
      : { ...nothing, state: 'missing', reason: problem.message, hint: problem.hint ?? null }
  }

  async function status(): Promise<EngineStatus> {
    const own = locateNamed(env, platform, settings.read().engine.python, files.isExecutable)
    return own === null ? managedStatus() : inspectNamed(own.source, own.python, lock().mlxLm)
  }

  async function* install(signal: AbortSignal): AsyncGenerator<InstallProgress, EngineStatus> {
    const before = await status()
    if (before.state === 'ready' && before.source !== 'managed') return before
    if (before.source !== 'managed') {
      throw new AppError(
        'engine_install_failed',
        `MLX Knife does not change a Python that you chose. ${before.reason ?? ''}`.trim(),
        {
          hint: before.hint ?? undefined,
        },
      )
    }
    const stop = new AbortController()
    const channel = createChannel<InstallProgress>()
    const installDeps: InstallDeps = {
      env,
      platform,
      engineFolder: deps.paths.engine,
      resources: deps.layout.resources,
      lock: lock(),
      run,
      files,
      ...(deps.freeBytes === undefined ? {} : { freeBytes: deps.freeBytes }),
    }
    installing = true
    const work = installManaged(installDeps, channel.push, AbortSignal.any([signal, stop.signal])).finally(() => {
      installing = false
      channel.close()
    })
    // Reported by the last line below, which a slow reader reaches later than the failure.
    work.catch(() => undefined)
    try {
      yield* channel.read()
    } finally {
      // The reader may have left: then this ends the work, and waits until nothing of it runs any more.
      stop.abort()
      await work.catch(() => undefined)
    }
    await work
    return status()
  }

  return {
    status,
    install,
    python: async () => {
      const current = await status()
      if (current.state === 'ready' && current.python !== null) return current.python
      throw new AppError('engine_missing', current.reason ?? 'The engine is being installed.', {
        hint: current.hint ?? 'Wait for the installation to end.',
        data: { state: current.state, source: current.source },
      })
    },
  }
}

const realFiles: FileProbe = {
  isExecutable: (path) => {
    try {
      accessSync(path, constants.X_OK)
      return statSync(path).isFile()
    } catch {
      return false
    }
  },
  list: (folder) => {
    try {
      return readdirSync(folder)
    } catch {
      return []
    }
  },
}
