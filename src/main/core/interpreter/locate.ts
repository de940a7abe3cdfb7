import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { expandPath, readVariable, type Env, type Platform } from '../system'

export interface NamedInterpreter {
  source: 'environment' | 'settings'
  /** Absolute; it need not be there. */
  python: string
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** The interpreter that the user named: `MLXK_PYTHON`, else the setting; null when none is. A bare word is looked up in PATH. */
export function locateNamed(
  env: Env,
  platform: Pick<Platform, 'home'>,
  setting: string | null,
  isProgram: (path: string) => boolean = isExecutable,
): NamedInterpreter | null {
  const locate = (value: string): string => {
    if (value.includes('/')) return expandPath(value, env, platform.home)
    const folders = (readVariable(env, 'PATH') ?? '').split(delimiter).filter(isAbsolute)
    return folders.map((folder) => join(folder, value)).find(isProgram) ?? expandPath(value, env, platform.home)
  }
  const fromEnvironment = readVariable(env, 'MLXK_PYTHON')
  if (fromEnvironment !== undefined) return { source: 'environment', python: locate(fromEnvironment) }
  return setting === null ? null : { source: 'settings', python: locate(setting) }
}

/** The interpreter of the environment that we made, by its marker; null when there is none, or not a whole one. */
export function locateManaged(engineFolder: string, lockHash: string): string | null {
  const home = join(engineFolder, lockHash)
  try {
    const marker: unknown = JSON.parse(readFileSync(join(home, 'complete.json'), 'utf8'))
    const folder = typeof marker === 'object' && marker !== null && 'folder' in marker ? marker.folder : null
    if (typeof folder !== 'string' || !/^[\w-]+$/.test(folder)) return null
    const python = join(home, folder, 'bin', 'python')
    return existsSync(python) ? python : null
  } catch {
    return null
  }
}
