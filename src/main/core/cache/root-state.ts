import { existsSync } from 'node:fs'
import { dirname, sep } from 'node:path'
import type { CacheRootState } from '../../../shared/contract'
import type { CacheRoot } from './types'

/** A root that takes longer is said to be slow: people should know why everything waits. */
export const SLOW_MS = 5000

/** Where systems put volumes: macOS, then Linux desktops and servers. */
const MOUNTS = [/^\/Volumes\/([^/]+)/, /^\/run\/media\/[^/]+\/([^/]+)/, /^\/media\/[^/]+\/([^/]+)/, /^\/mnt\/([^/]+)/]

/**
 * The volume that a path is on, when its place for volumes is usual; null for a path on the system's own disk.
 * @returns the volume's name and the folder at which it appears
 */
function findVolume(path: string): { name: string; folder: string } | null {
  for (const mount of MOUNTS) {
    const match = mount.exec(path)
    if (match?.[1] !== undefined) return { name: match[1], folder: match[0] }
  }
  return null
}

/** Why a root is not there: its volume is missing (nothing of it, or only the empty folder that it is mounted on), or it was never made. */
export function describeMissing(
  path: string,
  exists: (path: string) => boolean = existsSync,
): Pick<CacheRootState, 'state' | 'reason'> {
  const volume = findVolume(path)
  if (volume !== null) {
    let nearest = path
    while (nearest !== sep && !exists(nearest)) nearest = dirname(nearest)
    if (nearest === volume.folder || !nearest.startsWith(volume.folder + sep))
      return { state: 'unplugged', reason: `The volume "${volume.name}" is not connected.` }
  }
  return { state: 'missing', reason: 'There is no cache folder here.' }
}

export function toSlow(root: CacheRoot, reason: string): CacheRootState {
  return { ...root, state: 'slow', reason }
}
