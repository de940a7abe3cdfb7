import { randomBytes } from 'node:crypto'
import { mkdir, statfs } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { z } from 'zod'
import type { InstallProgress } from '../../../../shared/contract'
import { AppError } from '../../../../shared/errors'
import type { Env, Platform } from '../../system'
import { findUv, pythonCandidates, pythonHint, type FileProbe } from './candidates'
import { commandEnvironment } from './command-environment'
import { createInstallProgress } from './install-progress'
import { lockInstallation } from './install-lock'
import type { EngineLock } from '../../interpreter'
import { activate, inspectManaged, pythonOf, removeRubbish } from './managed'
import { probePython, unsuitable, type PythonFacts } from './probe'
import type { CommandResult, RunCommand } from './run-command'

export interface InstallDeps {
  env: Env
  platform: Platform
  /** `<data>/engine`. */
  engineFolder: string
  resources: string
  lock: EngineLock
  run: RunCommand
  files: FileProbe
  /** Free bytes of the file system that holds a folder. */
  freeBytes?: (folder: string) => Promise<number>
}

type Report = (progress: InstallProgress) => void

/** Packages and their download, at most; measured 360 MB on Linux, Metal's are larger. */
const neededBytes = 1_500_000_000
const minute = 60_000

/**
 * Builds the managed environment and makes it the active one. Returns when the active one starts, or when another process has just made one.
 * @throws AppError engine_missing, engine_install_failed, disk_full, cancelled
 */
export async function installManaged(deps: InstallDeps, report: Report, signal: AbortSignal): Promise<void> {
  const home = join(deps.engineFolder, deps.lock.hash)
  const damaged = await inspectManaged(home)
  if (damaged.state === 'ready' && (await stillStarts(deps, damaged.python, report, signal))) return
  report({ step: 'find_python', message: 'Looking for Python', fraction: null })
  const tools = await findTools(deps, signal)
  const unlock = await lockInstallation(deps.engineFolder, signal, () =>
    report({ step: 'find_python', message: 'Waiting for another installation', fraction: null }),
  )
  try {
    const before = await inspectManaged(home)
    if (before.state === 'ready' && (damaged.state !== 'ready' || damaged.python !== before.python)) return
    await checkSpace(deps)
    await removeRubbish(home, null)
    const attempt = randomBytes(4).toString('hex')
    const folder = join(home, attempt)
    await build(deps, tools, folder, report, signal)
    report({ step: 'self_test', message: 'Starting the engine once', fraction: null })
    const result = await selfTest(deps, folder, signal)
    report({ step: 'activate', message: 'Ready', fraction: 1 })
    const { site_packages: site, ...versions } = result
    await activate(home, { lock: deps.lock.hash, folder: attempt, site_packages: relative(folder, site), versions })
  } catch (error) {
    const stillRunning = await inspectManaged(home)
    if (stillRunning.state !== 'ready') await removeRubbish(home, null)
    throw error
  } finally {
    unlock()
  }
}

/** Files of an environment that looks complete may be gone all the same: only starting it tells. */
async function stillStarts(deps: InstallDeps, python: string, report: Report, signal: AbortSignal): Promise<boolean> {
  report({ step: 'self_test', message: 'Starting the engine once', fraction: null })
  try {
    await selfTest(deps, dirname(dirname(python)), signal)
    return true
  } catch (error) {
    if (signal.aborted) throw error
    return false
  }
}

interface Tools {
  uv: string | null
  python: { path: string; facts: PythonFacts } | null
}

/**
 * What an installation would be made with.
 * @throws AppError engine_missing, which says what is wrong with the interpreters that are there and how to get one that will do
 */
export async function findTools(
  deps: Pick<InstallDeps, 'env' | 'platform' | 'files' | 'run'>,
  signal: AbortSignal,
): Promise<Tools> {
  const env = commandEnvironment(deps.env)
  const found = findUv(deps.env, deps.platform, deps.files)
  const works = found !== null && (await deps.run(found, ['--version'], { env, signal, timeoutMs: 15_000 })).code === 0
  const uv = works ? found : null
  const reasons: string[] = []
  let venvMissing = false
  for (const path of pythonCandidates(deps.env, deps.platform, deps.files).slice(0, 40)) {
    const facts = await probePython(deps.run, path, env, signal)
    if (facts === null) continue
    const useless = unsuitable(facts, deps.platform)
    const reason = useless ?? (facts.venv || uv !== null ? null : 'its venv module is not installed')
    if (reason === null) return { uv, python: { path: facts.executable, facts } }
    venvMissing ||= useless === null
    reasons.push(`${path}: ${reason}`)
  }
  if (uv !== null) return { uv, python: null }
  const looked = reasons.length === 0 ? '' : ` Found, but of no use: ${reasons.slice(0, 3).join('; ')}.`
  throw new AppError('engine_missing', `No Python was found that can run the engine (3.11 to 3.14).${looked}`, {
    hint: pythonHint(deps.env, deps.platform, deps.files, reasons.length === 0 || venvMissing),
    data: { candidates: reasons },
  })
}

/** uv where it is there, else pip; pip also when uv fails, since a mirror may be known to pip only. */
async function build(deps: InstallDeps, tools: Tools, folder: string, report: Report, signal: AbortSignal): Promise<void> {
  if (tools.uv !== null) {
    const failure = await buildWithUv(deps, tools.uv, tools.python?.path ?? null, folder, report, signal)
    if (failure === null) return
    if (tools.python?.facts.venv !== true) throw await installFailed(deps, failure)
    report({ step: 'create_environment', message: 'uv did not succeed; once more with pip', fraction: null })
    await removeRubbish(join(deps.engineFolder, deps.lock.hash), null)
  }
  if (tools.python === null) return
  const env = commandEnvironment(deps.env)
  report({ step: 'create_environment', message: `Python ${tools.python.facts.version}`, fraction: null })
  const made = await deps.run(tools.python.path, ['-I', '-m', 'venv', '--clear', folder], { env, signal, timeoutMs: 5 * minute })
  if (made.code !== 0) throw await installFailed(deps, made)
  const python = pythonOf(folder)
  const pip = [
    python,
    '-I',
    '-m',
    'pip',
    'install',
    '--no-deps',
    '--require-hashes',
    '--only-binary',
    ':all:',
    '-r',
    deps.lock.path,
  ]
  const installed = await supervised(deps, python, pip, report, signal)
  if (installed.code !== 0) throw await installFailed(deps, installed)
}

async function buildWithUv(
  deps: InstallDeps,
  uv: string,
  base: string | null,
  folder: string,
  report: Report,
  signal: AbortSignal,
): Promise<CommandResult | null> {
  const env = commandEnvironment(deps.env)
  report({
    step: 'create_environment',
    message: base === null ? 'uv, with a Python of its own' : `uv, with ${base}`,
    fraction: null,
  })
  await mkdir(join(deps.engineFolder, deps.lock.hash), { recursive: true })
  const own = { UV_PYTHON_INSTALL_DIR: join(deps.engineFolder, 'python'), UV_PYTHON_PREFERENCE: 'only-managed' }
  const made = await deps.run(uv, ['venv', '--no-project', '--python', base ?? '3.12', folder], {
    env: base === null ? { ...env, ...own } : env,
    signal,
    timeoutMs: 20 * minute,
    cwd: deps.engineFolder,
  })
  if (made.code !== 0) return made
  const python = pythonOf(folder)
  const flags = ['--no-deps', '--require-hashes', '--only-binary', ':all:', '--compile-bytecode', '-r', deps.lock.path]
  const installed = await supervised(deps, python, [uv, 'pip', 'install', '--python', python, ...flags], report, signal)
  return installed.code === 0 ? null : installed
}

/** Runs an installer under `supervise.py`, which ends it when we die. */
async function supervised(
  deps: InstallDeps,
  python: string,
  command: readonly string[],
  report: Report,
  signal: AbortSignal,
): Promise<CommandResult> {
  const progress = createInstallProgress(deps.lock.packages)
  report({ step: 'install_packages', message: `${deps.lock.packages} packages`, fraction: 0 })
  return deps.run(python, ['-I', join(deps.resources, 'engine', 'supervise.py'), ...command], {
    env: commandEnvironment(deps.env),
    signal,
    timeoutMs: 60 * minute,
    cwd: deps.engineFolder,
    onLine: (line) => {
      const step = progress(line)
      if (step !== null) report({ step: 'install_packages', ...step })
    },
  })
}

/** Imports everything that an engine imports, which also compiles it, and computes something. */
const selfTestScript = `
import importlib.metadata as m, json, platform, sysconfig
import mlx.core as mx
import mlx_lm.server
mx.eval(mx.ones(2) + 1)
version = lambda name: m.version(name)
print(json.dumps({"python": platform.python_version(), "mlx": version("mlx"), "mlx_lm": version("mlx-lm"),
    "transformers": version("transformers"), "site_packages": sysconfig.get_path("purelib")}))
`

const selfTestResult = z.object({
  python: z.string(),
  mlx: z.string(),
  mlx_lm: z.string(),
  transformers: z.string(),
  site_packages: z.string(),
})

async function selfTest(deps: InstallDeps, folder: string, signal: AbortSignal): Promise<z.infer<typeof selfTestResult>> {
  const env = { ...commandEnvironment(deps.env), HF_HUB_OFFLINE: '1' }
  const result = await deps.run(pythonOf(folder), ['-I', '-c', selfTestScript], {
    env,
    signal,
    timeoutMs: 10 * minute,
    cwd: folder,
  })
  if (result.code !== 0) throw await installFailed(deps, result, 'The engine was installed but does not start')
  try {
    return selfTestResult.parse(JSON.parse(result.stdout.trim().split('\n').at(-1) ?? ''))
  } catch (error) {
    throw new AppError('engine_install_failed', 'The engine was installed but its self-test gave no answer.', { cause: error })
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
  const reason = result.lines.findLast((line) => /error/i.test(line)) ?? result.lines.at(-1) ?? 'no reason was given'
  return new AppError('engine_install_failed', `${what}: ${reason.trim().slice(0, 500)}`, {
    hint: 'Check the network connection (mirrors and proxies: PIP_INDEX_URL, UV_INDEX_URL, HTTPS_PROXY), then run: mlxk engine install',
    data: { exit_code: result.code, log: result.lines.slice(-30) },
  })
}
