import type { PruneCategory, PruneItem } from '../../../shared/contract'
import { addBytes, NO_BYTES, splitByNames, type Bytes } from './count'
import { ASIDE, isUsed, linkDestination, parentsOf, readLayout, type RepoLayout, type Revision } from './layout'
import { isYoung } from './lock-files'
import { splitBlobs } from './plan-removal'
import { payloadKeyOf } from './store-key'
import type { RemovalFacts, RepoTree, RepoVerdict, TreeEntry } from './types'

const HOUR_MS = 3_600_000
/** Where no lock can be asked, only a day's silence says that a download was given up. */
const DAY_MS = 24 * HOUR_MS

/** Something that `prune` would remove, with what goes with it. Paths are inside the model's folder. */
export interface Waste {
  category: Exclude<PruneCategory, 'unfinished_removal'>
  path: string
  reason: string
  /** Entries that go, folders excepted. */
  entries: TreeEntry[]
  bytes: Bytes
}

export interface RepoWaste {
  items: Waste[]
  /** Why the model was left out altogether, as a sentence. */
  leftOut: string | null
}

interface Context {
  facts: RemovalFacts
  layout: RepoLayout
  verdict: RepoVerdict
  now: number
}

function bytesOf({ payloads, tree }: RemovalFacts, entries: readonly TreeEntry[], goneLinks: Set<string>): Bytes {
  const files = splitByNames(entries.filter(({ kind }) => kind === 'file')).freed
  for (const { path } of entries) if (payloads.has(path)) goneLinks.add(`${tree.folder}/${path}`)
  const keys = new Map(
    entries.flatMap(({ path }) => [payloads.get(path) ?? []].flat().map((payload) => [payload.key, payload] as const)),
  )
  const freed = [...keys.values()].filter(
    ({ references, nlink }) => nlink === 1 && references?.every((link) => goneLinks.has(link)) === true,
  )
  return addBytes(...files, ...freed)
}

/**
 * Revisions that only cost space: no ref leads there, another one stands for the model, is whole and has a ref, and this one is either not
 * whole or older. A whole one that is newer was fetched by its hash on purpose: it stays.
 */
function findDetached({ layout, verdict }: Context): Revision[] {
  const chosen = layout.revisions.find(({ hash }) => hash === verdict.chosen)
  if (chosen === undefined || chosen.refs.length === 0 || !verdict.good.has(chosen.hash)) return []
  return layout.revisions.filter(
    (revision) =>
      revision !== chosen &&
      revision.entry.kind === 'folder' &&
      revision.refs.length === 0 &&
      (!verdict.good.has(revision.hash) || revision.entry.mtimeMs < chosen.entry.mtimeMs) &&
      !layout.revisions.some(
        ({ hash, uses }) => hash !== revision.hash && [...uses].some((path) => path.startsWith(`snapshots/${revision.hash}/`)),
      ),
  )
}

function detachedItems(context: Context, goneLinks: Set<string>): Waste[] {
  const { facts, layout } = context
  let left = layout
  return findDetached(context).map((revision) => {
    const { hash } = revision
    const places = facts.tree.entries.filter(({ path }) => path === `trees/${hash}.json` || path.startsWith(`.no_exist/${hash}/`))
    const entries = [...revision.entries, ...splitBlobs(left, revision).only, ...places].filter(({ kind }) => kind !== 'folder')
    left = { ...left, revisions: left.revisions.filter((other) => other !== revision) }
    return {
      category: 'detached_revision',
      path: `snapshots/${hash}`,
      reason: 'No ref leads to it, and a whole revision with a ref stands for the model.',
      entries,
      bytes: bytesOf(facts, entries, goneLinks),
    }
  })
}

/** A partial is named after its blob, as its lock is. */
function isStale({ facts, now }: Context, partial: TreeEntry): boolean {
  const etag = (partial.path.split('/').pop() ?? '').split('.')[0] ?? ''
  const lock = facts.locks.find(({ path }) => path.endsWith(`/${etag}.lock`))
  const patience = facts.canProbe && lock?.state !== 'unknown' ? HOUR_MS : DAY_MS
  return lock?.state !== 'held' && now - partial.mtimeMs > patience
}

function partialItems(context: Context): Waste[] {
  return context.layout.partials
    .filter((partial) => partial.kind === 'file' && isStale(context, partial))
    .map((partial) => ({
      category: 'stale_partial',
      path: partial.path,
      reason: 'A download that nobody continues.',
      entries: [partial],
      bytes: bytesOf(context.facts, [partial], new Set()),
    }))
}

/** True when following a link by its text ends inside the model's folder, or in the shared store, at nothing. */
function isDangling({ facts, layout }: Context, link: TreeEntry): boolean {
  const { tree } = facts
  const seen = new Set<string>()
  let entry: TreeEntry | undefined = link
  while (entry?.kind === 'link') {
    if (seen.has(entry.path)) return true
    seen.add(entry.path)
    const next = linkDestination(tree, entry.path, entry.target ?? '')
    if (next === null) {
      const key = /^blobs\/[^/]+$/.test(entry.path) ? payloadKeyOf(tree.root, entry.target ?? '') : null
      return key !== null && facts.hasStore && !facts.payloads.has(entry.path)
    }
    entry = layout.byPath.get(next)
    // Behind a linked folder there may be something that this tree does not show.
    if (entry === undefined) return !isBehindLink(layout, next)
  }
  return false
}

function isBehindLink({ byPath }: RepoLayout, path: string): boolean {
  return parentsOf(path).some((parent) => byPath.get(parent)?.kind === 'link')
}

function danglingItems(context: Context, gone: ReadonlySet<string>): Waste[] {
  const { revisions, blobs } = context.layout
  const links = [...revisions.flatMap(({ entries }) => entries), ...blobs].filter(
    ({ kind, path }) => kind === 'link' && !gone.has(path),
  )
  return links
    .filter((link) => isDangling(context, link))
    .map((link) => ({
      category: 'dangling_link',
      path: link.path,
      reason: 'It leads to a blob that is gone.',
      entries: [link],
      bytes: NO_BYTES,
    }))
}

function orphanItems(context: Context, gone: ReadonlySet<string>, goneLinks: Set<string>): Waste[] {
  const { facts, layout, verdict, now } = context
  if (layout.revisions.some(({ complete, entry }) => !complete && entry.kind !== 'file')) return []
  return layout.blobs
    .filter(
      ({ kind, path, mtimeMs }) => (kind === 'file' || facts.payloads.has(path)) && !gone.has(path) && now - mtimeMs > HOUR_MS,
    )
    .filter(({ path }) => !verdict.wanted.has(path.slice('blobs/'.length)))
    .filter(({ path }) => !layout.revisions.some(({ uses }) => isUsed(uses, path)))
    .map((blob) => ({
      category: 'orphan_blob',
      path: blob.path,
      reason: 'No revision uses it.',
      entries: [blob],
      bytes: bytesOf(facts, [blob], goneLinks),
    }))
}

/** Folders that may go when nothing is in them. Those that make the folder a model's for other tools stay. */
function mayVanish(path: string, layout: RepoLayout): boolean {
  const [place, name, ...more] = path.split('/')
  if (place === 'snapshots' && name !== undefined && more.length === 0)
    return layout.revisions.find(({ hash }) => hash === name)?.refs.length === 0
  if (place === 'snapshots' || place === 'refs') return name !== undefined
  return place === '.no_exist' || place === 'trees'
}

function emptyItems({ facts: { tree }, layout, now }: Context, gone: ReadonlySet<string>): Waste[] {
  const alive = new Set<string>()
  const keep = (path: string): void => {
    for (const parent of parentsOf(path)) alive.add(parent)
  }
  for (const { path, kind } of tree.entries) if (kind !== 'folder' && !gone.has(path)) keep(path)
  const item = (path: string): Waste => ({
    category: 'empty_folder',
    path,
    reason: 'Nothing is in it.',
    entries: [],
    bytes: NO_BYTES,
  })
  const folders = tree.entries.filter(({ kind }) => kind === 'folder')
  const old = folders.every(({ mtimeMs }) => now - mtimeMs > HOUR_MS)
  if (alive.size === 0 && !tree.entries.some(({ path, kind }) => kind !== 'folder' && !gone.has(path))) return old ? [item('')] : []
  const empty = folders.filter(({ path, mtimeMs }) => {
    if (alive.has(path) || gone.has(path)) return false
    if (now - mtimeMs > HOUR_MS && mayVanish(path, layout)) return true
    keep(path)
    return false
  })
  // What must stay keeps what holds it. A folder goes with the empty ones in it: one by one, each removal would make the next look young.
  const going = new Set(empty.flatMap(({ path }) => (alive.has(path) ? [] : [path])))
  return [...going].filter((path) => !parentsOf(path).some((parent) => going.has(parent))).map(item)
}

function withoutPruned(tree: RepoTree): RepoTree {
  return { ...tree, entries: tree.entries.filter(({ path }) => path !== ASIDE && !path.startsWith(`${ASIDE}/`)) }
}

/**
 * What of one model only costs space. Pure; takes any tree and never throws. Nothing is proposed of a model that somebody is at work on,
 * and nothing good that merely lacks a ref.
 * @param goneLinks links into the shared store that go with other models; added to
 */
export function planRepoPrune(facts: RemovalFacts, verdict: RepoVerdict, now: number, goneLinks = new Set<string>()): RepoWaste {
  const tree = withoutPruned(facts.tree)
  if (tree.kind !== 'folder') return { items: [], leftOut: tree.kind === 'link' ? 'Its folder is a link to elsewhere.' : null }
  if (facts.locks.some(({ state }) => state === 'held')) return { items: [], leftOut: 'It is being downloaded.' }
  if (facts.locks.some(isYoung)) return { items: [], leftOut: 'It was in use less than a minute ago.' }
  const layout = readLayout(tree)
  const linked = ['snapshots', 'blobs', 'refs'].find((path) => layout.byPath.get(path)?.kind === 'link')
  if (linked !== undefined) return { items: [], leftOut: `Its folder "${linked}" is a link to elsewhere.` }
  if (!layout.complete) return { items: [], leftOut: 'Not everything in it could be listed.' }
  const context: Context = { facts: { ...facts, tree }, layout, verdict, now }
  const items = [...detachedItems(context, goneLinks), ...partialItems(context)]
  const gone = new Set(items.flatMap(({ path, entries }) => [path, ...entries.map((entry) => entry.path)]))
  const add = (more: Waste[]): void => {
    items.push(...more)
    for (const { path } of more) gone.add(path)
  }
  add(danglingItems(context, gone))
  add(orphanItems(context, gone, goneLinks))
  for (const { path } of tree.entries) {
    // Folders of a revision that goes, go with it.
    if (items.some(({ category, path: top }) => category === 'detached_revision' && path.startsWith(`${top}/`))) gone.add(path)
  }
  add(emptyItems(context, gone))
  return { items, leftOut: null }
}

/** The item as it is shown. */
export function toItem(tree: Pick<RepoTree, 'root' | 'folder' | 'name'>, { category, path, reason, bytes }: Waste): PruneItem {
  return {
    category,
    name: tree.name,
    root: tree.root,
    path: path === '' ? tree.folder : `${tree.folder}/${path}`,
    bytes_freed: bytes.sizeBytes,
    disk_bytes_freed: bytes.diskBytes,
    reason,
  }
}
