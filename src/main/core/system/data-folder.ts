import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { toFileError } from './file-errors'
import type { DataPaths } from './paths'

/**
 * Makes the data folder and `run`, for this user only. A folder that was there before keeps its rights, since `MLXK_HOME` may name one
 * that others use too; `run`, which holds keys and locks, is ours alone and always closed to others.
 * @throws AppError permission_denied, disk_full
 */
export function prepareDataFolder(paths: Pick<DataPaths, 'root' | 'run'>): void {
  try {
    if (!existsSync(paths.root)) mkdirSync(paths.root, { recursive: true, mode: 0o700 })
    mkdirSync(paths.run, { recursive: true, mode: 0o700 })
    chmodSync(paths.run, 0o700)
  } catch (error) {
    throw toFileError(error, paths.root)
  }
}
