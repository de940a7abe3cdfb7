import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { CacheRootState } from '../../../shared/contract'
import { toErrno } from '../../../shared/errors'
import { stampPlaces } from './fingerprint'
import { toRepoName } from './names'
import { describeMissing, SLOW_MS, toSlow } from './root-state'
import { describeErrno, scanRepo } from './scan-repo'
import type { CacheRoot, CacheScan, RootScan, ScannedRepo, ScanSkip } from './types'
import { listWorkspaces, scanWorkspace } from './workspaces'

/** True for a repo of which the caller has what a scan would give. */
function isKnown(path: string, skip: ScanSkip): boolean {
  if (skip === 'names') return true
  const before = skip.get(path)
  return before !== undefined && stampPlaces(path, before.places).value === before.stamp
}

/** A link to a folder counts as a folder, one to nothing too: the model's disk may be unplugged. A link to a file does not. */
function isRepoEntry(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return true
  }
}

/** Names of the model folders in a root, sorted. Everything else there is somebody else's. @throws a file system error */
function listRepoFolders(root: Pick<CacheRoot, 'path' | 'kind'>): string[] {
  if (root.kind === 'workspace') return listWorkspaces(root.path)
  return readdirSync(root.path, { withFileTypes: true })
    .filter((entry) => toRepoName(entry.name) !== null)
    .filter((entry) => entry.isDirectory() || (entry.isSymbolicLink() && isRepoEntry(join(root.path, entry.name))))
    .map(({ name }) => name)
    .sort()
}

/** One model of a root. Never throws. Null: a workspace that is none. */
export function scanEntry(root: CacheRoot, folder: string): ScannedRepo | null {
  return root.kind === 'workspace' ? scanWorkspace(root, join(root.path, folder)) : scanRepo(root, folder)
}

function stateOf(root: CacheRoot, startMs: number): CacheRootState {
  const tookMs = performance.now() - startMs
  if (tookMs > SLOW_MS) return toSlow(root, `It took ${Math.round(tookMs / 1000)} seconds to look through it.`)
  // Only the primary root is ever written to.
  if (root.kind !== 'primary') return { ...root, state: 'ok', reason: null }
  try {
    accessSync(root.path, constants.W_OK)
    return { ...root, state: 'ok', reason: null }
  } catch {
    return { ...root, state: 'read_only', reason: 'It may only be read: models in it can be used, but none added or removed.' }
  }
}

function scanRoot(root: CacheRoot, skip: ScanSkip): RootScan {
  const startMs = performance.now()
  try {
    const repos: ScannedRepo[] = []
    const unchanged: string[] = []
    for (const folder of listRepoFolders(root)) {
      if (isKnown(join(root.path, folder), skip)) {
        unchanged.push(folder)
        continue
      }
      const repo = scanEntry(root, folder)
      if (repo !== null) repos.push(repo)
    }
    return { state: stateOf(root, startMs), repos, unchanged }
  } catch (error) {
    const empty = { repos: [], unchanged: [] }
    if (toErrno(error) === 'ENOENT') return { state: { ...root, ...describeMissing(root.path) }, ...empty }
    return { state: { ...root, state: 'unreadable', reason: `The folder cannot be read: ${describeErrno(error)}.` }, ...empty }
  }
}

/**
 * Looks at every model in every root, once, synchronously: one `readdir` per folder, one `lstat` per blob, one `readlink` per link; of
 * known ones, one `stat` per place. Never throws and never writes. A root that is not there is a state with
 * a reason.
 */
export function scanRoots(roots: readonly CacheRoot[], skip: ScanSkip = new Map()): CacheScan {
  return { roots: roots.map((root) => scanRoot(root, skip)) }
}
