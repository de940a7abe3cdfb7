import { statfsSync } from 'node:fs'
import type { ModelUsage, RevisionUsage, StorageUsage } from '../../../shared/contract'
import { isWeightPath } from '../health'
import { addBytes, distinctBytes, splitByNames, type Bytes } from './count'
import { isPartial, type RepoLayout, type Revision } from './layout'
import { planRemoval } from './plan-removal'
import { listPayloads } from './shared-store'
import type { SurveyedRepo, SurveyedRoot } from './survey'
import type { RemovalFacts, TreeEntry } from './types'

type Kinds = ModelUsage['kinds']

/** The files behind entries, each once: payloads of the shared store by their place in it, the rest by device and inode. */
function sizeOf({ payloads }: Pick<RemovalFacts, 'payloads'>, entries: readonly TreeEntry[]): Bytes {
  const shared = new Map(
    entries.flatMap(({ path }) => [payloads.get(path) ?? []].flat().map((payload) => [payload.key, payload] as const)),
  )
  return addBytes(distinctBytes(entries.filter(({ kind }) => kind === 'file')), ...shared.values())
}

/** Regular files of a revision and the blobs that its links lead to. */
function contentOf({ byPath }: RepoLayout, { entries, uses }: Revision): TreeEntry[] {
  const blobs = [...uses].flatMap((path) => byPath.get(path) ?? [])
  return [...entries.filter(({ kind }) => kind === 'file'), ...blobs]
}

/** Weights by the name under which a revision has them; what no revision has is an orphan. */
function toKinds({ facts, layout }: Pick<SurveyedRepo, 'facts' | 'layout'>): Kinds {
  const weights = new Set<string>()
  const used = new Set<string>()
  for (const { entries, uses } of layout.revisions) {
    for (const path of uses) used.add(path)
    for (const { path, kind, target } of entries) {
      if (!isWeightPath(path)) continue
      if (kind === 'file') weights.add(path)
      const name = target?.split('/').pop()
      if (name !== undefined) weights.add(`blobs/${name}`)
    }
  }
  const groups: Record<keyof Kinds, TreeEntry[]> = { weights: [], other: [], partials: [], orphans: [] }
  const seen = new Set<string>()
  for (const entry of facts.tree.entries) {
    const { path, kind } = entry
    if (kind === 'folder' || (kind === 'link' && !facts.payloads.has(path))) continue
    const identity = facts.payloads.get(path)?.key ?? `${entry.dev}:${entry.ino}`
    if (seen.has(identity)) continue
    seen.add(identity)
    const isBlob = path.startsWith('blobs/')
    if (isBlob && isPartial(path)) groups.partials.push(entry)
    else if (isBlob && !used.has(path)) groups.orphans.push(entry)
    else groups[weights.has(path) ? 'weights' : 'other'].push(entry)
  }
  const bytes = (entries: TreeEntry[]): number => sizeOf(facts, entries).sizeBytes
  return {
    weights: bytes(groups.weights),
    other: bytes(groups.other),
    partials: bytes(groups.partials),
    orphans: bytes(groups.orphans),
  }
}

function toRevision({ facts, layout, verdict }: SurveyedRepo, revision: Revision): RevisionUsage {
  const { hash, refs, entries } = revision
  return {
    hash,
    refs: refs.map((path) => path.slice('refs/'.length)).sort(),
    chosen: hash === verdict.chosen,
    files: entries.filter(({ kind }) => kind === 'file' || kind === 'link').length,
    size_bytes: sizeOf(facts, contentOf(layout, revision)).sizeBytes,
    removable_bytes: planRemoval(facts, hash).bytes_freed,
  }
}

/** Payloads that another model uses too, and files with names elsewhere. */
function sharedBytes({ tree, payloads }: RemovalFacts): Bytes {
  const used = [...payloads.values()].filter(
    ({ references }) => references?.some((link) => !link.startsWith(`${tree.folder}/`)) ?? false,
  )
  const distinct = new Map(used.map((payload) => [payload.key, payload]))
  return addBytes(...distinct.values(), ...splitByNames(tree.entries.filter(({ kind }) => kind === 'file')).elsewhere)
}

function problemOf({ facts: { tree }, repo }: SurveyedRepo): string | null {
  if (tree.kind === 'link') return 'Its folder is a link: what is behind it is not counted.'
  if (tree.kind === 'missing') return repo.problem ?? 'It is not there any more.'
  return tree.complete ? repo.problem : 'Not everything in it could be listed.'
}

function toModel(surveyed: SurveyedRepo): ModelUsage {
  const { facts, layout, waste, repo } = surveyed
  const size = sizeOf(facts, facts.tree.entries)
  return {
    name: repo.name,
    root: repo.root.path,
    size_bytes: size.sizeBytes,
    disk_bytes: size.diskBytes,
    shared_bytes: sharedBytes(facts).sizeBytes,
    removable_bytes: planRemoval(facts, null).bytes_freed,
    reclaimable_bytes: addBytes(...waste.items.map(({ bytes }) => bytes)).sizeBytes,
    kinds: toKinds(surveyed),
    revisions: layout.revisions.filter(({ entry }) => entry.kind === 'folder').map((revision) => toRevision(surveyed, revision)),
    problem: problemOf(surveyed),
  }
}

interface Volume {
  free_bytes: number | null
  volume_bytes: number | null
}

function volumeOf(path: string): Volume {
  const unknown = { free_bytes: null, volume_bytes: null }
  try {
    // Not in every runtime that this is tested on.
    if (typeof statfsSync !== 'function') return unknown
    const { bavail, blocks, bsize } = statfsSync(path)
    return { free_bytes: bavail * bsize, volume_bytes: blocks * bsize }
  } catch {
    return unknown
  }
}

/** All files of a root, each once: of its models, of the store, of what killed runs left. */
function rootBytes({ state, repos, unfinished }: SurveyedRoot): Bytes {
  const files = repos.flatMap(({ facts }) => facts.tree.entries.filter(({ kind }) => kind === 'file'))
  const left = unfinished
    .filter(({ path }) => !path.startsWith('models--'))
    .map(({ bytes_freed: sizeBytes, disk_bytes_freed: diskBytes }) => ({ sizeBytes, diskBytes }))
  return addBytes(distinctBytes(files), ...listPayloads(state.path), ...left)
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

/** The largest first. */
const bySize = (a: ModelUsage, b: ModelUsage): number => b.size_bytes - a.size_bytes || (a.name < b.name ? -1 : 1)

/** What models take, by model, revision and kind; the largest first. */
export function toUsage(roots: readonly SurveyedRoot[], reclaimable: number): StorageUsage {
  const models = roots.flatMap(({ repos }) => repos.map(toModel)).sort(bySize)
  const perRoot = roots.map((root) => ({ root, bytes: rootBytes(root) }))
  const total = addBytes(...perRoot.map(({ bytes }) => bytes))
  const kind = (name: keyof Kinds): number => sum(models.map(({ kinds }) => kinds[name]))
  return {
    models,
    roots: perRoot.map(({ root: { state }, bytes }) => ({
      root: state,
      size_bytes: bytes.sizeBytes,
      disk_bytes: bytes.diskBytes,
      ...volumeOf(state.path),
    })),
    total: {
      size_bytes: total.sizeBytes,
      disk_bytes: total.diskBytes,
      shared_bytes: sum(models.map(({ shared_bytes: shared }) => shared)),
      reclaimable_bytes: reclaimable,
      kinds: { weights: kind('weights'), other: kind('other'), partials: kind('partials'), orphans: kind('orphans') },
    },
  }
}
