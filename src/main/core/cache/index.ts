/**
 * The Hugging Face cache as it lies on the disk: its roots, the one-pass scanner (in this thread or in a worker), snapshots, names and
 * what a typed name leads to. Reads only, never writes inside a cache root, and knows nothing of what a model is: that is `health` and
 * `models`, which import this face. Nothing here may load zod: it runs at the start of every command.
 */
export { listPlaces, probeRoots, stampPlaces, wasAtRest } from './fingerprint'
export { isPathLike, toRepoFolder } from './names'
export { resolveModel } from './resolve'
export { resolveRoots } from './roots'
export { scanEntry, scanRoots } from './scan'
export { scanRepo } from './scan-repo'
export { createScanner } from './scanner'
export { chooseSnapshot, isCommit, isReadable, snapshotSizeBytes } from './snapshots'
export type {
  CacheRoot,
  CacheScan,
  KnownRepo,
  KnownRepos,
  RootScan,
  ScannedFile,
  ScannedRepo,
  ScannedSnapshot,
  ScanSkip,
} from './types'
export { openPath, toAbsolutePath } from './workspaces'
