import type { PrunePlan, PruneResult, Removal, RemovalPlan, StorageUsage } from '../../../shared/contract'
import type { CacheScan } from '../cache'
import type { ContentMemory } from '../health'
import type { RepoLock } from '../ownership'
import type { FileLocks } from '../system'
import { planPrune, prune, toPlan, type PruneOptions } from './prune'
import { checkOne, planOne, removeOne, type InUse, type RemoveOptions } from './remove'
import { survey } from './survey'
import { toUsage } from './usage'

export type { InUse } from './remove'

export interface StorageDeps {
  /** All roots as they are now. */
  scan: () => Promise<CacheScan>
  /** The right to change a model among our own processes: held by running downloads too. */
  lock: RepoLock
  /** The locks of other programs. */
  locks: FileLocks
  /** Who has loaded a model. */
  inUse: InUse
  now?: () => number
  /** What `verify` remembers: a revision with damaged files is no good one. */
  content?: ContentMemory
}

export interface Storage {
  /** What models take, by model, revision and kind. Changes nothing. */
  usage: () => Promise<StorageUsage>
  /** What removing a model or `model@hash` would do. Changes nothing. @throws AppError as the catalog's `show`; workspace_model */
  planRemove: (spec: string) => Promise<RemovalPlan>
  /** The same plan, if `remove` would do it now. Changes nothing. @throws AppError as `remove` */
  checkRemove: (spec: string, options?: Pick<RemoveOptions, 'force'>) => Promise<RemovalPlan>
  /**
   * Removes a model or a revision, and finishes what killed runs left. The spec is resolved as everywhere; asking when it was not an exact
   * name is the caller's.
   * @throws AppError as `planRemove`; busy (loaded, being changed, locked by another program, or no longer the plan `planId`);
   * locks_present (data: lock_files) without `force`; permission_denied; not_removable
   */
  remove: (spec: string, options?: RemoveOptions) => Promise<Removal>
  /** What only costs space. Changes nothing. */
  planPrune: (options?: Pick<PruneOptions, 'categories'>) => Promise<PrunePlan>
  /** @throws AppError busy when it is no longer the plan `planId` */
  prune: (options?: PruneOptions) => Promise<PruneResult>
}

/** Usage, removal and clean-up of the models in all roots. */
export function createStorage(options: StorageDeps): Storage {
  const deps = { ...options, now: options.now ?? Date.now }
  return {
    usage: async () => {
      const roots = await survey(deps)
      return toUsage(roots, toPlan(roots).bytes_freed)
    },
    planRemove: (spec) => planOne(spec, deps),
    checkRemove: (spec, how = {}) => checkOne(spec, how, deps),
    remove: (spec, how = {}) => removeOne(spec, how, deps),
    planPrune: (how = {}) => planPrune(how, deps),
    prune: (how = {}) => prune(how, deps),
  }
}
