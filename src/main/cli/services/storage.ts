import type { PruneCategory, PrunePlan, PruneResult, Removal, RemovalPlan } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { resolveRoots, scanRoots } from '../../core/cache'
import { createRepoLock, type OwnerClient } from '../../core/ownership'
import { createInUse, createStorage, type Storage } from '../../core/storage'
import { createFileLocks } from '../../core/system'
import { createContentMemory, createHashMemory } from '../../core/verify'
import type { Context } from '../context'
import { openCatalog, openSettings } from './catalog'
import { connectToOwner } from './owner'

/** Plans are made here, on the cache that this command's environment means; what they say is done by the owner where that means the same. */
export interface StorageAccess extends Pick<Storage, 'usage' | 'planRemove' | 'checkRemove' | 'planPrune'> {
  /** Does exactly what the plan says. @throws AppError as `Storage.remove` */
  remove: (spec: string, plan: RemovalPlan, options: { force: boolean }) => Promise<Removal>
  /**
   * Finishes what killed runs left of models that are no longer listed.
   * @throws AppError model_not_found, hash_not_found when there is nothing of it either; workspace_model
   */
  finish: (spec: string) => Promise<Removal>
  /** Does exactly what the plan says. @throws AppError as `Storage.prune` */
  prune: (plan: PrunePlan, options: { categories?: readonly PruneCategory[] | undefined }) => Promise<PruneResult>
}

/** No plan has this id: what turns up meanwhile and was not planned is refused, not removed. */
const NO_PLAN = 'none'

/** What an owner of another version, or of another cache, does not answer as we would, is done here. */
async function isSameThere(plan: { id: string }, ask: () => Promise<{ id: string }>): Promise<boolean> {
  try {
    return (await ask()).id === plan.id
  } catch {
    return false
  }
}

/** `list` shows folders of the user, too, and they can be named like models. */
async function refuseWorkspace(context: Context, spec: string): Promise<void> {
  const found = await openCatalog(context)
    .show(spec)
    .catch(() => null)
  if (found === null || found.model.cached) return
  throw new AppError('workspace_model', `${spec} is a folder of yours, and MLX Knife removes only models of the cache.`, {
    hint: 'To remove a folder, use "rm -r" or the Finder.',
    data: { path: found.model.name },
  })
}

/** Storage of all cache roots. A model that the owner has loaded is refused whichever process does the work. */
export function openStorage(context: Context): StorageAccess {
  const { paths, env, platform } = context
  const settings = openSettings(context)
  let connecting: Promise<OwnerClient | null> | null = null
  const owner = (): Promise<OwnerClient | null> => (connecting ??= connectToOwner(context, context.interruption().signal))
  const storage = createStorage({
    scan: () => {
      const { demo, cache } = settings.read()
      const options = { demoHub: paths.demoHub, demoEnabled: demo.enabled, extraRoots: cache.extra_roots }
      return Promise.resolve(scanRoots(resolveRoots(env, platform, options).filter(({ kind }) => kind !== 'workspace')))
    },
    lock: createRepoLock(paths),
    locks: createFileLocks({ platform }),
    content: createContentMemory(createHashMemory(paths.index)),
    inUse: createInUse({
      loaded: () => [],
      watchOwner: async () => {
        const there = await owner()
        return there === null ? null : { pid: there.owner.info.pid, frames: there.stream('state.watch', {}) }
      },
    }),
  })
  return {
    usage: storage.usage,
    planRemove: storage.planRemove,
    checkRemove: storage.checkRemove,
    planPrune: storage.planPrune,
    remove: async (model, plan, { force }) => {
      const there = await owner()
      return there !== null && (await isSameThere(plan, () => there.call('storage.remove_plan', { model })))
        ? there.call('storage.remove', { model, plan: plan.id, force })
        : storage.remove(model, { planId: plan.id, force })
    },
    finish: async (model) => {
      try {
        return await storage.remove(model, { planId: NO_PLAN })
      } catch (error) {
        await refuseWorkspace(context, model)
        throw error
      }
    },
    prune: async (plan, { categories }) => {
      const there = await owner()
      const choice = categories === undefined ? {} : { categories: [...categories] }
      return there !== null && (await isSameThere(plan, () => there.call('storage.prune_plan', choice)))
        ? there.call('storage.prune', { ...choice, plan: plan.id })
        : storage.prune({ ...choice, planId: plan.id })
    },
  }
}
