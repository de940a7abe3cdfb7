import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { demoModelNames, writeDemoModels, writeScriptedModel, type ScriptedModelSpec } from '../../../src/main/core/demo'
import { resolveRoots, scanRoots } from '../../../src/main/core/cache'
import { createEnginePool, openEngineStream, type EnginePool, type EnginePoolDeps } from '../../../src/main/core/engine'
import { createGenerator } from '../../../src/main/core/generation'
import { createCatalog } from '../../../src/main/core/models'
import { currentPlatform, dataPaths, findLayout } from '../../../src/main/core/system'
import { serveApi, type ApiServer } from '../../../src/main/server/openai'
import { ensureTestEngine } from '../../setup/engine'

export const [hello, counting, thinking] = demoModelNames as [string, string, string]

interface GatewayOptions extends Partial<EnginePoolDeps> {
  python?: (folder: string) => Promise<string>
}

export interface Gateway {
  api: ApiServer
  /** The cache of its models. */
  hub: string
  pool: EnginePool
  /** Errors that nobody foresaw, with their request ids. */
  logged: [unknown, string][]
  /** Adds a model that says what the test needs. */
  write: (spec: ScriptedModelSpec) => Promise<void>
  /** Resolves once the engines have nothing in flight. */
  idle: () => Promise<void>
  close: () => Promise<void>
}

/**
 * The whole API on a free port: demo models in a cache of its own, real catalog, pool and mlx_lm. `engineEnv`: more for the pool's.
 * `more.python`: gives an interpreter in place of the engine's, from a folder to put it in.
 */
export async function openGateway(
  engineEnv: Record<string, string> = {},
  { python: choosePython = (_folder: string) => ensureTestEngine(), ...more }: GatewayOptions = {},
): Promise<Gateway> {
  const root = mkdtempSync(join(tmpdir(), 'mlxk-gateway-'))
  const platform = currentPlatform(process.env)
  const env = { MLXK_HOME: join(root, 'data'), HF_HOME: join(root, 'hf') }
  const paths = dataPaths(env, platform)
  await writeDemoModels(paths.demoHub)
  const roots = () => resolveRoots(env, platform, { demoHub: paths.demoHub, demoEnabled: true, extraRoots: [] })
  const catalog = createCatalog({ roots, scan: (all) => Promise.resolve(scanRoots(all)) })
  const python = await choosePython(join(root, 'bin'))
  const layout = findLayout(import.meta.dirname)
  const pool = createEnginePool({
    environment: { python: () => Promise.resolve(python) },
    env: { ...process.env, ...engineEnv },
    platform,
    paths,
    layout,
    ...more,
  })
  const clock = () => performance.now()
  const generator = createGenerator({ catalog, pool, openStream: openEngineStream, clock, maxTokens: () => null })
  const logged: [unknown, string][] = []
  const logError = (error: unknown, id: string) => void logged.push([error, id])
  const api = await serveApi(
    {
      generator,
      catalog,
      downloads: { list: () => [], add: () => Promise.reject(new Error('no Hub here')) },
      pool,
      logError,
      version: '0.0.0',
    },
    { port: 0 },
  )
  return {
    api,
    hub: paths.demoHub,
    pool,
    logged,
    write: async (spec) => void (await writeScriptedModel(paths.demoHub, spec)),
    idle: () => untilIdle(pool),
    close: async () => {
      await api.close()
      await pool.close()
      rmSync(root, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function untilIdle(pool: EnginePool): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (pool.list().some((model) => model.in_flight > 0)) return
      unsubscribe()
      resolve()
    }
    const unsubscribe = pool.subscribe(look)
    look()
  })
}
