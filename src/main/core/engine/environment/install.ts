import { randomBytes } from 'node:crypto'
import { readdir, statfs } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { AppError } from '../../../../shared/errors'
import { build, findTools, type BuildDeps, type Report } from './build'
import { explainFailure } from './install-failure'
import { lockInstallation } from './install-lock'
import {
  describeEnvironment,
  findDamage,
  folderOf,
  forgetActive,
  readActive,
  remove,
  removeRubbish,
  writeActive,
  type Active,
  type Environment,
} from './managed'
import type { CommandResult } from './run-command'
import { selfTest } from './self-test'

export interface InstallDeps extends BuildDeps {
  /** `<data>/run/engines`: a file per engine that runs. */
  enginesFolder: string
  /** Free bytes of the file system that holds a folder. */
  freeBytes?: (folder: string) => Promise<number>
}

/** Packages and their download, at most; measured 360 MB on Linux, Metal's are larger. */
const neededBytes = 1_500_000_000

/**
 * Makes an environment that works the active one: builds one when there is none or it does not start any more. One that works stays,
 * whatever lock it was made from.
 * @throws AppError engine_missing, engine_install_failed, disk_full, cancelled
 */
export async function installManaged(deps: InstallDeps, report: Report, signal: AbortSignal): Promise<void> {
  const before = await wholeActive(deps)
  if (before !== null && (await starts(deps, before.current, report, signal))) return
  await alone(deps, report, signal, async () => {
    const now = await wholeActive(deps)
    // Somebody else may just have mended it.
    if (now !== null && now.current.folder !== before?.current.folder) return
    await replace(deps, { ...(await lastKnown(deps)), current: null }, report, signal)
  })
}

/**
 * Makes an environment of this version's lock the active one; the one that was active stays for `rollbackManaged`.
 * @throws AppError as `installManaged`
 */
export async function updateManaged(deps: InstallDeps, report: Report, signal: AbortSignal): Promise<void> {
  const before = await wholeActive(deps)
  if (before === null) return installManaged(deps, report, signal)
  if (before.current.lock === deps.lock.hash) return
  await alone(deps, report, signal, async () => {
    const now = await wholeActive(deps)
    if (now?.current.lock === deps.lock.hash) return
    await replace(deps, now ?? before, report, signal)
  })
}

/** Makes the environment before the active one active, once it has passed the self-test. @throws AppError engine_install_failed, cancelled */
export async function rollbackManaged(deps: InstallDeps, report: Report, signal: AbortSignal): Promise<void> {
  await alone(deps, report, signal, async () => {
    const { current, previous } = await lastKnown(deps)
    if (previous === null) {
      throw new AppError('engine_install_failed', 'There is no earlier engine to go back to.', {
        hint: 'One is kept after "mlxk engine update". "mlxk engine install" mends the present one.',
      })
    }
    if ((await findDamage(deps.engineFolder, previous)) !== null || !(await starts(deps, previous, report, signal))) {
      throw new AppError('engine_install_failed', 'The earlier engine does not work any more, so the present one stays.', {
        hint: 'mlxk engine install',
      })
    }
    await writeActive(deps.engineFolder, { current: previous, previous: current })
    report({ step: 'activate', message: `mlx_lm ${previous.versions.mlx_lm} is in use again`, fraction: 1 })
  })
}

/** Removes all that was installed; a Python of the user's is never touched. @throws AppError busy (an engine runs), cancelled */
export async function removeManaged(deps: InstallDeps, report: Report, signal: AbortSignal): Promise<void> {
  await alone(deps, report, signal, async () => {
    const running = await runningEngines(deps.enginesFolder)
    if (running.length > 0) {
      throw new AppError('busy', 'The engine is at work: a model is loaded.', {
        hint: 'Unload the models, or end "mlxk serve" and the app, then try again.',
        data: { pids: running },
      })
    }
    report({ step: 'remove', message: 'Removing the engine', fraction: null })
    // From here on there is no engine; what follows only frees the space.
    await forgetActive(deps.engineFolder)
    await removeRubbish(deps.engineFolder, [])
    await remove(join(deps.engineFolder, 'python'))
    report({ step: 'remove', message: 'Removed', fraction: 1 })
  })
}

async function runningEngines(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .map((name) => Number(/^(\d+)\.json$/.exec(name)?.[1] ?? 0))
    .filter((pid) => {
      if (pid === 0) return false
      try {
        return process.kill(pid, 0)
      } catch {
        return false
      }
    })
}

/** One that changes the environments at a time, on the whole machine. */
async function alone(deps: InstallDeps, report: Report, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const unlock = await lockInstallation(deps.engineFolder, signal, () =>
    report({ step: 'find_python', message: 'Waiting for another installation', fraction: null }),
  )
  try {
    await work()
  } finally {
    unlock()
  }
}

interface Known {
  current: Environment | null
  previous: Environment | null
}

async function lastKnown(deps: InstallDeps): Promise<Known> {
  const active = await readActive(deps.engineFolder)
  return active === null || active === 'unreadable' ? { current: null, previous: null } : active
}

/** The active environment when nothing of it is missing. */
async function wholeActive(deps: InstallDeps): Promise<Active | null> {
  const active = await readActive(deps.engineFolder)
  if (active === null || active === 'unreadable') return null
  return (await findDamage(deps.engineFolder, active.current)) === null ? active : null
}

/** Puts one of this version's lock in the place of the active one: the one kept from before when it is such a one, else a new one. */
async function replace(deps: InstallDeps, known: Known, report: Report, signal: AbortSignal): Promise<void> {
  const { current, previous } = known
  const isUsable = previous?.lock === deps.lock.hash && (await findDamage(deps.engineFolder, previous)) === null
  if (isUsable && (await starts(deps, previous, report, signal))) {
    await writeActive(deps.engineFolder, { current: previous, previous: current })
    report({ step: 'activate', message: 'Ready', fraction: 1 })
    return
  }
  // Also one that does not start: until there is another, it is all there is.
  const on = await lastKnown(deps)
  const keep = [on.current, on.previous].filter((entry) => entry !== null)
  report({ step: 'find_python', message: 'Looking for Python', fraction: null })
  const tools = await findTools(deps, signal)
  const made = { lock: deps.lock.hash, folder: randomBytes(4).toString('hex') }
  const folder = folderOf(deps.engineFolder, made)
  try {
    await removeRubbish(deps.engineFolder, keep)
    await checkSpace(deps)
    const failure = await build(deps, tools, folder, report, signal)
    if (failure !== null) throw await installFailed(deps, failure)
    report({ step: 'self_test', message: 'Asking a model something', fraction: null })
    const test = await selfTest(deps, folder, signal)
    if (!test.works) throw await installFailed(deps, test.result, 'The engine was installed but does not start')
    const { site_packages: site, ...versions } = test.facts
    const entry = describeEnvironment(deps.engineFolder, { ...made, site_packages: relative(folder, site), versions })
    const kept = current ?? previous
    await writeActive(deps.engineFolder, { current: entry, previous: kept })
    report({ step: 'activate', message: 'Ready', fraction: 1 })
    await removeRubbish(deps.engineFolder, kept === null ? [entry] : [entry, kept])
  } catch (error) {
    await removeRubbish(deps.engineFolder, keep)
    throw error
  }
}

/** Files of an environment that looks whole may be damaged all the same: only its start tells. */
async function starts(deps: InstallDeps, entry: Environment, report: Report, signal: AbortSignal): Promise<boolean> {
  report({ step: 'self_test', message: 'Asking a model something', fraction: null })
  try {
    return (await selfTest(deps, folderOf(deps.engineFolder, entry), signal)).works
  } catch (error) {
    if (signal.aborted) throw error
    return false
  }
}

async function checkSpace(deps: InstallDeps): Promise<void> {
  const free = await (deps.freeBytes ?? freeBytes)(deps.engineFolder)
  if (free < neededBytes) throw diskFull(free)
}

function diskFull(free: number): AppError {
  return new AppError('disk_full', `The engine needs ${gigabytes(neededBytes)} of disk space, ${gigabytes(free)} are free.`, {
    hint: 'Free some space, then run: mlxk engine install',
    data: { needed_bytes: neededBytes, free_bytes: free },
  })
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

async function installFailed(
  deps: InstallDeps,
  result: CommandResult,
  what = 'The packages of the engine could not be installed',
): Promise<AppError> {
  const free = await (deps.freeBytes ?? freeBytes)(deps.engineFolder)
  if (free < 50_000_000) return diskFull(free)
  const said = (result.lines.findLast((line) => /error/i.test(line)) ?? result.lines.at(-1) ?? 'no reason was given').trim()
  const data = { exit_code: result.code, log: result.lines.slice(-30) }
  const known = explainFailure(result.lines)
  if (known === null) {
    const hint = 'The log below the error has more. Check the network and the disk, then run: mlxk engine install'
    return new AppError('engine_install_failed', `${what}: ${said.slice(0, 500)}`, { hint, data })
  }
  return new AppError(known.code, `${what}. ${known.sentence} (${said.slice(0, 300)})`, { hint: known.hint, data })
}
