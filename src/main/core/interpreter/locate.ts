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

const part = /^[\w-]+$/

/** The interpreter of the environment that is in use (see `managed.ts` of the engine); null when there is none, or not a whole one. */
export function locateManaged(engineFolder: string): string | null {
  try {
    const active: unknown = JSON.parse(readFileSync(join(engineFolder, 'active.json'), 'utf8'))
    const current = typeof active === 'object' && active !== null && 'current' in active ? active.current : null
    if (typeof current !== 'object' || current === null || !('lock' in current) || !('folder' in current)) return null
    const { lock, folder } = current
    if (typeof lock !== 'string' || typeof folder !== 'string' || !part.test(lock) || !part.test(folder)) return null
    const python = join(engineFolder, lock, folder, 'bin', 'python')
    return existsSync(python) ? python : null
  } catch {
    return null
  }
}
