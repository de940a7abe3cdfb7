import type { CacheRootState } from '../../../shared/contract'

/** A place where models lie, before anybody looked whether it is there. */
export type CacheRoot = Pick<CacheRootState, 'path' | 'kind' | 'rule'>

/**
 * What an entry of a snapshot is: a link to a blob of its repo; a file (or a link to one inside the repo); a link to nothing; a link
 * out of the repo or to a folder, never followed; or something that could not be looked at.
 */
type FileState = 'blob' | 'regular' | 'dangling' | 'outside' | 'unreadable'

export interface ScannedFile {
  /** Inside the snapshot, with `/`. */
  path: string
  state: FileState
  /** 0 when there is nothing to read. */
  sizeBytes: number
  /** Name of the blob, also of one that is not there; null for everything but links into `blobs/`. */
  blob: string | null
  /** Of the bytes, not of the link; 0 when there are none. */
  mtimeMs: number
  ino: number
}

export interface ScannedSnapshot {
  /** Name of the folder: a commit of 40 hex digits, unless some other tool made it. */
  hash: string
  /** Absolute. */
  path: string
  mtimeMs: number
  /** Sorted by path. */
  files: ScannedFile[]
  /** Why the list of files is not complete, as a sentence. */
  problem: string | null
}

export interface ScannedBlob {
  name: string
  sizeBytes: number
  mtimeMs: number
  ino: number
  /** True when the bytes lie in the cache's shared blob store. */
  shared: boolean
}

/** A download that was not finished, ours or another tool's. */
interface ScannedPartial {
  name: string
  sizeBytes: number
  mtimeMs: number
}

/** One `models--…` folder. Everything that is wrong with it is data; scanning never throws. */
export interface ScannedRepo {
  folder: string
  /** Repo id that the folder's name says. */
  name: string
  /** Absolute. */
  path: string
  root: CacheRoot
  /** Milliseconds since 1970, of the folder itself. */
  mtimeMs: number
  /** Why the folder could not be read, as a sentence. */
  problem: string | null
  /** False: there is no `snapshots` folder. */
  hasSnapshots: boolean
  /** Sorted by hash. */
  snapshots: ScannedSnapshot[]
  /** Name (`main`, `refs/pr/1`) → commit, white space removed; the commit need not be there. */
  refs: Record<string, string>
  /** Names of refs with white space around the commit, which Python reads as part of it. */
  untidyRefs: string[]
  /** What lies where only folders belong, inside the repo folder: a file beside the revisions, or in place of `refs` or `snapshots`. */
  strays: string[]
  blobs: ScannedBlob[]
  partials: ScannedPartial[]
}

export interface CacheScan {
  roots: { state: CacheRootState; repos: ScannedRepo[] }[]
}
