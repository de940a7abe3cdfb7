import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import type { EngineStatus, InstallProgress } from '../../../../shared/contract'
import { AppError, isCancellation } from '../../../../shared/errors'
import { locateNamed, readLock, type EngineLock } from '../../interpreter'
import type { DataPaths, Env, Layout, Platform } from '../../system'
import type { EngineEnvironment } from '../types'
import type { Report } from './build'
import type { FileProbe } from './candidates'
import { createChannel } from './channel'
import { installManaged, removeManaged, rollbackManaged, updateManaged, type InstallDeps } from './install'
import { findDamage, folderOf, pythonOf, readActive } from './managed'
import { runCommand, type RunCommand } from './run-command'
import { createNamedInterpreter } from './named'
import { createPrecheck } from './precheck'
import { askLoginShell } from './login-shell'

export interface EngineEnvironmentDeps {
  env: Env
  platform: Platform
  paths: Pick<DataPaths, 'engine' | 'engines'>
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
  // Once: a shell that people use may take seconds to start.
  let shellPath: Promise<string | null> | null = null
  const loginPath = (): Promise<string | null> => (shellPath ??= askLoginShell(run, env, new AbortController().signal))
  const precheck = createPrecheck({ env, platform, files, run, loginPath })
  let installing = false
  let readOnce: EngineLock | null = null
  const lock = (): EngineLock => (readOnce ??= readLock(deps.layout.resources, platform))

  async function managedStatus(): Promise<EngineStatus> {
    const base = { source: 'managed', lock: null, update_available: false, previous: null } as const
    const nothing = { ...base, python: null, versions: null }
    const active = await readActive(deps.paths.engine)
    const damage =
      active === null
        ? null
        : active === 'unreadable'
          ? 'Its description (active.json) cannot be read.'
          : await findDamage(deps.paths.engine, active.current)
    if (active !== null && active !== 'unreadable' && damage === null) {
      const { current, previous } = active
      return {
        ...base,
        state: 'ready',
        lock: current.lock,
        python: pythonOf(folderOf(deps.paths.engine, current)),
        versions: current.versions,
        update_available: current.lock !== lock().hash,
        previous: previous?.versions ?? null,
        reason: null,
        hint: null,
      }
    }
    if (installing) return { ...nothing, state: 'installing', reason: null, hint: null }
    if (damage !== null) return { ...nothing, state: 'broken', reason: damage, hint: 'mlxk engine install' }
    const problem = await precheck()
    return problem === null
      ? { ...nothing, state: 'missing', reason: 'The engine is not installed.', hint: 'mlxk engine install' }
      : { ...nothing, state: 'missing', reason: problem.message, hint: problem.hint ?? null }
  }

  async function status(): Promise<EngineStatus> {
    const own = locateNamed(env, platform, settings.read().engine.python, files.isExecutable)
    return own === null ? managedStatus() : inspectNamed(own.source, own.python, lock().mlxLm)
  }

  /** Runs work on the managed environment and yields its progress. Leaving ends the work, and waits until nothing of it runs. */
  async function* change(
    work: (installDeps: InstallDeps, report: Report, signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): AsyncGenerator<InstallProgress, EngineStatus> {
    const stop = new AbortController()
    const channel = createChannel<InstallProgress>()
    const installDeps: InstallDeps = {
      env,
      platform,
      engineFolder: deps.paths.engine,
      enginesFolder: deps.paths.engines,
      resources: deps.layout.resources,
      lock: lock(),
      run,
      files,
      loginPath,
      ...(deps.freeBytes === undefined ? {} : { freeBytes: deps.freeBytes }),
    }
    installing = true
    const done = work(installDeps, channel.push, AbortSignal.any([signal, stop.signal])).finally(() => {
      installing = false
      channel.close()
    })
    // Reported by the last line below, which a slow reader reaches later than the failure.
    done.catch(() => undefined)
    try {
      yield* channel.read()
    } finally {
      stop.abort()
      await done.catch(() => undefined)
    }
    await done.catch((error: unknown) => {
      throw isCancellation(error) ? new AppError('cancelled', 'This was cancelled; the engine is as it was before.') : error
    })
    return status()
  }

  /** @throws AppError engine_install_failed when the engine is a Python of the user's */
  async function mustBeOurs(): Promise<void> {
    const { source, state, reason, hint } = await status()
    if (source === 'managed') return
    throw new AppError('engine_install_failed', `MLX Knife does not change a Python that you chose. ${reason ?? ''}`.trim(), {
      hint:
        state === 'ready' ? 'Unset MLXK_PYTHON, or choose none in the settings, to use the managed engine.' : (hint ?? undefined),
    })
  }

  async function* install(signal: AbortSignal): AsyncGenerator<InstallProgress, EngineStatus> {
    const before = await status()
    if (before.state === 'ready' && before.source !== 'managed') return before
    await mustBeOurs()
    return yield* change(installManaged, signal)
  }

  async function* changeOurs(work: typeof updateManaged, signal: AbortSignal): AsyncGenerator<InstallProgress, EngineStatus> {
    await mustBeOurs()
    return yield* change(work, signal)
  }

  return {
    status,
    install,
    update: (signal) => changeOurs(updateManaged, signal),
    rollback: (signal) => changeOurs(rollbackManaged, signal),
    // Also while a Python of the user's is in use: ours is then the one that is not needed.
    remove: (signal) => change(removeManaged, signal),
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
