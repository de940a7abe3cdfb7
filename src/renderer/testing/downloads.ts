import type { Download, Fit, HubModel, PullPreview } from '../../shared/contract'

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

/** A model of the Hub, for tests. */
export function aHubModel(name: string, more: Partial<HubModel> = {}): HubModel {
  return {
    name,
    hash: 'a'.repeat(40),
    downloads: 48_100,
    likes: 61,
    last_modified: '2026-11-01T10:00:00Z',
    gated: null,
    private: false,
    task: 'text-generation',
    license: 'mit',
    base_models: [],
    size_bytes: 300,
    framework: 'MLX',
    model_type: 'chat',
    architecture: 'llama',
    quantization: { bits: 4, group_size: 64, mode: 'affine', mixed: false },
    parameters: 1_000_000_000,
    context: { tokens: 32_768, source: 'config' },
    fit: aFit,
    cached: false,
    ...more,
  }
}

const aFit: Fit = { verdict: 'runs', reason: null, context_tokens: 32_768, needed_bytes: 2 ** 30, limit_bytes: 2 ** 33 }

/** What fetching a model would mean, for tests. */
export function aPreview(model: string, more: Partial<PullPreview> = {}): PullPreview {
  return {
    model,
    download_status: 'planned',
    message: '',
    expanded_name: null,
    revision: 'main',
    commit: 'a'.repeat(40),
    files: [],
    skipped: [],
    total_bytes: 300,
    fetch_bytes: 300,
    free_bytes: 1e12,
    fits_disk: true,
    gated: null,
    fit: aFit,
    ...more,
  }
}
