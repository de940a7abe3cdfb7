import type { KeptBytes, ModelDetail, PrunePlan, RemovalPlan } from '../../../shared/contract'
import type { PlannedTarget, Target } from './store'

/** How a target is called on the wire. */
export function specOf({ name, revision }: Target): string {
  return revision === null ? name : `${name}@${revision}`
}

/** True when everything of `now` was in the plan that was shown. */
export function isSubset(now: PrunePlan, shown: PrunePlan): boolean {
  const keyOf = ({ category, root, path }: PrunePlan['items'][number]): string => `${category} ${root} ${path}`
  const known = new Set(shown.items.map(keyOf))
  return now.items.every((item) => known.has(keyOf(item)))
}

/** What acting on these plans frees, before anything is done. */
export function bytesOf(planned: readonly PlannedTarget[], prune: PrunePlan | null): number {
  const ofModels = planned.reduce((sum, { plan }) => sum + (plan === null || plan.obstacle !== null ? 0 : plan.bytes_freed), 0)
  return ofModels + (prune?.bytes_freed ?? 0)
}

const sum = (of: readonly { size_bytes: number }[]): number => of.reduce((total, { size_bytes: size }) => total + size, 0)

export interface PlanRow {
  kind: 'current' | 'old' | 'partials' | 'others'
  /** Hash of a revision. */
  hash: string | null
  refs: readonly string[]
  files: number
  bytes: number
}

/** Files that stay, by reason. */
export interface KeptRow {
  reason: KeptBytes['reason']
  count: number
  bytes: number
  usedBy: string[]
}

export interface Arithmetic {
  rows: PlanRow[]
  kept: KeptRow[]
  /** Sum of the rows. */
  together: number
  /** Counted more than once in it. */
  once: number
  stays: number
  freed: number
}

function keptRows(kept: readonly KeptBytes[]): KeptRow[] {
  const byReason = new Map<KeptBytes['reason'], KeptBytes[]>()
  for (const entry of kept) byReason.set(entry.reason, [...(byReason.get(entry.reason) ?? []), entry])
  return [...byReason].map(([reason, entries]) => ({
    reason,
    count: entries.length,
    bytes: sum(entries),
    usedBy: [...new Set(entries.flatMap(({ used_by: users }) => users))],
  }))
}

/**
 * What goes of a model, revision by revision, and sums that add up: the rows, less what several of them share, less what stays, is what is
 * freed. Without a detail there are no revisions to show, and what goes is one row.
 */
export function explain(plan: RemovalPlan, detail: ModelDetail | null): Arithmetic {
  const known = (detail?.revisions ?? []).filter(({ hash }) => plan.revisions.includes(hash))
  const revisions = known.map(({ hash, refs, chosen, files, size_bytes: bytes }): PlanRow => ({
    kind: chosen && plan.target !== 'revision' ? 'current' : 'old',
    hash,
    refs,
    files,
    bytes,
  }))
  const partials = sum(plan.partials)
  const kept = keptRows(plan.kept)
  const stays = kept.reduce((total, { bytes }) => total + bytes, 0)
  const rows = [...revisions].sort((a, b) => Number(b.kind === 'current') - Number(a.kind === 'current') || b.bytes - a.bytes)
  if (plan.partials.length > 0) rows.push({ kind: 'partials', hash: null, refs: [], files: plan.partials.length, bytes: partials })
  const together = rows.reduce((total, { bytes }) => total + bytes, 0)
  const rest = plan.bytes_freed + stays - together
  if (rest > 0) {
    // Of no revision: blobs that nothing points to, files that somebody put there.
    rows.push({ kind: 'others', hash: null, refs: [], files: plan.other.length, bytes: rest })
    return { rows, kept, together: together + rest, once: 0, stays, freed: plan.bytes_freed }
  }
  return { rows, kept, together, once: -rest, stays, freed: plan.bytes_freed }
}
