import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { ExpectedHash } from '../../../shared/contract'
import { isReadable, type ScannedFile, type ScannedRepo, type ScannedSnapshot } from '../cache'
import { expectedHash, type SnapshotFacts } from '../health'
import { toIdentity } from './hash-file'
import type { FileIdentity } from './types'

/** A file whose bytes are there and that should hash to something known. */
export interface Checkable {
  file: ScannedFile
  /** Of the blob itself, where there is one: fewer links to follow. */
  path: string
  expected: ExpectedHash
}

/** Absolute path of a file's bytes. */
function pathOf(repo: ScannedRepo, snapshot: ScannedSnapshot, { state, blob, path }: ScannedFile): string {
  return state === 'blob' && blob !== null ? join(repo.path, 'blobs', blob) : join(snapshot.path, path)
}

/** The files of a snapshot that hashing can judge, and how many it cannot. */
export function findCheckable(
  repo: ScannedRepo,
  snapshot: ScannedSnapshot,
  facts: SnapshotFacts,
): { checkable: Checkable[]; unverifiable: number } {
  const hashes = new Map(facts.tree?.map(({ path, hash }) => [path, hash]))
  const checkable: Checkable[] = []
  let unverifiable = 0
  for (const file of snapshot.files) {
    const expected = expectedHash(file, null) ?? hashes.get(file.path) ?? null
    if (isReadable(file) && expected !== null) checkable.push({ file, path: pathOf(repo, snapshot, file), expected })
    else if (isReadable(file)) unverifiable += 1
  }
  return { checkable, unverifiable }
}

/** Null when it is gone or may not be looked at. */
export function identify(path: string): FileIdentity | null {
  try {
    return toIdentity(statSync(path, { bigint: true }))
  } catch {
    return null
  }
}
