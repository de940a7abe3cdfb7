import { createHash } from 'node:crypto'
import type { RepairAction, RepairFetch, RepairPlan } from '../../../shared/contract'
import type { LeftOver, RepairFacts } from './types'

/** Gathers the steps of one plan; each thing is planned once. */
export interface Draft {
  removals: Map<string, RepairAction>
  blobs: Map<string, RepairAction>
  links: Map<string, RepairAction>
  ref: RepairAction | null
  fetch: Map<string, RepairFetch>
  needsListing: boolean
  left: LeftOver[]
}

export function emptyDraft(): Draft {
  return { removals: new Map(), blobs: new Map(), links: new Map(), ref: null, fetch: new Map(), needsListing: false, left: [] }
}

/** The plan that a draft has become. */
export function finish(facts: RepairFacts, revision: string | null, draft: Draft): RepairPlan {
  // Links before their blobs, so that a stop in between leaves no link to nothing; the ref last, when what it names is as good as it gets.
  const actions = [
    ...draft.removals.values(),
    ...draft.blobs.values(),
    ...draft.links.values(),
    ...(draft.ref === null ? [] : [draft.ref]),
  ]
  const fetch = [...draft.fetch.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  const { repo } = facts
  const content = {
    name: repo.name,
    folder: repo.path,
    revision,
    actions,
    fetch,
    needs_listing: draft.needsListing,
    left: draft.left,
  }
  return { id: createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16), ...content }
}
