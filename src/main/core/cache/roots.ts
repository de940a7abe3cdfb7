import { join, resolve } from 'node:path'
import { expandPath, readVariable, type Env, type Platform } from '../system'
import type { CacheRoot } from './types'

export interface RootChoices {
  demoHub: string
  demoEnabled: boolean
  /** From the settings; read-only. */
  extraRoots: readonly string[]
  /** `MLXK_WORKSPACE_HOME` counts; not where only caches are meant. */
  workspaces?: boolean
}

/** huggingface_hub's precedence; what is set to nothing counts as unset. Path of the variable's value, then the folder below it. */
const variables = [
  ['HF_HUB_CACHE', []],
  ['HUGGINGFACE_HUB_CACHE', []],
  ['HF_HOME', ['hub']],
  ['XDG_CACHE_HOME', ['huggingface', 'hub']],
] as const

function primaryRoot(env: Env, home: string): CacheRoot {
  for (const [rule, below] of variables) {
    const value = readVariable(env, rule)
    if (value !== undefined) return { path: join(expandPath(value, env, home), ...below), kind: 'primary', rule }
  }
  return { path: join(home, '.cache', 'huggingface', 'hub'), kind: 'primary', rule: 'default' }
}

/**
 * The places of models in the order in which names are resolved: the folder of workspaces, the user's own cache, the demo's while it is on,
 * those of the settings. A
 * folder named twice counts once. Pure: whether they exist is the scan's to say.
 */
export function resolveRoots(env: Env, platform: Pick<Platform, 'home'>, choices: RootChoices): CacheRoot[] {
  const roots: CacheRoot[] = []
  const workspaceHome = choices.workspaces === false ? undefined : readVariable(env, 'MLXK_WORKSPACE_HOME')
  if (workspaceHome !== undefined) {
    const path = expandPath(workspaceHome, env, platform.home)
    roots.push({ path, kind: 'workspace', rule: 'MLXK_WORKSPACE_HOME' })
  }
  roots.push(primaryRoot(env, platform.home))
  if (choices.demoEnabled) roots.push({ path: choices.demoHub, kind: 'demo', rule: 'demo' })
  for (const path of choices.extraRoots) {
    if (path !== '') roots.push({ path: expandPath(path, env, platform.home), kind: 'extra', rule: 'settings' })
  }
  const normal = roots.map((root) => ({ ...root, path: resolve(root.path) }))
  return normal.filter((root, index) => normal.findIndex(({ path }) => path === root.path) === index)
}
