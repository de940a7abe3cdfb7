import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { InstallProgress } from '../../../../shared/contract'
import { AppError } from '../../../../shared/errors'
import type { EngineLock } from '../../interpreter'
import type { Env, Platform } from '../../system'
import { findUv, pythonCandidates, pythonHint, type FileProbe } from './candidates'
import { commandEnvironment } from './command-environment'
import { createInstallProgress } from './install-progress'
import { pythonOf, remove } from './managed'
import { probePython, unsuitable, type PythonFacts } from './probe'
import type { CommandResult, RunCommand } from './run-command'

export interface ToolDeps {
  env: Env
  platform: Platform
  run: RunCommand
  files: FileProbe
  /** PATH of the user's own shell, asked only when nothing else finds a Python. */
  loginPath?: () => Promise<string | null>
}

export interface BuildDeps extends ToolDeps {
  /** `<data>/engine`. */
  engineFolder: string
  resources: string
  lock: EngineLock
}

export type Report = (progress: InstallProgress) => void

const minute = 60_000

export interface Tools {
  uv: string | null
  python: { path: string; facts: PythonFacts } | null
}

/**
 * What an environment can be built with.
 * @throws AppError engine_missing, which says what is wrong with the interpreters that are there and how to get one that will do; cancelled
 */
export async function findTools(deps: ToolDeps, signal: AbortSignal): Promise<Tools> {
  const found = await searchTools(deps, deps.env, signal)
  if (found.tools !== null) return found.tools
  // A program started from the Dock does not know the PATH of the user's shell.
  const path = (await deps.loginPath?.()) ?? null
  const again = path === null ? found : await searchTools(deps, { ...deps.env, PATH: path }, signal)
  if (again.tools !== null) return again.tools
  const looked = again.reasons.length === 0 ? '' : ` Found, but of no use: ${again.reasons.slice(0, 3).join('; ')}.`
  throw new AppError('engine_missing', `No Python was found that can run the engine (3.11 to 3.14).${looked}`, {
    hint: pythonHint(deps.env, deps.platform, deps.files, again.reasons.length === 0 || again.venvMissing),
    data: { candidates: again.reasons },
  })
}

interface Search {
  tools: Tools | null
  reasons: string[]
  /** One would do, but for its venv module. */
  venvMissing: boolean
}

async function searchTools(deps: ToolDeps, env: Env, signal: AbortSignal): Promise<Search> {
  const clean = commandEnvironment(env)
  const found = findUv(env, deps.platform, deps.files)
  const works = found !== null && (await deps.run(found, ['--version'], { env: clean, signal, timeoutMs: 15_000 })).code === 0
  const uv = works ? found : null
  const reasons: string[] = []
  let venvMissing = false
  for (const path of pythonCandidates(env, deps.platform, deps.files).slice(0, 40)) {
    const facts = await probePython(deps.run, path, clean, signal)
    if (facts === null) continue
    const useless = unsuitable(facts, deps.platform)
    const reason = useless ?? (facts.venv || uv !== null ? null : 'its venv module is not installed')
    if (reason === null) return { tools: { uv, python: { path: facts.executable, facts } }, reasons, venvMissing }
    venvMissing ||= useless === null
    reasons.push(`${path}: ${reason}`)
  }
  return { tools: uv === null ? null : { uv, python: null }, reasons, venvMissing }
}

/**
 * Makes an environment in a folder: uv where it is there, else pip; pip also when uv fails, since a mirror may be known to pip only.
 * @returns null, else what the installer that failed said. @throws AppError cancelled
 */
export async function build(
  deps: BuildDeps,
  tools: Tools,
  folder: string,
  report: Report,
  signal: AbortSignal,
): Promise<CommandResult | null> {
  if (tools.uv !== null) {
    const failure = await buildWithUv(deps, tools.uv, tools.python?.path ?? null, folder, report, signal)
    if (failure === null || tools.python?.facts.venv !== true) return failure
    report({ step: 'create_environment', message: 'uv did not succeed; once more with pip', fraction: null })
    await remove(folder)
  }
  if (tools.python === null) return null
  const env = commandEnvironment(deps.env)
  report({ step: 'create_environment', message: `Python ${tools.python.facts.version}`, fraction: null })
  const made = await deps.run(tools.python.path, ['-I', '-m', 'venv', '--clear', folder], { env, signal, timeoutMs: 5 * minute })
  if (made.code !== 0) return made
  const python = pythonOf(folder)
  const flags = ['--no-deps', '--require-hashes', '--only-binary', ':all:', '-r', deps.lock.path]
  const installed = await supervised(deps, python, [python, '-I', '-m', 'pip', 'install', ...flags], report, signal)
  return installed.code === 0 ? null : installed
}

async function buildWithUv(
  deps: BuildDeps,
  uv: string,
  base: string | null,
  folder: string,
  report: Report,
  signal: AbortSignal,
): Promise<CommandResult | null> {
  const env = commandEnvironment(deps.env)
  const message = base === null ? 'uv, with a Python of its own' : `uv, with ${base}`
  report({ step: 'create_environment', message, fraction: null })
  await mkdir(deps.engineFolder, { recursive: true })
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
  deps: BuildDeps,
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
