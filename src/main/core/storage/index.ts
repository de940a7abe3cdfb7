/**
 * What models cost and how to be rid of it: usage, the plans of `rm` and `prune` (pure), and their execution, which a kill at any moment
 * leaves readable for every tool and which the next run finishes. Imports the faces of `cache`, `health`, `ownership` (types), `system`;
 * imported by the composition roots. Must not load zod.
 */
export { createInUse, type InUseDeps } from './in-use'
export { narrowUsage } from './narrow-usage'
export type { PruneOptions } from './prune'
export { createStorage, type InUse, type Storage, type StorageDeps } from './storage'
