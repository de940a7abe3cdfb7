import { join } from 'node:path'
import type { CacheRootState } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import {
  isPathLike,
  openPath,
  resolveModel,
  scanEntry,
  toAbsolutePath,
  type CacheRoot,
  type CacheScan,
  type ScannedRepo,
  type ScanSkip,
} from '../cache'

export interface FindDeps {
  scan: (roots: readonly CacheRoot[], skip?: ScanSkip) => Promise<CacheScan>
  /** For typed paths. */
  cwd: string
  home: string
}

/** A model of a root by its name alone; looked at when somebody asks what is in it. */
class NamedRepo {
  readonly name: string
  readonly calledName: string
  readonly #root: CacheRoot
  readonly #folder: string
  #scanned: ScannedRepo | null | undefined

  constructor(root: CacheRoot, folder: string, name: string, calledName: string) {
    this.name = name
    this.calledName = calledName
    this.#root = root
    this.#folder = folder
  }

  scan(): ScannedRepo | null {
    if (this.#scanned === undefined) this.#scanned = scanEntry(this.#root, this.#folder)
    return this.#scanned
  }

  get snapshots(): ScannedRepo['snapshots'] {
    return this.scan()?.snapshots ?? []
  }
}

function toNamed(state: CacheRootState, folder: string): NamedRepo {
  const root: CacheRoot = { path: state.path, kind: state.kind, rule: state.rule }
  if (state.kind === 'workspace') return new NamedRepo(root, folder, join(root.path, folder), folder)
  const name = folder.slice('models--'.length).replaceAll('--', '/')
  return new NamedRepo(root, folder, name, name)
}

/** An unreadable cache is why nothing is found, and is said instead. */
function explainAbsence(error: unknown, states: readonly CacheRootState[]): unknown {
  const primary = states.find(({ kind }) => kind === 'primary')
  const notFound = error instanceof AppError && error.code === 'model_not_found'
  const blind = primary?.state === 'unreadable' || primary?.state === 'unplugged' || primary?.state === 'slow'
  if (!notFound || !blind) return error
  return new AppError('cache_unreadable', `${primary.reason ?? 'The cache cannot be read.'} (${primary.path})`, {
    hint: '"mlxk doctor" says which setting chose this folder.',
    cause: error,
  })
}

/**
 * What a typed name or path leads to, looked at once. Of all other models only the names are read.
 * @returns the repo and the full name of the snapshot that was asked for, null when none was
 * @throws AppError as `resolveModel`, and cache_unreadable
 */
export async function findModel(
  spec: string,
  roots: readonly CacheRoot[],
  { scan, cwd, home }: FindDeps,
): Promise<{ repo: ScannedRepo; hash: string | null }> {
  if (isPathLike(spec)) {
    const found = spec.includes('\0') ? null : openPath(toAbsolutePath(spec, cwd, home))
    if (found !== null) return found
  }
  const result = await scan(roots, 'names')
  const named = result.roots.flatMap(({ state, repos, unchanged }) =>
    [...repos.map(({ folder }) => folder), ...unchanged].map((folder) => toNamed(state, folder)),
  )
  try {
    const { repo, hash } = resolveModel(spec, named)
    const scanned = repo.scan()
    if (scanned === null) throw new AppError('model_not_found', `${repo.name} is no longer there.`, { hint: 'See "mlxk list".' })
    return { repo: scanned, hash }
  } catch (error) {
    throw explainAbsence(
      error,
      result.roots.map(({ state }) => state),
    )
  }
}
