import type { HubFile } from '../hub'

/** What to fetch, as it was asked for. */
export interface PullRequest {
  repo: string
  /** Branch, tag or commit; null: `main`. */
  revision: string | null
  /** Patterns of `fnmatch`, in which `*` crosses `/`. Empty: those of mlx_lm. */
  include: readonly string[]
  exclude: readonly string[]
  /** Everything, whatever the patterns of mlx_lm say. */
  all: boolean
}

export type Algorithm = 'sha256' | 'git-sha1'

export interface PlannedFile {
  /** In the snapshot, with `/`. */
  path: string
  sizeBytes: number
  /** Name of its blob, and so the hash of its bytes. */
  blob: string
  algorithm: Algorithm
  /**
   * `present`: its blob is there, with the right size and a hash that was computed before. `unproven`: with the right size, and hashed
   * before it is used. `partial`: an earlier run has begun it.
   */
  state: 'present' | 'unproven' | 'partial' | 'missing'
  /** Bytes that need not be fetched. */
  haveBytes: number
  /** A blob of that name is there, and its bytes are wrong: it will be replaced. */
  damaged: boolean
}

export interface PullPlan {
  /** As the Hub spells it. */
  repo: string
  /** As it was asked for. */
  revision: string
  commit: string
  /** Absolute path of the cache root. */
  root: string
  folder: string
  /** In the order in which they are fetched. */
  files: PlannedFile[]
  /** Left out by the patterns. */
  skipped: { path: string; sizeBytes: number }[]
  /** All files of the commit, for `trees/`. */
  tree: HubFile[]
  totalBytes: number
  fetchBytes: number
  disk: { freeBytes: number | null; neededBytes: number; fits: boolean }
  gated: 'auto' | 'manual' | false
  /** As on its page. */
  tags: string[]
  licence: string | null
}

/** A plan without what only its transfer needs: what can be shown and decided, also of one that another process has made. */
export interface PlanOutline extends Pick<
  PullPlan,
  'repo' | 'revision' | 'commit' | 'skipped' | 'totalBytes' | 'fetchBytes' | 'disk' | 'gated'
> {
  files: Omit<PlannedFile, 'blob' | 'algorithm'>[]
}

export interface Limits {
  /** At most so many requests at a time, 1 to 16. */
  connections: number
  /** Null: as fast as it goes. */
  bytesPerSecond: number | null
}

export type FilePhase = 'queued' | 'checking' | 'downloading' | 'waiting' | 'verifying' | 'done'

export interface FileProgress {
  path: string
  sizeBytes: number
  doneBytes: number
  phase: FilePhase
}

export interface TransferProgress {
  files: FileProgress[]
  totalBytes: number
  /** On the disk, proven or not. */
  doneBytes: number
  /** That came over the wire in this run. */
  fetchedBytes: number
  bytesPerSecond: number
  /** Null while it is not known. */
  etaSeconds: number | null
  connections: number
  /** What it waits for, as a sentence; null: nothing. */
  note: string | null
}

export interface TransferResult {
  fetchedBytes: number
  reusedBytes: number
  /** Absolute path of the snapshot. */
  snapshot: string
}
