import { readdirSync, lstatSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { CacheRootState, PruneItem } from '../../../shared/contract'
import type { CacheScan, ScannedRepo } from '../cache'
import type { ContentMemory } from '../health'
import type { FileLocks } from '../system'
import { isFolder } from './aside'
import { addBytes, NO_BYTES, splitByNames } from './count'
import { findUnfinished } from './execute-removal'
import { readFacts } from './facts'
import { readLayout, type RepoLayout } from './layout'
import { planRepoPrune, toItem, type RepoWaste } from './plan-prune'
import { findStoreLinks, findUnreferenced } from './shared-store'
import { readRepoTree } from './tree'
import type { RemovalFacts, RepoVerdict, SharedPayload } from './types'
import { judgeRepo } from './verdict'

export interface SurveyDeps {
  scan: () => Promise<CacheScan>
  locks: FileLocks
  now: () => number
  content?: ContentMemory | undefined
}

/** One model, with all that its place on the disk says. */
export interface SurveyedRepo {
  repo: ScannedRepo
  facts: RemovalFacts
  layout: RepoLayout
  verdict: RepoVerdict
  waste: RepoWaste
}

export interface SurveyedRoot {
  state: CacheRootState
  repos: SurveyedRepo[]
  /** Payloads of the shared store to which nothing leads. */
  unreferenced: SharedPayload[]
  unfinished: PruneItem[]
  /** Names of empty folders in `.locks`. */
  emptyLocks: string[]
}

const HOUR_MS = 3_600_000
/** The event loop is given a turn after this long. */
const TURN_MS = 8

function findEmptyLocks(root: string, now: number): string[] {
  const place = join(root, '.locks')
  if (!isFolder(place)) return []
  const isOldAndEmpty = (name: string): boolean => {
    try {
      const stats = lstatSync(join(place, name))
      return stats.isDirectory() && now - stats.mtimeMs > HOUR_MS && readdirSync(join(place, name)).length === 0
    } catch {
      return false
    }
  }
  return readdirSync(place).filter((name) => name.startsWith('models--') && isOldAndEmpty(name))
}

function findLeftovers(root: string, folders: readonly string[]): PruneItem[] {
  return findUnfinished(root, folders).map(({ folder, revision, room }) => {
    const tree = readRepoTree(join(room.path, '..'), basename(room.path), '')
    const { freed } = splitByNames(tree.entries.filter(({ kind }) => kind === 'file'))
    const bytes = freed.length === 0 ? NO_BYTES : addBytes(...freed)
    return {
      category: 'unfinished_removal',
      name: folder === null ? null : folder.slice(folder.indexOf('--') + 2).replaceAll('--', '/'),
      root,
      path: room.path.slice(root.length + 1),
      bytes_freed: bytes.sizeBytes,
      disk_bytes_freed: bytes.diskBytes,
      reason:
        revision === null ? 'A removal was stopped before its end.' : `The removal of ${revision} was stopped before its end.`,
    }
  })
}

/** Looks at one model for its waste. */
export async function surveyRepo(
  repo: ScannedRepo,
  deps: Omit<SurveyDeps, 'scan'>,
  goneLinks?: Set<string>,
): Promise<SurveyedRepo> {
  const place = { root: repo.root.path, folder: repo.folder, name: repo.name }
  const facts = await readFacts(place, deps.locks, deps.now())
  const layout = readLayout(facts.tree)
  const verdict = judgeRepo(repo, layout, deps.content)
  return { repo, facts, layout, verdict, waste: planRepoPrune(facts, verdict, deps.now(), goneLinks) }
}

/** Looks at everything in all roots. Changes nothing. */
export async function survey(deps: SurveyDeps): Promise<SurveyedRoot[]> {
  const found: SurveyedRoot[] = []
  for (const { state, repos } of (await deps.scan()).roots) {
    const surveyed: SurveyedRepo[] = []
    const goneLinks = new Set<string>()
    let turnStart = performance.now()
    for (const repo of repos) {
      surveyed.push(await surveyRepo(repo, deps, goneLinks))
      if (performance.now() - turnStart < TURN_MS) continue
      await setImmediate()
      turnStart = performance.now()
    }
    const { path } = state
    const there = state.state === 'ok'
    found.push({
      state,
      repos: surveyed,
      unreferenced: there ? findUnreferenced(path, findStoreLinks(path)) : [],
      unfinished: there
        ? findLeftovers(
            path,
            repos.map(({ folder }) => folder),
          )
        : [],
      emptyLocks: there ? findEmptyLocks(path, deps.now()) : [],
    })
  }
  return found
}

/** Everything in a root that `prune` would remove. */
export function itemsOf({ state, repos, unreferenced, unfinished, emptyLocks }: SurveyedRoot): PruneItem[] {
  const root = state.path
  const ofRepos = repos.flatMap(({ facts, waste }) => waste.items.map((item) => toItem(facts.tree, item)))
  const payloads = unreferenced.map(({ key, sizeBytes, diskBytes, nlink }): PruneItem => ({
    category: 'orphan_blob',
    name: null,
    root,
    path: `blobs/${key}`,
    bytes_freed: nlink === 1 ? sizeBytes : 0,
    disk_bytes_freed: nlink === 1 ? diskBytes : 0,
    reason: 'No model leads to this shared payload.',
  }))
  const locks = emptyLocks.map((name): PruneItem => ({
    category: 'empty_folder',
    name: null,
    root,
    path: `.locks/${name}`,
    bytes_freed: 0,
    disk_bytes_freed: 0,
    reason: 'Nothing is in it.',
  }))
  return [...unfinished, ...ofRepos, ...payloads, ...locks]
}
