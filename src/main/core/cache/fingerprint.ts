import { lstatSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { CacheRoot, ScannedRepo, ScannedSnapshot } from './types'

function stamp(path: string, follow: boolean): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = follow ? statSync(path) : lstatSync(path)
    return `${ino}:${size}:${mtimeMs}:${ctimeMs}`
  } catch {
    return '-'
  }
}

/** Changes when a model folder was added to or removed from a root, or a root came or went. A few stats. */
export function probeRoots(roots: readonly CacheRoot[]): string {
  return roots.map(({ path }) => `${path} ${stamp(path, true)}`).join('\n')
}

/**
 * Changes when anything changed that decides which snapshot stands for the repo, or what is in it: a few stats instead of a scan. Reads
 * the disk as it is now; `repo` and `snapshot` only say where to look.
 */
export function probeRepo(repo: ScannedRepo, snapshot: ScannedSnapshot): string {
  const folders = new Set(['', 'blobs', 'refs', 'snapshots'])
  for (const name of Object.keys(repo.refs)) folders.add(`refs/${name}`)
  for (const { hash } of repo.snapshots) folders.add(`snapshots/${hash}`)
  for (const { path } of snapshot.files) {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      folders.add(`snapshots/${snapshot.hash}/${path.slice(0, slash)}`)
    }
  }
  const places = [...folders].map((folder) => stamp(join(repo.path, folder), true))
  // The file's own bytes, through the link: a blob changed in place leaves every folder as it was.
  const files = snapshot.files.map(({ path }) => stamp(join(snapshot.path, path), true))
  return [...places, ...files].join('\n')
}

/** As `probeRepo`, from scanned data and without touching the disk: the key under which facts about a repo may be remembered. */
export function repoFingerprint(repo: ScannedRepo): string {
  const files = repo.snapshots.map((snapshot) => [
    snapshot.hash,
    snapshot.mtimeMs,
    snapshot.problem,
    ...snapshot.files.map((file) => [file.path, file.state, file.sizeBytes, file.mtimeMs, file.ino]),
  ])
  const partials = repo.partials.map(({ name, sizeBytes }) => [name, sizeBytes])
  return JSON.stringify([
    repo.path,
    repo.root.kind,
    repo.mtimeMs,
    repo.problem,
    repo.hasSnapshots,
    repo.refs,
    repo.untidyRefs,
    repo.strays,
    files,
    partials,
  ])
}
