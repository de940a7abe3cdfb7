import type { ScannedFile, ScannedRepo, ScannedSnapshot } from './types'

/**
 * The snapshot that stands for a repo: the one of `refs/main` when complete, else the newest complete one, else the newest. `isComplete`
 * is asked only when there is a choice.
 */
export function chooseSnapshot(repo: ScannedRepo, isComplete: (snapshot: ScannedSnapshot) => boolean): ScannedSnapshot | null {
  const [only, ...others] = repo.snapshots
  if (only === undefined) return null
  if (others.length === 0) return only
  const main = repo.refs['main']
  const newestFirst = [...repo.snapshots].sort((a, b) => b.mtimeMs - a.mtimeMs || (a.hash < b.hash ? -1 : 1))
  const inOrder = [...newestFirst.filter(({ hash }) => hash === main), ...newestFirst.filter(({ hash }) => hash !== main)]
  return inOrder.find(isComplete) ?? newestFirst[0] ?? only
}

/** A commit, as opposed to a folder that some tool named otherwise. */
export function isCommit(hash: string): boolean {
  return /^[0-9a-f]{40}$/.test(hash)
}

/** Bytes of a snapshot, each blob counted once. */
export function snapshotSizeBytes(snapshot: ScannedSnapshot): number {
  const blobs = new Set<string>()
  let sum = 0
  for (const { blob, sizeBytes } of snapshot.files) {
    if (blob !== null && blobs.has(blob)) continue
    if (blob !== null) blobs.add(blob)
    sum += sizeBytes
  }
  return sum
}

/** True when the file's bytes are there and belong to the repo. */
export function isReadable(file: ScannedFile): boolean {
  return file.state === 'blob' || file.state === 'regular'
}
