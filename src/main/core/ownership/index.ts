/**
 * Ownership: one owner per data folder, everyone else a client of it. Here are the lock that the kernel frees on any death, the files
 * that say who owns the folder, and the way to find and call the owner. Imported by the composition root, the CLI and the shell.
 * Asking imports no schemas, so it costs a command's start next to nothing.
 */
export { acquireOwnership, type Ownership } from './acquire'
export {
  alreadyRunning,
  connectOwner,
  findOwner,
  readLockedRecord,
  waitUntilFree,
  type DiscoveryOptions,
  type Owner,
  type OwnerClient,
} from './discover'
/** @public for the domains that lock one repo of a cache */
export { takeLock } from './lock'
export { nodeProver, proveNow } from './prover'
export { createRepoLock, type RepoLock } from './repo-lock'
export type { ControlKey, OwnerRecord } from './record'
