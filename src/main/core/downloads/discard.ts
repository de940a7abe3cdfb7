import { readdirSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { toErrno } from '../../../shared/errors'
import { toFileError } from '../system'
import type { Journal } from './journal'
import { isOurPartial, type RepoPlaces } from './place'

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Not empty, or not there.
  }
}

/**
 * Removes our unfinished files of a model and what is written about them, never another program's, and then the folders that are empty.
 * @throws AppError permission_denied
 */
export function discardPartials({ repo, blobs, snapshots, trees, refs }: RepoPlaces, journal: Pick<Journal, 'forget'>): void {
  for (const name of listNames(blobs).filter(isOurPartial)) {
    const partial = join(blobs, name)
    try {
      rmSync(partial, { force: true })
    } catch (error) {
      if (toErrno(error) !== 'ENOENT') throw toFileError(error, partial)
    }
    journal.forget(partial)
  }
  for (const folder of [blobs, ...listNames(snapshots).map((name) => join(snapshots, name)), snapshots, trees, refs, repo])
    removeEmpty(folder)
}
