import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { ExpectedHash } from '../../../shared/contract'
import type { ScannedFile } from '../cache'
import { isObject, parseJsonFile } from './json-file'

/** 20,000 files of 200 bytes each, and room. */
const MAX_TREE_BYTES = 16_000_000
const MAX_NAME_BYTES = 255
const GIT_HASH = /^[0-9a-f]{40}$/
const SHA256 = /^[0-9a-f]{64}$/

/** A file as the Hub has it, from `trees/<commit>.json`. */
export interface TreeFile {
  path: string
  sizeBytes: number
  hash: ExpectedHash
}

/** True for a path that stays inside its folder on every file system. */
function isSafePath(path: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (path === '' || path.startsWith('/') || /[\u0000-\u001f\u007f\\]/.test(path)) return false
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= MAX_NAME_BYTES)
}

function toTreeFile(path: string, entry: unknown): TreeFile | null {
  if (!isSafePath(path) || !isObject(entry)) return null
  const { size, blob_id: blobId, lfs_sha256: sha256 } = entry
  if (!Number.isSafeInteger(size) || Number(size) < 0 || typeof blobId !== 'string' || !GIT_HASH.test(blobId)) return null
  const sizeBytes = Number(size)
  if (sha256 === undefined || sha256 === null) return { path, sizeBytes, hash: { algorithm: 'git-sha1', value: blobId } }
  return typeof sha256 === 'string' && SHA256.test(sha256)
    ? { path, sizeBytes, hash: { algorithm: 'sha256', value: sha256 } }
    : null
}

/** The files of a tree file's text, sorted; null when it is not one: a single odd entry makes the whole of it worthless, as in Python. */
export function parseTree(text: string): TreeFile[] | null {
  const json = parseJsonFile(text)
  if (json.state !== 'ok' || json.value['format_version'] !== 1 || !isObject(json.value['files'])) return null
  const files: TreeFile[] = []
  for (const [path, entry] of Object.entries(json.value['files'])) {
    const file = toTreeFile(path, entry)
    if (file === null) return null
    files.push(file)
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** `trees/<commit>.json`, in which huggingface_hub keeps what the Hub said of a revision; null when there is none to be trusted. */
export function readTree(repoPath: string, commit: string): TreeFile[] | null {
  if (!GIT_HASH.test(commit)) return null
  let descriptor: number | null = null
  try {
    // Never waits for a writer, should it be a pipe.
    descriptor = openSync(join(repoPath, 'trees', `${commit}.json`), constants.O_RDONLY | constants.O_NONBLOCK)
    const stats = fstatSync(descriptor)
    if (!stats.isFile() || stats.size > MAX_TREE_BYTES) return null
    const buffer = Buffer.allocUnsafe(stats.size)
    return parseTree(buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, 0)).toString('utf8'))
  } catch {
    return null
  } finally {
    if (descriptor !== null) closeSync(descriptor)
  }
}

/** The hash that a blob's name promises; null for a name that is none. */
export function toPromisedHash(blob: string): ExpectedHash | null {
  if (SHA256.test(blob)) return { algorithm: 'sha256', value: blob }
  return GIT_HASH.test(blob) ? { algorithm: 'git-sha1', value: blob } : null
}

/** What a file's bytes must hash to: by the name of its blob, else by the tree; null when nothing says it. */
export function expectedHash(file: Pick<ScannedFile, 'path' | 'blob'>, tree: readonly TreeFile[] | null): ExpectedHash | null {
  const promised = file.blob === null ? null : toPromisedHash(file.blob)
  return promised ?? tree?.find(({ path }) => path === file.path)?.hash ?? null
}
