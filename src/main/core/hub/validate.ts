import { AppError } from '../../../shared/errors'
import { quote } from './quote'
import type { HubFile } from './types'

const MAX_PATH_BYTES = 4096
const MAX_PART_BYTES = 255
const MAX_FILES = 100_000
/** Beyond any model there is; a sum that no disk holds is a lie or a mistake. */
const MAX_TOTAL_BYTES = 64 * 2 ** 40

const COMMIT = /^[0-9a-f]{40}$/
const SHA256 = /^[0-9a-f]{64}$/

/** What the Hub said makes no sense, or would be dangerous to follow. */
export function invalidHubData(what: string): AppError {
  return new AppError('hub_invalid', `The Hub's answer cannot be used: ${what}.`, {
    hint: 'Nothing was written. Is HF_ENDPOINT the Hub that you mean?',
  })
}

/** A name that the Hub could have given: nothing in it leads out of a folder. */
export function isRepoName(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.-]+(\/[\w.-]+)?$/.test(value) && value.length <= 96 && !value.includes('..')
}

/** @throws AppError hub_invalid */
export function checkCommit(value: unknown): string {
  if (typeof value !== 'string' || !COMMIT.test(value)) throw invalidHubData(`${quote(value)} is no commit`)
  return value
}

/** Why a path must not be written, or null. Rules of every system that a cache may lie on: macOS folds case and Unicode forms. */
export function findPathProblem(path: unknown): string | null {
  if (typeof path !== 'string' || path === '') return 'a file has no name'
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return 'a path is longer than 4096 bytes'
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(path)) return `the path ${quote(path)} holds a control character`
  if (path.includes('\\')) return `the path ${quote(path)} holds a backslash`
  for (const part of path.split('/')) {
    if (part === '') return `the path ${quote(path)} is absolute or has an empty part`
    if (part === '.' || part === '..') return `the path ${quote(path)} leads out of its folder`
    if (Buffer.byteLength(part) > MAX_PART_BYTES) return `a part of the path ${quote(path)} is longer than 255 bytes`
  }
  return null
}

const fold = (path: string): string => path.normalize('NFC').toLowerCase()

/** One entry of a tree, with the fields that `@huggingface/hub` passes through unchecked. */
export interface RawTreeEntry {
  type?: unknown
  path?: unknown
  size?: unknown
  oid?: unknown
  lfs?: unknown
  xetHash?: unknown
}

function toFile({ path, size, oid, lfs, xetHash }: RawTreeEntry): HubFile {
  const problem = findPathProblem(path)
  if (problem !== null || typeof path !== 'string') throw invalidHubData(problem ?? 'a file has no name')
  const large = typeof lfs === 'object' && lfs !== null ? (lfs as { oid?: unknown; size?: unknown }) : null
  const sizeBytes = large === null ? size : large.size
  if (typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0)
    throw invalidHubData(`the size of ${quote(path)} is ${quote(sizeBytes)}`)
  if (typeof oid !== 'string' || !COMMIT.test(oid)) throw invalidHubData(`the hash of ${quote(path)} is ${quote(oid)}`)
  const sha256 = large === null ? null : String(large.oid).replace(/^sha256:/, '')
  if (sha256 !== null && !SHA256.test(sha256)) throw invalidHubData(`the hash of ${quote(path)} is ${quote(sha256)}`)
  // A Xet hash only says how else the file could be fetched: one that makes no sense is not used.
  return { path, sizeBytes, oid, sha256, xetHash: typeof xetHash === 'string' && SHA256.test(xetHash) ? xetHash : null }
}

/**
 * Files of a listing, in its order. Everything that will become a path or a name of a blob is checked here, once.
 * @throws AppError hub_invalid (a path, hash or size that must not be used, two files in one place, too many files)
 */
export function toFiles(entries: readonly RawTreeEntry[]): HubFile[] {
  if (entries.length > MAX_FILES) throw invalidHubData(`the repo has more than ${MAX_FILES} files`)
  const files = entries.filter(({ type }) => type === 'file').map(toFile)
  const places = new Map<string, string>()
  for (const { path } of files) {
    const place = fold(path)
    const other = places.get(place)
    if (other !== undefined) throw invalidHubData(`${quote(other)} and ${quote(path)} would be one file on some disks`)
    places.set(place, path)
  }
  for (const { path } of files) {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const parent = places.get(fold(path.slice(0, slash)))
      if (parent !== undefined) throw invalidHubData(`${quote(parent)} is a file and a folder`)
    }
  }
  if (files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > MAX_TOTAL_BYTES)
    throw invalidHubData('the files are larger than 64 TiB together')
  return files
}
