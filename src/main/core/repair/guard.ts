import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { toErrno } from '../../../shared/errors'

/** The folders of a model in which repairing may change anything. */
const PLACES = /^(snapshots\/[^/]+\/.|blobs\/[^/]+$|refs\/main$)/

/** True for a path that by its text stays inside the model's folder, in one of the places that are repaired. */
export function isOwnPlace(path: string): boolean {
  return PLACES.test(path) && !path.includes('\0') && !path.split('/').some((part) => part === '' || part === '.' || part === '..')
}

/**
 * Why a path must not be touched, or null: every folder on the way must be a true folder, not a link that leads elsewhere. Folders that
 * are not there are fine: nothing can be removed in them, and what is made there is ours.
 */
export function findObstacle(folder: string, path: string): string | null {
  if (!isOwnPlace(path)) return 'It lies outside the places that are repaired.'
  let parent = folder
  for (const part of ['', ...path.split('/').slice(0, -1)]) {
    parent = join(parent, part)
    try {
      if (!lstatSync(parent).isDirectory()) return `${parent} is no folder of its own: what lies behind it is never touched.`
    } catch (error) {
      if (toErrno(error) !== 'ENOENT') return `${parent} cannot be looked at.`
    }
  }
  return null
}
