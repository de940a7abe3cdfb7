import { posix } from 'node:path'
import type { RepoTree, TreeEntry } from './types'

/** Ours, inside a model's folder: what is being removed of it. Other tools read only `refs`, `snapshots` and `blobs`. */
export const ASIDE = '.mlxk-removed'
const MAX_HOPS = 40

/** One folder in `snapshots/`. */
export interface Revision {
  hash: string
  /** The folder itself; a link or a file when some tool put that there. */
  entry: TreeEntry
  entries: TreeEntry[]
  /** False: not everything in it is known. */
  complete: boolean
  /** Paths inside the model's folder that its links lead to, hop by hop; what leads out of it is left out. */
  uses: ReadonlySet<string>
  /** Names (`refs/main`) that lead here. */
  refs: string[]
}

export interface RepoLayout {
  revisions: Revision[]
  /** Entries of `blobs/` that are no partials. */
  blobs: TreeEntry[]
  partials: TreeEntry[]
  byPath: ReadonlyMap<string, TreeEntry>
  /** False: some link is not known, so no blob may be called unused. */
  complete: boolean
}

export const isPartial = (path: string): boolean => path.endsWith('.incomplete')

/** Where the text of a link leads, as a path inside the model's folder; null when it leads out of it. */
export function linkDestination(tree: Pick<RepoTree, 'root' | 'folder'>, path: string, target: string): string | null {
  let relative = posix.normalize(posix.join(posix.dirname(path), target))
  if (target.startsWith('/')) {
    const home = `${posix.join(tree.root, tree.folder)}/`
    const normal = posix.normalize(target)
    if (!normal.startsWith(home)) return null
    relative = normal.slice(home.length)
  }
  relative = relative.replace(/\/$/, '')
  return relative === '..' || relative.startsWith('../') || relative === '' ? null : relative
}

/** Every path that a link leads to, one after the other, as far as that stays inside the model's folder. */
function followInside(tree: RepoTree, byPath: ReadonlyMap<string, TreeEntry>, start: TreeEntry): string[] {
  const found: string[] = []
  let entry: TreeEntry | undefined = start
  for (let hop = 0; entry?.kind === 'link' && hop < MAX_HOPS; hop += 1) {
    const next = linkDestination(tree, entry.path, entry.target ?? '')
    if (next === null || found.includes(next)) break
    found.push(next)
    entry = byPath.get(next)
  }
  return found
}

/** What a model's folder holds, by the meaning of its places. Pure; takes any tree. */
export function readLayout(tree: RepoTree): RepoLayout {
  const byPath = new Map(tree.entries.map((entry) => [entry.path, entry]))
  const revisions = new Map<string, { entry: TreeEntry; entries: TreeEntry[] }>()
  const blobs: TreeEntry[] = []
  const partials: TreeEntry[] = []
  for (const entry of tree.entries) {
    const [place, name, ...more] = entry.path.split('/')
    if (name === undefined || name === '') continue
    if (place === 'blobs' && more.length === 0) (isPartial(name) ? partials : blobs).push(entry)
    if (place !== 'snapshots') continue
    if (more.length === 0) revisions.set(name, { entry, entries: [] })
    else revisions.get(name)?.entries.push(entry)
  }
  // A linked `snapshots` holds revisions that this tree does not show.
  const shown = byPath.get('snapshots')
  return {
    revisions: [...revisions].map(([hash, { entry, entries }]) => ({
      hash,
      entry,
      entries,
      complete: tree.complete && entry.kind === 'folder' && entry.listed && entries.every(({ listed }) => listed),
      uses: new Set([entry, ...entries].flatMap((link) => followInside(tree, byPath, link))),
      refs: Object.keys(tree.refs).filter((path) => tree.refs[path] === hash),
    })),
    blobs,
    partials,
    byPath,
    complete: tree.complete && (shown === undefined || shown.kind === 'folder'),
  }
}

/** The folders that hold a path, from the nearest to the first below the model's own. */
export function parentsOf(path: string): string[] {
  const parents: string[] = []
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) parents.push(path.slice(0, slash))
  return parents
}

/** True when one of `uses` is the path, or a folder that holds it. */
export function isUsed(uses: ReadonlySet<string>, path: string): boolean {
  return uses.has(path) || parentsOf(path).some((parent) => uses.has(parent))
}
