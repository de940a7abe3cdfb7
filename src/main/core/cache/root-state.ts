import { existsSync, readlinkSync } from 'node:fs'
import { dirname, resolve, sep } from 'node:path'
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

/** Where a link to nothing leads, in the last step or for a folder above; null when no link is to blame. */
function findDeadLink(path: string, exists: (path: string) => boolean): { link: string; target: string } | null {
  for (let part = path; part !== sep; part = dirname(part)) {
    if (exists(part)) return null
    try {
      return { link: part, target: resolve(dirname(part), readlinkSync(part)) }
    } catch {
      // No link: perhaps a folder above is one.
    }
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
  const dead = findDeadLink(path, exists)
  if (dead === null) return { state: 'missing', reason: 'There is no cache folder here.' }
  const behind = findVolume(dead.target) === null ? null : describeMissing(dead.target, exists)
  if (behind?.state === 'unplugged') return behind
  return { state: 'unreadable', reason: `${dead.link} is a link to ${dead.target}, which is not there.` }
}

export function toSlow(root: CacheRoot, reason: string): CacheRootState {
  return { ...root, state: 'slow', reason }
}
