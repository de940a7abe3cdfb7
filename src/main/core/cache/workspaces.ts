import { readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { toRepoName } from './names'
import { scanFolder, scanRepo } from './scan-repo'
import type { CacheRoot, ScannedRepo } from './types'

/**
 * A workspace is a folder with a model in it and no cache around it: what other tools call a local model. It is only ever read. Its name
 * is its absolute path, what it is called is the last part of that.
 */

/** True for a folder, or a link to one, that holds a config.json. */
function isWorkspace(path: string): boolean {
  try {
    return statSync(join(path, 'config.json')).isFile()
  } catch {
    return false
  }
}

/** Names of the workspaces directly in a folder, sorted; hidden ones are left out. @throws a file system error */
export function listWorkspaces(home: string): string[] {
  return readdirSync(home)
    .filter((name) => !name.startsWith('.') && isWorkspace(join(home, name)))
    .sort()
}

/** Looks at one workspace once. Null when it is none. Never throws. */
export function scanWorkspace(root: CacheRoot, path: string): ScannedRepo | null {
  if (!isWorkspace(path)) return null
  const snapshot = scanFolder(path)
  return {
    folder: basename(path),
    name: path,
    path,
    root,
    mtimeMs: snapshot.mtimeMs,
    problem: null,
    hasSnapshots: true,
    snapshots: [snapshot],
    refs: {},
    untidyRefs: [],
    strays: [],
    blobs: [],
    partials: [],
  }
}

/** What a typed path leads to: a workspace, or a revision in some cache. */
export interface PathTarget {
  repo: ScannedRepo
  /** Full name of the snapshot that the path names, null for a workspace. */
  hash: string | null
}

/** A typed path (`./x`, `../x`, `/x`, `~/x`, `.`, `..`) as an absolute one. */
export function toAbsolutePath(spec: string, cwd: string, home: string): string {
  const expanded = spec === '~' || spec.startsWith('~/') ? home + spec.slice(1) : spec
  return isAbsolute(expanded) ? resolve(expanded) : resolve(cwd, expanded)
}

/** Follows a path that was typed. Null when there is no model. Never throws. */
export function openPath(path: string): PathTarget | null {
  if (!isWorkspace(path)) return null
  let real: string
  try {
    real = realpathSync(path)
  } catch {
    return null
  }
  const snapshots = dirname(real)
  const repo = dirname(snapshots)
  if (basename(snapshots) === 'snapshots' && toRepoName(basename(repo)) !== null) {
    const root: CacheRoot = { path: dirname(repo), kind: 'extra', rule: 'path' }
    return { repo: scanRepo(root, basename(repo)), hash: basename(real) }
  }
  const workspace = scanWorkspace({ path: dirname(path), kind: 'workspace', rule: 'path' }, path)
  return workspace === null ? null : { repo: workspace, hash: null }
}
