import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { CacheRootState } from '../../../shared/contract'
import { toErrno } from '../../../shared/errors'
import { toRepoName } from './names'
import { describeErrno, scanRepo } from './scan-repo'
import type { CacheRoot, CacheScan } from './types'

/** A link to a folder counts as a folder, one to nothing too: the model's disk may be unplugged. A link to a file does not. */
function isRepoEntry(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return true
  }
}

function scanRoot(root: CacheRoot): CacheScan['roots'][number] {
  const state = (kind: CacheRootState['state'], reason: string | null): CacheRootState => ({ ...root, state: kind, reason })
  try {
    const folders = readdirSync(root.path, { withFileTypes: true })
      .filter((entry) => toRepoName(entry.name) !== null)
      .filter((entry) => entry.isDirectory() || (entry.isSymbolicLink() && isRepoEntry(join(root.path, entry.name))))
      .map(({ name }) => name)
      .sort()
    return { state: state('ok', null), repos: folders.map((folder) => scanRepo(root, folder)) }
  } catch (error) {
    if (toErrno(error) === 'ENOENT') return { state: state('missing', 'There is no cache folder here.'), repos: [] }
    return { state: state('unreadable', `The cache folder cannot be read: ${describeErrno(error)}.`), repos: [] }
  }
}

/**
 * Looks at every model in every root, once, synchronously: one `readdir` per folder, one `lstat` per blob, one `readlink` per link.
 * Never throws and never writes. A root that is not there is a state with a reason.
 */
export function scanRoots(roots: readonly CacheRoot[]): CacheScan {
  return { roots: roots.map(scanRoot) }
}
