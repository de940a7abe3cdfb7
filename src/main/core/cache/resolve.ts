import { AppError } from '../../../shared/errors'
import { isPathLike, parseModelSpec, quoteName } from './names'
import type { ScannedSnapshot } from './types'

/** Names without an organization mean this one first. */
const SHORT_NAME_HOME = 'mlx-community'

export interface ResolveOptions {
  /**
   * False where a wrong guess does harm (what removes, what downloads): a name with its organization then means that model or none, never
   * another whose name it is a part of.
   */
  partsOfFullNames?: boolean
}

export interface ResolvedRepo<T> {
  repo: T
  /** Full folder name of the snapshot that `@hash` asked for, null when none was named. */
  hash: string | null
}

interface Repo {
  name: string
  /** What people call it, when that is not its name: a workspace goes by the last part of its path. */
  calledName?: string
  snapshots: readonly Pick<ScannedSnapshot, 'hash'>[]
}

const calledNameOf = ({ name, calledName }: Repo): string => calledName ?? name

/** One form for texts that look the same: file systems and keyboards differ in how they write an accent. */
function fold(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

function notFound(spec: string): AppError {
  const what = isPathLike(spec)
    ? `There is no model at ${quoteName(spec)}: no folder with a config.json.`
    : `No model ${quoteName(spec)} is in the cache.`
  return new AppError('model_not_found', what, { hint: 'See "mlxk list --all" for the models that are there.' })
}

function ambiguous(spec: string, matches: string[]): AppError {
  const sorted = [...new Set(matches)].sort()
  // The candidates are data: each face shows them in its own way.
  return new AppError('ambiguous_match', `${quoteName(spec)} fits ${sorted.length} models.`, {
    hint: 'Type more of the name.',
    data: { matches: sorted },
  })
}

/** Rules from the strictest to the loosest; the first that any repo satisfies decides. */
function rules(name: string, parts: boolean): ((candidate: string) => boolean)[] {
  const short = name.includes('/') ? null : `${SHORT_NAME_HOME}/${name}`
  const folded = fold(name)
  const foldedShort = short === null ? null : fold(short)
  return [
    (candidate) => candidate === name,
    (candidate) => candidate === short,
    (candidate) => fold(candidate) === folded,
    (candidate) => fold(candidate) === foldedShort,
    ...(parts || short !== null ? [(candidate: string) => fold(candidate).includes(folded)] : []),
  ]
}

/** All repos that a name may mean, by the strictest rule that finds one. */
function findByName<T extends Repo>(name: string, repos: readonly T[], parts: boolean): T[] {
  if (isPathLike(name)) return []
  for (const rule of rules(name, parts)) {
    const found = repos.filter((repo) => rule(calledNameOf(repo)))
    if (found.length > 0) return found
  }
  return []
}

/** What is in an earlier root hides the same in a later one. */
function firstOfEach<T>(items: readonly T[], toKey: (item: T) => string): T[] {
  const first = new Map<string, T>()
  for (const item of items) if (!first.has(toKey(item))) first.set(toKey(item), item)
  return [...first.values()]
}

function chooseByHash<T extends Repo>(spec: string, prefix: string, repos: readonly T[]): ResolvedRepo<T> {
  const revisions = repos.flatMap((repo) => repo.snapshots.map(({ hash }) => ({ repo, hash })))
  const toKey = ({ repo, hash }: { repo: T; hash: string }): string => `${repo.name}@${hash}`
  const matches = firstOfEach(
    revisions.filter(({ hash }) => hash.toLowerCase().startsWith(prefix)),
    toKey,
  )
  const whole = matches.filter(({ hash }) => hash.toLowerCase() === prefix)
  const [match, ...more] = whole.length > 0 ? whole : matches
  if (match === undefined) {
    throw new AppError('hash_not_found', `No revision of this model in the cache begins with ${quoteName(prefix)}.`, {
      hint: 'Choose one of the revisions that are there.',
      data: { available_hashes: [...new Set(revisions.map(({ hash }) => hash))].sort() },
    })
  }
  if (more.length > 0) throw ambiguous(spec, (whole.length > 0 ? whole : matches).map(toKey))
  return match
}

/**
 * What a typed name leads to: the exact id; a short name with `mlx-community/` before it; either without regard to case; else a part of
 * exactly one name. `@` and the beginning of a commit choose a revision, and may settle which of several models is meant.
 * Repos in root order. No path is ever built from what was typed.
 * @throws AppError invalid_name, model_not_found, ambiguous_match (data.matches, sorted), hash_not_found (data.available_hashes)
 */
export function resolveModel<T extends Repo>(spec: string, repos: readonly T[], options: ResolveOptions = {}): ResolvedRepo<T> {
  const { name, hashPrefix } = parseModelSpec(spec)
  const found = findByName(name, repos, options.partsOfFullNames ?? true)
  if (hashPrefix !== null && found.length > 0) return chooseByHash(spec, hashPrefix, found)
  const [repo, ...more] = firstOfEach(found, calledNameOf)
  if (repo === undefined) throw notFound(spec)
  const names = [repo, ...more].map(calledNameOf)
  if (more.length > 0) throw ambiguous(spec, names)
  return { repo, hash: null }
}
