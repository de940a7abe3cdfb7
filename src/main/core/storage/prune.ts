import { createHash } from 'node:crypto'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import type { PruneCategory, PruneItem, PrunePlan, PruneProgress, PruneResult } from '../../../shared/contract'
import { AppError, toErrno } from '../../../shared/errors'
import { scanRepo } from '../cache'
import { addBytes, NO_BYTES, type Bytes } from './count'
import { executeRemoval } from './execute-removal'
import { findClosed } from './guard'
import { parentsOf } from './layout'
import type { Waste } from './plan-prune'
import { planRemoval } from './plan-removal'
import { finishAll, tryLock, type RemoveDeps } from './remove'
import { removeEmpty, removeFile } from './remove-tree'
import { sweepPayload } from './shared-store'
import { payloadKeyOf } from './store-key'
import { itemsOf, survey, surveyRepo, type SurveyDeps, type SurveyedRepo, type SurveyedRoot } from './survey'

export type PruneDeps = RemoveDeps & SurveyDeps

export interface PruneOptions {
  /** All when not given. */
  categories?: readonly PruneCategory[] | undefined
  /** Do it only if the plan still has this id. */
  planId?: string | undefined
  /** Hears of every item that was dealt with. */
  onProgress?: ((progress: PruneProgress) => void) | undefined
  /** Aborted: what was begun is finished, the rest is left out. */
  signal?: AbortSignal | undefined
}

const everything: readonly PruneCategory[] = [
  'detached_revision',
  'stale_partial',
  'orphan_blob',
  'dangling_link',
  'empty_folder',
  'unfinished_removal',
]

const keyOf = ({ category, root, path }: Pick<PruneItem, 'category' | 'root' | 'path'>): string => `${category} ${root} ${path}`

function mayChange(root: string): boolean {
  try {
    accessSync(root, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Why nothing in a root is changed, or null. */
function refuseRoot({ state }: SurveyedRoot): string | null {
  if (state.kind === 'extra') return 'MLX Knife only reads this folder.'
  if (state.state !== 'ok') return state.reason ?? 'It cannot be read.'
  return mayChange(state.path) ? null : 'It may not be changed.'
}

/** The waste of all roots that may be changed. */
export function toPlan(roots: readonly SurveyedRoot[], categories: readonly PruneCategory[] = everything): PrunePlan {
  const open = roots.filter((root) => refuseRoot(root) === null)
  const items = open.flatMap(itemsOf).filter(({ category }) => categories.includes(category))
  const sum = (of: readonly PruneItem[]): Bytes =>
    addBytes(...of.map(({ bytes_freed: sizeBytes, disk_bytes_freed: diskBytes }) => ({ sizeBytes, diskBytes })))
  const total = sum(items)
  const closed = roots.flatMap((root) => {
    const reason = refuseRoot(root)
    return reason === null || root.state.state === 'missing' ? [] : [{ path: root.state.path, name: null, reason }]
  })
  const busy = open.flatMap(({ repos }) =>
    repos.flatMap(({ repo, waste }) =>
      waste.leftOut === null ? [] : [{ path: repo.path, name: repo.name, reason: waste.leftOut }],
    ),
  )
  const plan = {
    items,
    summary: everything
      .map((category) => items.filter((item) => item.category === category))
      .flatMap((of) =>
        of[0] === undefined ? [] : [{ category: of[0].category, count: of.length, bytes_freed: sum(of).sizeBytes }],
      ),
    bytes_freed: total.sizeBytes,
    disk_bytes_freed: total.diskBytes,
    left_out: [...closed, ...busy],
  }
  return { id: createHash('sha256').update(JSON.stringify(items)).digest('hex').slice(0, 32), ...plan }
}

/** Everything that only costs space, in all roots that may be changed. Changes nothing. */
export async function planPrune(options: PruneOptions, deps: PruneDeps): Promise<PrunePlan> {
  return toPlan(await survey(deps), options.categories)
}

function describe(error: unknown): string {
  const errno = toErrno(error)
  if (errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS') return 'It may not be changed.'
  return errno === null ? 'It could not be removed.' : `It could not be removed (${errno}).`
}

/** Empty folders inside a revision, upwards; the revision's own folder stays. */
async function removeEmptyAbove(repo: string, path: string): Promise<void> {
  for (const parent of parentsOf(path)) {
    if (parent.split('/').length <= 2 || !(await removeEmpty(join(repo, parent)))) return
  }
}

/** Removes one thing of a model. The caller holds the model's lock and has just looked. @throws a file system error */
async function removeWaste({ facts }: SurveyedRepo, { category, path }: Waste, deps: PruneDeps): Promise<Bytes | string> {
  const { tree } = facts
  const repo = join(tree.root, tree.folder)
  const tools = { locks: deps.locks, now: deps.now }
  if (category === 'detached_revision' || path === '') {
    const plan = planRemoval(facts, path === '' ? null : path.slice('snapshots/'.length))
    // Never more than was proposed.
    const grown =
      plan.target !== (path === '' ? 'model' : 'revision') || (path === '' && tree.entries.some(({ kind }) => kind !== 'folder'))
    if (plan.obstacle !== null || grown) return plan.obstacle ?? 'It has changed meanwhile.'
    const outcome = await executeRemoval(plan, path === '' ? facts.locks : [], tools)
    return { sizeBytes: outcome.bytes_freed, diskBytes: outcome.disk_bytes_freed }
  }
  if (category === 'empty_folder') {
    const inside = tree.entries.filter((entry) => entry.kind === 'folder' && entry.path.startsWith(`${path}/`)).reverse()
    for (const folder of inside) await removeEmpty(join(repo, folder.path))
    return (await removeEmpty(join(repo, path))) ? NO_BYTES : 'Something is in it by now.'
  }
  const freed = await removeFile(join(repo, path))
  if (category === 'dangling_link') await removeEmptyAbove(repo, path)
  const entry = tree.entries.find((candidate) => candidate.path === path)
  const key = facts.payloads.has(path) ? payloadKeyOf(tree.root, entry?.target ?? '') : null
  return key === null ? freed : addBytes(freed, await sweepPayload(tree.root, key, deps.locks))
}

/** Folders in which a thing of a model lies. */
function isClosed({ facts }: SurveyedRepo, { path }: Waste): boolean {
  const above = new Set(parentsOf(path))
  return findClosed(facts.tree, (folder) => above.has(folder) || folder === path || folder.startsWith(`${path}/`)).length > 0
}

type Report = (item: PruneItem, result: Bytes | string) => void

const STOPPED = 'Stopped before it was its turn.'

interface RunDeps extends PruneDeps {
  signal: AbortSignal | undefined
}

/** Does what is to be done in one model, as far as it is still so. */
async function pruneRepo({ repo }: SurveyedRepo, items: PruneItem[], deps: RunDeps, report: Report): Promise<void> {
  const user = await deps.inUse(repo)
  const release = user === null ? await tryLock(deps.lock, repo.root, repo.folder, 'prune') : null
  if (release === null)
    return items.forEach((item) => report(item, user === null ? 'The model is being changed.' : 'The model is in use.'))
  try {
    for (const item of items) {
      if (deps.signal?.aborted === true) {
        report(item, STOPPED)
        continue
      }
      // Looked at again before each step: what goes must be waste at that moment.
      const now = await surveyRepo(scanRepo(repo.root, repo.folder), deps)
      const waste = now.waste.items.find(
        ({ category, path }) => category === item.category && item.path === (path === '' ? repo.folder : `${repo.folder}/${path}`),
      )
      try {
        if (waste === undefined) report(item, now.waste.leftOut ?? 'It has changed meanwhile.')
        else if (isClosed(now, waste)) report(item, 'It may not be changed.')
        else report(item, await removeWaste(now, waste, deps))
      } catch (error) {
        report(item, describe(error))
      }
    }
  } finally {
    release()
  }
}

async function pruneRoot(root: SurveyedRoot, items: readonly PruneItem[], deps: RunDeps, report: Report): Promise<void> {
  const rest = new Set(items.filter((item) => item.root === root.state.path))
  for (const surveyed of root.repos) {
    const own = [...rest].filter(({ path }) => path === surveyed.repo.folder || path.startsWith(`${surveyed.repo.folder}/`))
    for (const item of own) rest.delete(item)
    if (own.length > 0) await pruneRepo(surveyed, own, deps, report)
  }
  for (const item of rest) {
    if (deps.signal?.aborted === true) report(item, STOPPED)
    else if (item.category === 'orphan_blob') {
      const swept = await sweepPayload(item.root, item.path.slice('blobs/'.length), deps.locks)
      report(item, swept.kept === null ? swept : 'It is in use, or its lock cannot be taken.')
    } else report(item, (await removeEmpty(join(item.root, item.path))) ? NO_BYTES : 'Something is in it by now.')
  }
}

/**
 * Removes what the plan says, one thing after the other, each under its model's lock and only if it is still waste. A kill at any moment
 * leaves every tool a cache that it reads; the next run does the rest.
 * @throws AppError busy when the plan is not the one that was seen
 */
export async function prune(options: PruneOptions, deps: PruneDeps): Promise<PruneResult> {
  const roots = await survey(deps)
  const plan = toPlan(roots, options.categories)
  if (options.planId !== undefined && options.planId !== plan.id) {
    throw new AppError('busy', 'The cache has changed since this plan was made.', { hint: 'Look at the new plan first.' })
  }
  const done: PruneItem[] = []
  const skipped: PruneResult['skipped'] = []
  let freed = NO_BYTES
  const report: Report = (item, result) => {
    if (typeof result === 'string') skipped.push({ item, reason: result })
    else {
      done.push(item)
      freed = addBytes(freed, result)
    }
    options.onProgress?.({
      type: 'progress',
      items_done: done.length + skipped.length,
      items_total: plan.items.length,
      bytes_freed: freed.sizeBytes,
      name: item.name,
    })
  }
  const unfinished = plan.items.filter(({ category }) => category === 'unfinished_removal')
  // Also when no removal is unfinished: the place for them may be there still.
  if ((options.categories ?? everything).includes('unfinished_removal') && options.signal?.aborted !== true) {
    for (const { bytes_freed: sizeBytes, disk_bytes_freed: diskBytes } of await finishAll(deps, await deps.scan())) {
      freed = addBytes(freed, { sizeBytes, diskBytes })
    }
    const now = unfinished.length === 0 ? [] : await survey(deps)
    const left = new Set(now.flatMap(({ unfinished: items }) => items.map(keyOf)))
    for (const item of unfinished) report(item, left.has(keyOf(item)) ? 'It is being removed, or may not be.' : NO_BYTES)
  }
  const others = plan.items.filter(({ category }) => category !== 'unfinished_removal')
  for (const root of roots) await pruneRoot(root, others, { ...deps, signal: options.signal }, report)
  return { plan, done, skipped, bytes_freed: freed.sizeBytes, disk_bytes_freed: freed.diskBytes }
}
