import type { FileLocks } from '../system'
import { readLocks } from './lock-files'
import { findStoreLinks, hasStore, markerOf, readPayloads } from './shared-store'
import { readRepoTree } from './tree'
import type { RemovalFacts } from './types'

/** Reads what planning a removal has to know. Changes nothing. */
export async function readFacts(
  place: { root: string; folder: string; name: string },
  locks: FileLocks,
  now: number,
): Promise<RemovalFacts> {
  const { root, folder, name } = place
  const tree = readRepoTree(root, folder, name)
  const marked = hasStore(root)
  const links = marked && tree.entries.some(({ kind, path }) => kind === 'link' && path.startsWith('blobs/'))
  const payloads = links ? readPayloads(tree, findStoreLinks(root)) : new Map<string, never>()
  const found = await readLocks(root, folder, locks, now)
  // Asked on the store's own file system, of a file that nobody locks.
  const canLock = payloads.size === 0 || !(await locks.probe([markerOf(root)])).includes('unknown')
  return { tree, payloads, locks: found, hasStore: marked, canLock, canProbe: await locks.canProbe() }
}
