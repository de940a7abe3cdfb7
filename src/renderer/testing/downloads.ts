import type { Download } from '../../shared/contract'

/** A download with its model's name as its id, for tests. */
export function aDownload(model: string, more: Partial<Download> = {}): Download {
  return {
    id: model,
    model,
    revision: null,
    state: 'queued',
    commit: null,
    total_bytes: null,
    done_bytes: 0,
    fetched_bytes: 0,
    bytes_per_second: 0,
    eta_seconds: null,
    connections: 0,
    note: null,
    error: null,
    health: null,
    reason: null,
    snapshot_path: null,
    reused_bytes: 0,
    elapsed_seconds: 0,
    created_at: '2026-11-01T10:00:00Z',
    ended_at: null,
    ...more,
  }
}
