import type { FileLockState } from '../system'

/** Something in a model's folder. Links are read, never followed. */
export interface TreeEntry {
  /** Inside the model's folder, with `/`. Bytes that are no UTF-8 are shown as U+FFFD. */
  path: string
  kind: 'file' | 'link' | 'folder' | 'other'
  /** Of files; 0 for the rest. */
  sizeBytes: number
  /** Blocks that the file takes on the disk; less than the size when it has holes. */
  diskBytes: number
  dev: number
  ino: number
  /** Names that the file has anywhere; 0 for what is no file. */
  nlink: number
  /** Milliseconds since 1970; 0 for links. */
  mtimeMs: number
  /** Text of a link. */
  target: string | null
  /** False for a folder whose content could not be listed. */
  listed: boolean
}

/** Everything in one model's folder. */
export interface RepoTree {
  /** Absolute path of the cache root. */
  root: string
  folder: string
  name: string
  /** `link`: the folder itself is a link to elsewhere, and what is behind it is not ours. */
  kind: 'folder' | 'link' | 'missing'
  /** Parents before their children. */
  entries: TreeEntry[]
  /** Path (`refs/main`) → commit, white space removed; null when it cannot be read. */
  refs: Record<string, string | null>
  /** False: something was not listed, and what it uses is not known. */
  complete: boolean
}

/** A payload in the store that all repos of a cache share (hf-hub.md §2.9). */
export interface SharedPayload {
  /** `xx/<hash>`, the place in the store. */
  key: string
  sizeBytes: number
  diskBytes: number
  nlink: number
  /** Links that lead to it, as `models--o--n/blobs/<name>`; null when its list of references is missing or not readable: it stays. */
  references: string[] | null
}

/** A file in `.locks/<folder>`. */
export interface LockFile {
  /** Inside the root, with `/`. */
  path: string
  ageMs: number
  state: FileLockState
}

/** What planning has to know; plain data. */
export interface RemovalFacts {
  tree: RepoTree
  /** By path of the link in the model's folder (`blobs/<name>`). */
  payloads: ReadonlyMap<string, SharedPayload>
  locks: readonly LockFile[]
  /** The root has a store for shared payloads. */
  hasStore: boolean
  /** False where no lock can be taken: shared payloads stay. */
  canLock: boolean
  /** False where no lock can be asked: the age of files decides. */
  canProbe: boolean
}

/** Which revisions of a repo are worth keeping; plain data. */
export interface RepoVerdict {
  /** The revision that stands for the repo. */
  chosen: string | null
  /** Revisions that would load. */
  good: ReadonlySet<string>
  /** Blobs that a revision lacks a link to and that `repair` would link again. */
  wanted: ReadonlySet<string>
}
