import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createEngineEnvironment, type EngineEnvironmentDeps } from '../../../src/main/core/engine'
import { currentPlatform, dataPaths, findLayout } from '../../../src/main/core/system'
import type { EngineStatus, InstallProgress } from '../../../src/shared/contract'
import { ensureTestEngine } from '../../setup/engine'

export interface Release {
  /** What a version of MLX Knife comes with. */
  resources: string
  wheels: string
}

type Environment = ReturnType<typeof createEngineEnvironment>

/** Real venv and pip over tiny local wheels; no network, a second instead of half a minute. */
export interface EnvironmentBench {
  folder: string
  /** Packages of one version of MLX Knife. `answer`: what its model says in the self-test, else the right thing. */
  release: (mlxLm: string, answer?: string) => Promise<Release>
  /** The variables of a user with an empty data folder. */
  newHome: (release: Release) => NodeJS.ProcessEnv
  /** The same with a copy of what is in another home: an environment that nobody moves by hand works wherever it lies. */
  copyHome: (env: NodeJS.ProcessEnv) => NodeJS.ProcessEnv
  close: () => void
}

export function openEnvironmentBench(): EnvironmentBench {
  const folder = mkdtempSync(join(tmpdir(), 'mlxk-install-'))
  let homes = 0
  let releases = 0
  return {
    folder,
    release: async (mlxLm, answer = 'This engine works.') => {
      releases += 1
      const place = join(folder, `release-${releases}`)
      execFileSync(await ensureTestEngine(), [join(import.meta.dirname, 'tiny-wheels.py'), place, mlxLm, answer])
      const resources = join(place, 'resources')
      const real = join(findLayout(import.meta.dirname).resources, 'engine')
      for (const name of ['supervise.py', 'self_test.py']) copyFileSync(join(real, name), join(resources, 'engine', name))
      return { resources, wheels: join(place, 'wheels') }
    },
    newHome: ({ wheels }) => {
      homes += 1
      // Without uv, so that the slower and more common way is the one that is interrupted.
      const path = (process.env['PATH'] ?? '').split(delimiter).filter((place) => !existsSync(join(place, 'uv')))
      return {
        ...process.env,
        PATH: path.join(delimiter),
        MLXK_HOME: join(folder, `home-${homes}`),
        PIP_NO_INDEX: '1',
        PIP_FIND_LINKS: wheels,
        PIP_CONFIG_FILE: '/dev/null',
      }
    },
    copyHome: (env) => {
      homes += 1
      const home = join(folder, `home-${homes}`)
      execFileSync('cp', ['-R', env['MLXK_HOME']!, home])
      return { ...env, MLXK_HOME: home }
    },
    close: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  }
}

export function environmentOf(
  { resources }: Pick<Release, 'resources'>,
  env: NodeJS.ProcessEnv,
  more: Partial<EngineEnvironmentDeps> = {},
): Environment {
  const platform = currentPlatform(env)
  const settings = {
    version: 1,
    engine: { python: null },
    demo: { enabled: false },
    server: { host: '', port: 0, max_tokens: null },
    cache: { extra_roots: [] },
  } as const
  return createEngineEnvironment({
    env,
    platform,
    paths: dataPaths(env, platform),
    layout: { resources },
    settings: { read: () => ({ ...settings, cache: { extra_roots: [] } }) },
    ...more,
  })
}

export interface Change {
  steps: InstallProgress[]
  status: EngineStatus
}

/** Reads a change to its end. */
export async function finish(work: AsyncGenerator<InstallProgress, EngineStatus>): Promise<Change> {
  const steps: InstallProgress[] = []
  while (true) {
    const next = await work.next()
    if (next.done === true) return { steps, status: next.value }
    steps.push(next.value)
  }
}

export const within = (): AbortSignal => AbortSignal.timeout(50_000)

/** `<lock>/<folder>` of every environment that lies there, whole or not, and what else does. */
export function environmentsIn(env: NodeJS.ProcessEnv): string[] {
  const engine = join(env['MLXK_HOME']!, 'engine')
  const names = existsSync(engine) ? readdirSync(engine) : []
  return names
    .filter((name) => !['install.db', 'active.json'].includes(name))
    .flatMap((name) => readdirSync(join(engine, name)).map((inside) => `${name}/${inside}`))
}
