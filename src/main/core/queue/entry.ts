import type { Download, DownloadLimits } from '../../../shared/contract'
import type { PullRequest, TransferProgress } from '../downloads'

/** A download as it is kept on the disk. */
export interface Entry {
  id: string
  request: PullRequest
  replaceDamaged: boolean
  limits: DownloadLimits | null
  /** What it shall be: whatever runs or waits is `queued` for a new process. */
  state: Download['state']
  commit: string | null
  totalBytes: number | null
  doneBytes: number
  error: Download['error']
  health: Download['health']
  reason: string | null
  snapshotPath: string | null
  reusedBytes: number
  elapsedMs: number
  createdAt: string
  endedAt: string | null
}

/** What is only known while it runs. */
export interface Running {
  progress: TransferProgress | null
  note: string | null
}

const ENDED: readonly Download['state'][] = ['done', 'failed', 'cancelled']

export const hasEnded = ({ state }: Pick<Entry, 'state'>): boolean => ENDED.includes(state)

export function toDownload(entry: Entry, { progress, note }: Running): Download {
  const { request, state } = entry
  return {
    id: entry.id,
    model: request.repo,
    revision: request.revision,
    state,
    commit: entry.commit,
    total_bytes: entry.totalBytes,
    done_bytes: entry.doneBytes,
    fetched_bytes: progress?.fetchedBytes ?? 0,
    bytes_per_second: state === 'downloading' ? Math.round(progress?.bytesPerSecond ?? 0) : 0,
    eta_seconds: state === 'downloading' && progress?.etaSeconds != null ? Math.round(progress.etaSeconds) : null,
    connections: state === 'downloading' ? (progress?.connections ?? 0) : 0,
    note: progress?.note ?? note,
    error: entry.error,
    health: entry.health,
    reason: entry.reason,
    snapshot_path: entry.snapshotPath,
    reused_bytes: entry.reusedBytes,
    elapsed_seconds: Math.round(entry.elapsedMs / 1000),
    created_at: entry.createdAt,
    ended_at: entry.endedAt,
  }
}

/** True when both mean the same bytes. */
export function isSameRequest(a: PullRequest, b: PullRequest): boolean {
  const key = ({ repo, revision, include, exclude, all }: PullRequest): string =>
    JSON.stringify([repo.toLowerCase(), revision ?? 'main', [...include].sort(), [...exclude].sort(), all])
  return key(a) === key(b)
}

/** Ended ones are remembered for a while only. */
const KEPT_ENDED = 100

/** In the order in which they run, then ended ones, newest first. */
export function inOrder(entries: readonly Entry[]): Entry[] {
  const ended = entries.filter(hasEnded).sort((a, b) => (b.endedAt ?? '').localeCompare(a.endedAt ?? ''))
  return [...entries.filter((entry) => !hasEnded(entry)), ...ended.slice(0, KEPT_ENDED)]
}

/** Puts one at a place among those that have not ended. */
export function moveEntry(entries: readonly Entry[], id: string, to: number): Entry[] {
  const entry = entries.find((each) => each.id === id)
  if (entry === undefined) return [...entries]
  const others = entries.filter((each) => each !== entry)
  const open = others.filter((each) => !hasEnded(each)).length
  const at = Math.min(to, open)
  return [...others.slice(0, at), entry, ...others.slice(at)]
}
