import type { FinishedRemoval, Removal, RemovalPlan } from '../../../shared/contract'
import { AppError, toErrno } from '../../../shared/errors'
import { isPathLike, resolveModel, type CacheRoot, type CacheScan, type ScannedRepo } from '../cache'
import type { RepoLock } from '../ownership'
import { toFileError, type FileLocks } from '../system'
import { executeRemoval, finishRemovals, type RemovalTools } from './execute-removal'
import { readFacts } from './facts'
import { isRepoFolder, refuseClosed, refuseReadOnly } from './guard'
import { refuseForLocks } from './lock-files'
import { planRemoval } from './plan-removal'
import type { RemovalFacts } from './types'

/** Who uses a model now: an engine that has loaded it. */
export type InUse = (repo: { name: string; folder: string; root: { path: string } }) => Promise<{ by: string; pid?: number } | null>

export interface RemoveDeps {
  scan: () => Promise<CacheScan>
  lock: RepoLock
  locks: FileLocks
  inUse: InUse
  now: () => number
}

export interface RemoveOptions {
  /** Do it only if the plan still has this id. */
  planId?: string | undefined
  /** Also when lock files are there that nobody holds. */
  force?: boolean | undefined
}

interface Found {
  repo: ScannedRepo
  hash: string | null
}

const toolsOf = ({ locks, now }: RemoveDeps): RemovalTools => ({ locks, now })

function refuseWorkspace(spec: string): void {
  if (!isPathLike(spec)) return
  throw new AppError('workspace_model', 'This is a folder of yours, and MLX Knife removes only models of the cache.', {
    hint: 'To remove a folder, use "rm -r" or the Finder.',
  })
}

async function refuseInUse(repo: ScannedRepo, inUse: InUse): Promise<void> {
  const user = await inUse(repo)
  if (user === null) return
  throw new AppError('busy', `${repo.name} is loaded by ${user.by}.`, {
    hint: `Unload it first: mlxk unload ${repo.name}`,
    data: { model: repo.name, action: 'loaded', ...user },
  })
}

async function findModel(spec: string, deps: RemoveDeps): Promise<Found> {
  refuseWorkspace(spec)
  const { roots } = await deps.scan()
  return resolveModel(
    spec,
    roots.flatMap(({ repos }) => repos),
    { partsOfFullNames: false },
  )
}

async function factsOf(repo: ScannedRepo, deps: RemoveDeps): Promise<RemovalFacts> {
  if (!isRepoFolder(repo.root.path, repo.folder)) {
    throw new AppError('not_removable', `${repo.name} is no model of the cache.`, {
      hint: 'See "mlxk list --all" for the models that are.',
    })
  }
  return readFacts({ root: repo.root.path, folder: repo.folder, name: repo.name }, deps.locks, deps.now())
}

/** The release, or null when another process changes the model. */
export async function tryLock(
  lock: RepoLock,
  root: Pick<CacheRoot, 'path'>,
  folder: string,
  action: string,
): Promise<(() => void) | null> {
  try {
    return await lock({ name: folder, folder, root }, action)
  } catch (error) {
    if (error instanceof AppError && error.code === 'busy') return null
    throw error
  }
}

/** Finishes what killed runs left, in every root that may be changed. A root that refuses is left for `doctor` and the next run. */
export async function finishAll(deps: RemoveDeps, scan: CacheScan): Promise<(FinishedRemoval & { root: string })[]> {
  const done: (FinishedRemoval & { root: string })[] = []
  for (const { state, repos } of scan.roots) {
    if (state.kind === 'extra' || state.state !== 'ok') continue
    const folders = repos.map(({ folder }) => folder)
    try {
      const finished = await finishRemovals(state.path, folders, (folder) => tryLock(deps.lock, state, folder, 'rm'), toolsOf(deps))
      done.push(...finished.map((removal) => ({ ...removal, root: state.path })))
    } catch {
      // Not ours to remove any more: it stays out of sight.
    }
  }
  return done
}

function describe(plan: RemovalPlan): string {
  if (plan.target === 'link') return `Removed the link to ${plan.name}; what it leads to stays.`
  if (plan.revision === null) return `Deleted entire model ${plan.name}`
  if (plan.target === 'model') return `Deleted ${plan.name}: ${plan.revision} was its last revision`
  return `Deleted revision ${plan.revision} of ${plan.name}`
}

/** What to say when all there was to do was to finish what an earlier run had begun. */
function toFinished(spec: string, finished: readonly FinishedRemoval[]): Removal | null {
  const known = finished.map(({ name, revision }) => ({ name, snapshots: revision === null ? [] : [{ hash: revision }] }))
  let done: FinishedRemoval | undefined
  try {
    const { repo, hash } = resolveModel(spec, known, { partsOfFullNames: false })
    done = finished.find(({ name, revision }) => name === repo.name && (hash === null || revision === hash))
  } catch {
    return null
  }
  if (done === undefined) return null
  const { name, revision } = done
  return {
    name,
    action: 'finished',
    target: revision === null ? 'model' : 'revision',
    revision,
    message: `Finished an earlier removal of ${name}`,
    bytes_freed: done.bytes_freed,
    disk_bytes_freed: done.disk_bytes_freed,
    kept: [],
    lock_files_cleaned: 0,
    plan: null,
    finished: [...finished],
  }
}

/** Plans without changing anything. @throws AppError as `resolveModel`; workspace_model */
export async function planOne(spec: string, deps: RemoveDeps): Promise<RemovalPlan> {
  const { repo, hash } = await findModel(spec, deps)
  return planRemoval(await factsOf(repo, deps), hash)
}

/** Looks at a model and refuses what may not be removed now. Changes nothing. */
async function prepare(
  { repo, hash }: Found,
  options: RemoveOptions,
  deps: RemoveDeps,
): Promise<{ facts: RemovalFacts; plan: RemovalPlan }> {
  const facts = await factsOf(repo, deps)
  const plan = planRemoval(facts, hash)
  if (options.planId !== undefined && options.planId !== plan.id) {
    throw new AppError('busy', `${repo.name} has changed since this plan was made.`, { hint: 'Look at the new plan first.' })
  }
  if (plan.obstacle !== null) {
    throw new AppError('not_removable', `${repo.name} is not removed: ${plan.obstacle}`, {
      hint: 'Removing the whole model may still be possible.',
      data: { model: repo.name },
    })
  }
  await refuseInUse(repo, deps.inUse)
  refuseForLocks(repo.name, plan.locks, options.force === true)
  refuseClosed(plan, facts.tree)
  return { facts, plan }
}

/** The plan of a removal that nothing speaks against now. Changes nothing. @throws AppError as `removeOne` */
export async function checkOne(spec: string, options: Pick<RemoveOptions, 'force'>, deps: RemoveDeps): Promise<RemovalPlan> {
  const found = await findModel(spec, deps)
  refuseReadOnly(found.repo.root, found.repo.name)
  const release = await deps.lock(found.repo, 'rm')
  try {
    return (await prepare(found, options, deps)).plan
  } finally {
    release()
  }
}

/** What stopped a removal in the middle. What it had set aside is no model any more, and the next run removes it. */
function toRemovalError(error: unknown, plan: RemovalPlan): unknown {
  const known = toFileError(error, plan.folder)
  const errno = toErrno(error)
  if (known instanceof AppError || errno === null) return known
  return new AppError('not_removable', `${plan.name} could not be removed as a whole: the file system answered ${errno}.`, {
    hint: 'Look after the disk, then run the same command again: it goes on where this one stopped.',
    data: { model: plan.name },
    cause: error,
  })
}

async function removeLocked({ repo, hash }: Found, options: RemoveOptions, deps: RemoveDeps): Promise<Omit<Removal, 'finished'>> {
  const { facts, plan } = await prepare({ repo, hash }, options, deps)
  try {
    const outcome = await executeRemoval(plan, facts.locks, toolsOf(deps))
    return { name: repo.name, action: 'deleted', target: plan.target, revision: hash, message: describe(plan), ...outcome, plan }
  } catch (error) {
    throw toRemovalError(error, plan)
  }
}

/**
 * Removes a model or a revision, after finishing what killed runs left. Everything that speaks against it is found before anything is
 * touched.
 * @throws AppError as `resolveModel`; workspace_model; busy (in use, being changed, or not the plan that was seen); locks_present;
 * permission_denied; not_removable
 */
export async function removeOne(spec: string, options: RemoveOptions, deps: RemoveDeps): Promise<Removal> {
  refuseWorkspace(spec)
  const finished = await finishAll(deps, await deps.scan())
  let found: Found
  try {
    found = await findModel(spec, deps)
  } catch (error) {
    const done = toFinished(spec, finished)
    if (done !== null) return done
    throw error
  }
  const { repo, hash } = found
  refuseReadOnly(repo.root, repo.name)
  const release = await deps.lock(repo, 'rm')
  try {
    // Looked at again: what is done must follow from what is there while nobody else of ours changes it.
    const result = await removeLocked({ repo, hash }, options, deps)
    return { ...result, finished }
  } finally {
    release()
  }
}
