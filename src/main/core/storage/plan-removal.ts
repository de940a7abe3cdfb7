import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { KeptBytes, RemovalPlan } from '../../../shared/contract'
import { addBytes, splitByNames } from './count'
import { ASIDE, isPartial, isUsed, linkDestination, readLayout, type RepoLayout, type Revision } from './layout'
import type { RemovalFacts, RepoTree, SharedPayload, TreeEntry } from './types'

/** Full name of a folder in `snapshots/`, or null for the whole model. */
export type RemovalTarget = string | null

interface Going {
  entries: TreeEntry[]
  revisions: Revision[]
  kept: KeptBytes[]
  obstacle: string | null
}

const kept = (path: string, sizeBytes: number, reason: KeptBytes['reason'], usedBy: string[] = []): KeptBytes => ({
  path,
  size_bytes: sizeBytes,
  reason,
  used_by: usedBy,
})

/** Links of what stays that lead into a revision: without it they would lead nowhere. */
function findDependents(layout: RepoLayout, revision: Revision): string[] {
  const inside = `snapshots/${revision.hash}`
  return layout.revisions
    .filter(
      ({ hash, uses }) => hash !== revision.hash && [...uses].some((path) => path === inside || path.startsWith(`${inside}/`)),
    )
    .map(({ hash }) => hash)
}

/** Blobs that only this revision uses, and those that stay, with who uses them. */
export function splitBlobs(layout: RepoLayout, revision: Revision): { only: TreeEntry[]; kept: KeptBytes[] } {
  const others = layout.revisions.filter(({ hash }) => hash !== revision.hash)
  const known = layout.complete && others.every(({ complete, entry }) => complete || entry.kind === 'file')
  const only: TreeEntry[] = []
  const staying: KeptBytes[] = []
  for (const blob of layout.blobs) {
    if (!revision.uses.has(blob.path)) continue
    const users = others.filter(({ uses }) => isUsed(uses, blob.path)).map(({ hash }) => hash)
    if (users.length > 0) staying.push(kept(blob.path, blob.sizeBytes, 'other_revision', users))
    else if (!known) staying.push(kept(blob.path, blob.sizeBytes, 'not_known'))
    else if (blob.kind === 'file' || blob.kind === 'link') only.push(blob)
  }
  return { only, kept: staying }
}

/** Only true folders are entered: what lies behind a linked one is not the model's. */
function findObstacle(layout: RepoLayout, revision: Revision): string | null {
  const linked = ['snapshots', 'blobs', 'refs'].find((path) => layout.byPath.get(path)?.kind === 'link')
  if (linked !== undefined) return `The model's folder "${linked}" is a link to elsewhere, and what is behind it is never touched.`
  if (revision.entry.kind !== 'folder') return `The revision ${revision.hash} is no folder.`
  const dependents = findDependents(layout, revision)
  return dependents.length === 0 ? null : `Files of the revision ${dependents.join(', ')} are links to files of this one.`
}

function goingWithRevision(tree: RepoTree, layout: RepoLayout, revision: Revision): Going {
  const { only, kept: staying } = splitBlobs(layout, revision)
  const { hash } = revision
  const places = tree.entries.filter(
    ({ path, kind }) =>
      (path === `trees/${hash}.json` && kind !== 'folder') ||
      path === `.no_exist/${hash}` ||
      path.startsWith(`.no_exist/${hash}/`) ||
      revision.refs.includes(path),
  )
  return {
    entries: [revision.entry, ...revision.entries, ...only, ...places],
    revisions: [revision],
    kept: staying,
    obstacle: findObstacle(layout, revision),
  }
}

/** Links that lead out of the model's folder: the link goes, what is behind it stays. Those into the shared store are told elsewhere. */
function findOutside({ tree, payloads }: RemovalFacts, going: readonly TreeEntry[]): KeptBytes[] {
  return going
    .filter(
      ({ kind, path, target }) => kind === 'link' && !payloads.has(path) && linkDestination(tree, path, target ?? '') === null,
    )
    .filter(({ path, target }) => !(path.startsWith('blobs/') && target?.startsWith('../../blobs/') === true))
    .map(({ path }) => kept(path, 0, 'outside'))
}

/** What happens to each shared payload that the removed blobs lead to. */
function judgePayloads(
  { tree, payloads, canLock }: RemovalFacts,
  going: readonly TreeEntry[],
): { freed: SharedPayload[]; kept: KeptBytes[] } {
  const links = new Set(going.flatMap(({ path }) => (payloads.has(path) ? [`${tree.folder}/${path}`] : [])))
  const distinct = new Map(
    going.flatMap(({ path }) => [payloads.get(path) ?? []].flat().map((payload) => [payload.key, payload] as const)),
  )
  const freed: SharedPayload[] = []
  const staying: KeptBytes[] = []
  for (const payload of distinct.values()) {
    const path = `blobs/${payload.key}`
    const others = (payload.references ?? []).filter((reference) => !links.has(reference))
    if (payload.references === null) staying.push(kept(path, payload.sizeBytes, 'no_references'))
    else if (others.length > 0) staying.push(kept(path, payload.sizeBytes, 'shared', [...new Set(others.map(toUser))].sort()))
    else if (!canLock) staying.push(kept(path, payload.sizeBytes, 'lock_unknown'))
    else if (payload.nlink > 1) staying.push(kept(path, payload.sizeBytes, 'hard_link'))
    else freed.push(payload)
  }
  return { freed, kept: staying }
}

/** `models--org--name/blobs/x` → `org/name`. */
function toUser(reference: string): string {
  const folder = reference.split('/')[0] ?? ''
  return folder.slice(folder.indexOf('--') + 2).replaceAll('--', '/')
}

/** Which list of the plan an entry belongs to; folders need none. */
function toPlace({
  path,
  kind,
}: TreeEntry): 'files' | 'links' | 'blobs' | 'partials' | 'refs' | 'trees' | 'no_exist' | 'other' | null {
  if (kind === 'folder') return null
  const [place, name = ''] = path.split('/')
  if (place === 'blobs') return isPartial(name) ? 'partials' : 'blobs'
  if (place === 'snapshots') return kind === 'link' ? 'links' : kind === 'file' ? 'files' : 'other'
  if (place === 'refs') return 'refs'
  if (place === 'trees') return 'trees'
  return place === '.no_exist' ? 'no_exist' : 'other'
}

function toLists(
  going: readonly TreeEntry[],
  payloads: RemovalFacts['payloads'],
): Pick<RemovalPlan, 'files' | 'links' | 'blobs' | 'partials' | 'refs' | 'trees' | 'no_exist' | 'other'> {
  const of = (place: ReturnType<typeof toPlace>): TreeEntry[] => going.filter((entry) => toPlace(entry) === place)
  const paths = (place: ReturnType<typeof toPlace>): string[] => of(place).map(({ path }) => path)
  const sized = (place: ReturnType<typeof toPlace>): { path: string; size_bytes: number }[] =>
    of(place).map(({ path, sizeBytes }) => ({ path, size_bytes: payloads.get(path)?.sizeBytes ?? sizeBytes }))
  return {
    files: sized('files'),
    links: paths('links'),
    blobs: sized('blobs'),
    partials: sized('partials'),
    refs: paths('refs'),
    trees: paths('trees'),
    no_exist: paths('no_exist'),
    other: sized('other'),
  }
}

/** Changes with everything in it but the ages of locks. */
function toId(plan: Omit<RemovalPlan, 'id'>): string {
  const locks = plan.locks.map(({ path, state }) => [path, state])
  return createHash('sha256')
    .update(JSON.stringify({ ...plan, locks }))
    .digest('hex')
    .slice(0, 32)
}

/**
 * What a removal does: what goes, what it really frees, what stays and why. Pure; takes any tree and never throws. A revision takes with it
 * what only it used; the last one takes the model (E101). What is no revision of the model is an obstacle.
 */
export function planRemoval(facts: RemovalFacts, target: RemovalTarget): RemovalPlan {
  const { tree, payloads, locks } = facts
  const layout = readLayout(tree)
  const revision = layout.revisions.find(({ hash }) => hash === target)
  const others = layout.revisions.some(({ hash, entry }) => hash !== target && entry.kind !== 'file')
  const whole = target === null || (revision?.entry.kind === 'folder' && !others && layout.complete)
  let going: Going = { entries: [], revisions: [], kept: [], obstacle: null }
  if (tree.kind === 'missing') going.obstacle = 'The model is not there any more.'
  else if (tree.kind === 'link' && target !== null)
    going.obstacle = "The model's folder is a link to elsewhere, and what is behind it is never touched."
  else if (tree.kind === 'link') going.kept = [kept('', 0, 'outside')]
  else if (whole) going = { ...going, entries: tree.entries, revisions: layout.revisions }
  else if (revision === undefined) going.obstacle = `The model has no revision ${target}.`
  else going = goingWithRevision(tree, layout, revision)
  const files = splitByNames(going.entries.filter(({ kind }) => kind === 'file'))
  const shared = judgePayloads(facts, going.entries)
  const freed = addBytes(...files.freed, ...shared.freed)
  const plan: Omit<RemovalPlan, 'id'> = {
    name: tree.name,
    root: tree.root,
    folder: join(tree.root, tree.folder),
    target: tree.kind === 'link' ? 'link' : whole ? 'model' : 'revision',
    revision: target,
    revisions: going.revisions.map(({ hash }) => hash),
    ...toLists(
      going.entries.filter(({ path }) => !path.startsWith(`${ASIDE}/`)),
      payloads,
    ),
    payloads: shared.freed.map(({ key, sizeBytes }) => ({ path: `blobs/${key}`, size_bytes: sizeBytes })),
    bytes_freed: freed.sizeBytes,
    disk_bytes_freed: freed.diskBytes,
    kept: [
      ...going.kept,
      ...files.elsewhere.map(({ path, sizeBytes }) => kept(path, sizeBytes, 'hard_link')),
      ...shared.kept,
      ...findOutside(facts, going.entries),
    ],
    locks: locks.map(({ path, ageMs, state }) => ({ path, age_seconds: Math.round(ageMs / 1000), state })),
    obstacle: going.obstacle,
  }
  return { id: toId(plan), ...plan }
}
