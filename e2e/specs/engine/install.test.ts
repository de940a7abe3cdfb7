import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngineEnvironment } from '../../../src/main/core/engine'
import { currentPlatform, dataPaths, findLayout } from '../../../src/main/core/system'
import type { EngineStatus, InstallProgress } from '../../../src/shared/contract'
import { ensureTestEngine } from '../../setup/engine'

interface Line {
  progress?: InstallProgress
  status?: EngineStatus
  error?: { code: string; message: string; hint?: string }
}

/** Real venv and pip over tiny local wheels; no network, a second instead of half a minute. */
let folder = ''
let homes = 0
const isMac = process.platform === 'darwin'

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mlxk-install-'))
  const python = await ensureTestEngine()
  execFileSync(python, [join(import.meta.dirname, 'tiny-wheels.py'), folder])
  const real = join(findLayout(import.meta.dirname).resources, 'engine')
  copyFileSync(join(real, 'supervise.py'), join(folder, 'resources', 'engine', 'supervise.py'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))

function newHome(): NodeJS.ProcessEnv {
  homes += 1
  // Without uv, so that the slower and more common way is the one that is interrupted.
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((place) => !existsSync(join(place, 'uv')))
  return {
    ...process.env,
    PATH: path.join(delimiter),
    MLXK_HOME: join(folder, `home-${homes}`),
    PIP_NO_INDEX: '1',
    PIP_FIND_LINKS: join(folder, 'wheels'),
    PIP_CONFIG_FILE: '/dev/null',
  }
}

function environmentOf(env: NodeJS.ProcessEnv): ReturnType<typeof createEngineEnvironment> {
  const platform = currentPlatform(env)
  return createEngineEnvironment({
    env,
    platform,
    paths: dataPaths(env, platform),
    layout: { resources: join(folder, 'resources') },
    settings: {
      read: () => ({
        version: 1,
        engine: { python: null },
        demo: { enabled: false },
        server: { host: '', port: 0, max_tokens: null },
        cache: { extra_roots: [] },
      }),
    },
  })
}

async function installFully(env: NodeJS.ProcessEnv): Promise<{ steps: InstallProgress[]; status: EngineStatus }> {
  const work = environmentOf(env).install(AbortSignal.timeout(50_000))
  const steps: InstallProgress[] = []
  while (true) {
    const next = await work.next()
    if (next.done === true) return { steps, status: next.value }
    steps.push(next.value)
  }
}

function startInstaller(env: NodeJS.ProcessEnv): { child: ChildProcess; lines: AsyncIterable<string> } {
  const input = JSON.stringify({ resources: join(folder, 'resources'), env: {} })
  const child = spawn(process.execPath, [join(import.meta.dirname, 'children.mjs'), 'install', input], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { child, lines: createInterface({ input: child.stdout }) }
}

function parseLine(line: string): Line {
  return JSON.parse(line)
}

const lockFolder = (env: NodeJS.ProcessEnv): string => {
  const engine = join(env['MLXK_HOME']!, 'engine')
  return join(
    engine,
    readdirSync(engine).find((name) => /^[0-9a-f]{12}$/.test(name))!,
  )
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
      expect(readdirSync(lockFolder(env)).filter((name) => name !== 'complete.json')).toHaveLength(1)
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
    expect(readdirSync(lockFolder(env))).toEqual([])
  })

  it('mends an environment that lost a file and still looks complete', async () => {
    const env = newHome()
    const { status } = await installFully(env)
    const venv = join(status.python!, '..', '..')
    const [library] = readdirSync(join(venv, 'lib'))
    writeFileSync(join(venv, 'lib', library!, 'site-packages', 'mlx_lm', '__init__.py'), 'import a_module_that_is_gone\n')
    expect((await environmentOf(env).status()).state).toBe('ready')
    const mended = await installFully(env)
    expect(mended.status.state).toBe('ready')
    expect(mended.status.python).not.toBe(status.python)
    expect((await installFully(env)).steps.map(({ step }) => step)).toEqual(['self_test'])
  })

  it('mends an environment whose mlx_lm is gone, and one whose Python is gone', async () => {
    const env = newHome()
    const { status } = await installFully(env)
    const venv = join(status.python!, '..', '..')
    const [library] = readdirSync(join(venv, 'lib'))
    rmSync(join(venv, 'lib', library!, 'site-packages', 'mlx_lm'), { recursive: true })
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

  it('fails with the reason and what to do when packages cannot be had, and leaves no environment', async () => {
    const env = { ...newHome(), PIP_FIND_LINKS: join(folder, 'nothing-here') }
    const failed = installFully(env)
    await expect(failed).rejects.toMatchObject({
      code: 'engine_install_failed',
      hint: expect.stringContaining('network'),
    })
    expect((await environmentOf(env).status()).state).toBe('missing')
    expect(readdirSync(lockFolder(env))).toEqual([])
  })

  it.skipIf(isMac)('without any Python is engine_missing with a command that mends it', async () => {
    const env = { ...newHome(), PATH: '/nonexistent' }
    const platform = currentPlatform(env)
    const environment = createEngineEnvironment({
      env,
      platform,
      paths: dataPaths(env, platform),
      layout: { resources: join(folder, 'resources') },
      settings: {
        read: () => ({
          version: 1,
          engine: { python: null },
          demo: { enabled: false },
          server: { host: '', port: 0, max_tokens: null },
          cache: { extra_roots: [] },
        }),
      },
      files: { isExecutable: (path) => path === '/usr/bin/apt-get', list: () => [] },
    })
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
    const env = newHome()
    const { status } = await installFully(env)
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
