import { chmodSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { AppError, toErrno } from '../../../shared/errors'
import { toFileError } from './file-errors'
import type { DataPaths } from './paths'

/**
 * Makes a folder and those above it that are missing. Node's own recursive form never returns where a parent refuses new folders as if
 * it were not there, as `/proc` does.
 * @throws a file system error
 */
export function makeFolder(path: string, mode: number): void {
  const parent = dirname(path)
  if (makeOne(path, mode) || parent === path) return
  makeFolder(parent, mode)
  if (!makeOne(path, mode)) throw Object.assign(new Error(`${parent} takes no folders`), { code: 'ENOENT', path })
}

/** False: its parent is not there. One that is there already, perhaps made by another process just now, is as good. */
function makeOne(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode })
    return true
  } catch (error) {
    if (toErrno(error) === 'ENOENT') return false
    if (toErrno(error) === 'EEXIST' && statSync(path).isDirectory()) return true
    throw error
  }
}

/** What stands where a folder should be. `what` completes a sentence about its path: "is a file, not a folder". */
export interface Obstacle {
  path: string
  what: string
}

/** The first part of a path that is no folder and stands in the way of one; null when nothing does. */
export function findObstacle(path: string): Obstacle | null {
  const parent = dirname(path)
  const above = parent === path ? null : findObstacle(parent)
  if (above !== null) return above
  try {
    const own = lstatSync(path)
    if (own.isDirectory()) return null
    if (!own.isSymbolicLink()) return { path, what: 'is a file, not a folder' }
    return statSync(path).isDirectory() ? null : { path, what: 'is a link to a file, not to a folder' }
  } catch (error) {
    if (toErrno(error) === 'ELOOP') return { path, what: 'is a link that leads in a circle' }
    return toErrno(error) === 'ENOENT' && isLink(path) ? { path, what: 'is a link to nothing' } : null
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
}

function toDataFolderError(error: unknown, root: string): unknown {
  const known = toFileError(error, root)
  if (known !== error) return known
  const obstacle = findObstacle(root)
  const hint = 'name another data folder with MLXK_HOME.'
  const more = { data: { path: root }, cause: error }
  if (obstacle === null) {
    return new AppError('invalid_setting', `The data folder ${root} cannot be made (${toErrno(error) ?? 'unknown reason'}).`, {
      hint: `Make it yourself, or ${hint}`,
      ...more,
    })
  }
  const where = obstacle.path === root ? 'it' : obstacle.path
  return new AppError('invalid_setting', `The data folder ${root} cannot be used: ${where} ${obstacle.what}.`, {
    hint: `Move ${obstacle.path} out of the way, or ${hint}`,
    ...more,
  })
}

/**
 * Makes the data folder and `run`, for this user only. A folder that was there before keeps its rights, since `MLXK_HOME` may name one
 * that others use too; `run`, which holds keys and locks, is ours alone and always closed to others.
 * @throws AppError permission_denied, disk_full, invalid_setting (something that is no folder is in its place)
 */
export function prepareDataFolder(paths: Pick<DataPaths, 'root' | 'run'>): void {
  try {
    makeFolder(paths.root, 0o700)
    makeFolder(paths.run, 0o700)
    chmodSync(paths.run, 0o700)
  } catch (error) {
    throw toDataFolderError(error, paths.root)
  }
}
