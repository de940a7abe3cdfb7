import { mkdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { projectFile } from '../setup/build'
import type { Home } from './types'

/**
 * Makes a home in an empty folder. The API takes any free port. With an engine: the interpreter of MLXK_TEST_PYTHON, so that nothing is
 * downloaded; without: no interpreter at all.
 */
export function createHome(folder: string, engine: 'ready' | 'missing'): Home {
  mkdirSync(folder, { recursive: true })
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !/^(HF_|HUGGING|MLXK_|MLXK2_|XDG_|TRANSFORMERS_|NO_COLOR$|FORCE_COLOR$)/.test(name))
      env[name] = value
  }
  const user = userInfo().homedir
  const data = join(folder, 'data')
  const python = process.env['MLXK_TEST_PYTHON'] ?? ''
  Object.assign(env, {
    HOME: folder,
    MLXK_HOME: data,
    HF_HOME: join(folder, 'hf'),
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    MLXK_PORT: '0',
    ...(engine === 'ready' ? { MLXK_PYTHON: python } : {}),
    MLXK_TEST_GUARD: JSON.stringify([join(user, '.cache', 'huggingface'), join(user, '.local', 'share', 'mlx-knife')]),
    NODE_OPTIONS: `--require ${JSON.stringify(projectFile('e2e', 'setup', 'guard.cjs'))}`,
  })
  return { folder, data, env }
}
