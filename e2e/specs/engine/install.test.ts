import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EngineStatus, InstallProgress } from '../../../src/shared/contract'
import { ensureTestEngine } from '../../setup/engine'
import {
  environmentOf as environmentWith,
  environmentsIn,
  finish,
  openEnvironmentBench,
  within,
  type Change,
  type EnvironmentBench,
  type Release,
} from './environment-support'

interface Line {
  progress?: InstallProgress
  status?: EngineStatus
  error?: { code: string; message: string; hint?: string }
}

let bench: EnvironmentBench
let release: Release
let folder = ''
/** A user with a finished environment, for copies. */
let installed: NodeJS.ProcessEnv
const isMac = process.platform === 'darwin'

beforeAll(async () => {
  bench = openEnvironmentBench()
  folder = bench.folder
  release = await bench.release('0.32.2')
  installed = newHome()
  await installFully(installed)
})
afterAll(() => bench.close())

const newHome = (): NodeJS.ProcessEnv => bench.newHome(release)
const environmentOf = (env: NodeJS.ProcessEnv) => environmentWith(release, env)
const installFully = (env: NodeJS.ProcessEnv): Promise<Change> => finish(environmentOf(env).install(within()))

function startInstaller(env: NodeJS.ProcessEnv): { child: ChildProcess; lines: AsyncIterable<string> } {
  const input = JSON.stringify({ resources: release.resources, env: {} })
  const child = spawn(process.execPath, [join(import.meta.dirname, 'children.mjs'), 'install', input], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { child, lines: createInterface({ input: child.stdout }) }
}

function parseLine(line: string): Line {
  return JSON.parse(line)
}

/** site-packages of a finished environment. */
function packagesOf(python: string | null): string {
  const venv = join(python!, '..', '..')
  return join(venv, 'lib', readdirSync(join(venv, 'lib'))[0]!, 'site-packages')
}

describe('mlxk engine install', () => {
  it('goes through its steps in order with a fraction that only grows, and a second time only starts the engine once', async () => {
    const env = newHome()
    const { steps, status } = await installFully(env)
    expect(status).toMatchObject({ state: 'ready', source: 'managed', versions: { mlx_lm: '0.32.2', mlx: '0.32.4' }, hint: null })
    const names = [...new Set(steps.map(({ step }) => step))]
    expect(names).toEqual(['find_python', 'create_environment', 'install_packages', 'self_test', 'activate'])
    const fractions = steps.filter(({ step }) => step === 'install_packages').map(({ fraction }) => fraction ?? 0)
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
    expect(fractions.at(-1)).toBe(1)
    expect(new Set(fractions).size).toBeGreaterThan(5)
    const again = await installFully(env)
    expect(again.steps.map(({ step }) => step)).toEqual(['self_test'])
    expect(again.status).toEqual(status)
  })

  it.each(['create_environment', 'install_packages', 'self_test'])(
    'killed with kill -9 during %s is missing, and then succeeds',
    async (step) => {
      const env = newHome()
      const { child, lines } = startInstaller(env)
      for await (const line of lines) {
        const { progress }: Line = JSON.parse(line)
        if (progress?.step !== step) continue
        // In the middle of the packages, not at their beginning.
        if (step === 'install_packages' && (progress.fraction ?? 0) < 0.3) continue
        break
      }
      child.kill('SIGKILL')
      expect((await environmentOf(env).status()).state).toBe('missing')
      const { status } = await installFully(env)
      expect(status.state).toBe('ready')
      expect(environmentsIn(env)).toHaveLength(1)
    },
  )

  it('started twice at once installs once, and both end ready', async () => {
    const env = newHome()
    const results = await Promise.all(
      [startInstaller(env), startInstaller(env)].map(async ({ lines }) => {
        const seen: Line[] = []
        for await (const line of lines) seen.push(parseLine(line))
        return seen
      }),
    )
    expect(results.map((lines) => lines.at(-1)?.status?.state)).toEqual(['ready', 'ready'])
    const installers = results.filter((lines) => lines.some(({ progress }) => progress?.step === 'install_packages'))
    expect(installers).toHaveLength(1)
  })

  it('aborted ends its processes, leaves nothing active, and is cancelled', async () => {
    const env = newHome()
    const abort = new AbortController()
    const environment = environmentOf(env)
    const work = environment.install(abort.signal)
    const finished = (async () => {
      for await (const { step } of work) if (step === 'install_packages') abort.abort()
    })()
    await expect(finished).rejects.toMatchObject({ code: 'cancelled' })
    expect((await environment.status()).state).toBe('missing')
    expect(environmentsIn(env)).toEqual([])
  })

  it('mends an environment that lost a file and still looks complete', async () => {
    const env = bench.copyHome(installed)
    const status = await environmentOf(env).status()
    writeFileSync(join(packagesOf(status.python), 'mlx_lm', '__init__.py'), 'import a_module_that_is_gone\n')
    expect((await environmentOf(env).status()).state).toBe('ready')
    const mended = await installFully(env)
    expect(mended.status.state).toBe('ready')
    expect(mended.status.python).not.toBe(status.python)
    expect((await installFully(env)).steps.map(({ step }) => step)).toEqual(['self_test'])
  })

  it('mends an environment whose mlx_lm is gone, and one whose Python is gone', async () => {
    const env = bench.copyHome(installed)
    const status = await environmentOf(env).status()
    rmSync(join(packagesOf(status.python), 'mlx_lm'), { recursive: true })
    const broken = await environmentOf(env).status()
    expect(broken).toMatchObject({ state: 'broken', hint: 'mlxk engine install' })
    expect(broken.reason).toContain('mlx_lm')
    await expect(environmentOf(env).python()).rejects.toMatchObject({ code: 'engine_missing', hint: 'mlxk engine install' })
    const mended = await installFully(env)
    expect(mended.status.state).toBe('ready')
    rmSync(mended.status.python!)
    expect(await environmentOf(env).status()).toMatchObject({ state: 'broken' })
    expect((await installFully(env)).status.state).toBe('ready')
  })

  it('notices a missing architecture of mlx_lm by a look, one that was cut short by the self-test, and mends both', async () => {
    const env = bench.copyHome(installed)
    const { python } = await environmentOf(env).status()
    const architecture = join(packagesOf(python), 'mlx_lm', 'models', 'llama.py')
    rmSync(architecture)
    const broken = await environmentOf(env).status()
    expect(broken).toMatchObject({ state: 'broken', reason: expect.stringContaining('llama.py'), hint: 'mlxk engine install' })
    writeFileSync(architecture, '')
    expect((await environmentOf(env).status()).state).toBe('ready')
    const mended = await installFully(env)
    expect(mended.status.state).toBe('ready')
    expect(mended.status.python).not.toBe(python)
  })

  it('fails with the reason and what to do when packages cannot be had, and leaves no environment', async () => {
    const env = { ...newHome(), PIP_FIND_LINKS: join(folder, 'nothing-here') }
    const failed = installFully(env)
    await expect(failed).rejects.toMatchObject({
      code: 'engine_install_failed',
      hint: expect.stringContaining('network'),
    })
    expect((await environmentOf(env).status()).state).toBe('missing')
    expect(environmentsIn(env)).toEqual([])
  })

  it.skipIf(isMac)('without any Python is engine_missing with a command that mends it', async () => {
    const env = { ...newHome(), PATH: '/nonexistent' }
    const files = { isExecutable: (path: string) => path === '/usr/bin/apt-get', list: () => [] }
    const environment = environmentWith(release, env, { files })
    expect(await environment.status()).toMatchObject({ state: 'missing', hint: 'sudo apt install python3 python3-venv' })
    const installed = (async () => {
      for await (const { step } of environment.install(new AbortController().signal)) expect(step).toBe('find_python')
    })()
    await expect(installed).rejects.toMatchObject({ code: 'engine_missing', hint: 'sudo apt install python3 python3-venv' })
  })
})

describe('an interpreter that the user names', () => {
  it('is used when it has mlx_lm, asked once and remembered', async () => {
    const python = await ensureTestEngine()
    const environment = environmentOf({ ...newHome(), MLXK_PYTHON: python })
    expect(await environment.status()).toMatchObject({
      state: 'ready',
      source: 'environment',
      python,
      versions: { mlx_lm: '0.32.2' },
    })
    expect(await environment.python()).toBe(python)
  })

  it('is never changed: without mlx_lm it is missing, with the exact pip command', async () => {
    const env = installed
    const status = await environmentOf(env).status()
    const venv = join(folder, 'bare')
    execFileSync(status.python!, ['-m', 'venv', '--without-pip', venv])
    const python = join(venv, 'bin', 'python')
    const environment = environmentOf({ ...env, MLXK_PYTHON: python })
    const hint = `'${python}' -m pip install 'mlx-lm${isMac ? '' : '[cpu]'}==0.32.2'`
    expect(await environment.status()).toMatchObject({ state: 'missing', source: 'environment', hint })
    await expect(environment.install(new AbortController().signal).next()).rejects.toMatchObject({
      code: 'engine_install_failed',
      hint,
    })
  })

  it('that does not exist is broken, and says how to get out', async () => {
    const environment = environmentOf({ ...newHome(), MLXK_PYTHON: '/nonexistent/python' })
    expect(await environment.status()).toMatchObject({
      state: 'broken',
      source: 'environment',
      hint: expect.stringContaining('unset'),
    })
  })
})
