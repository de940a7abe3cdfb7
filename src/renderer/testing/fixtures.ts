import type { EngineStatus, Job, LoadedModel, ModelSummary } from '../../shared/contract'

/** Values for tests, whole and plain; a test changes what it is about. */
export function aModel(name: string, more: Partial<ModelSummary> = {}): ModelSummary {
  return {
    name,
    hash: 'a'.repeat(40),
    size_bytes: 1_000_000_000,
    last_modified: '2026-11-01T10:00:00Z',
    framework: 'MLX',
    model_type: 'chat',
    capabilities: ['text-generation', 'chat'],
    health: 'healthy',
    runtime_compatible: true,
    reason: null,
    cached: true,
    origin: null,
    content_hash: null,
    hash_modified: null,
    clean: null,
    quantization: { bits: 4, group_size: 64, mode: 'affine', mixed: false },
    context: { tokens: 32_768, source: 'config' },
    architecture: 'llama',
    dtype: 'bfloat16',
    parameters: 1_000_000_000,
    memory: { weights_bytes: 1_000_000_000, kv_bytes_per_1k_tokens: null, kv_fixed_bytes: null },
    license: null,
    base_models: [],
    findings: [],
    root: { path: '/hub', kind: 'primary' },
    ...more,
  }
}

export function aLoadedModel(name: string, more: Partial<LoadedModel> = {}): LoadedModel {
  return {
    name,
    hash: null,
    state: 'ready',
    progress: null,
    memory_bytes: 2 ** 30,
    need_bytes: null,
    concurrency: null,
    in_flight: 0,
    queued: 0,
    pinned: false,
    keep_alive_s: 900,
    expires_at: null,
    pid: 4711,
    context_length: 4096,
    loaded_at: null,
    last_used_at: null,
    error: null,
    ...more,
  }
}

export function anEngine(state: EngineStatus['state'], more: Partial<EngineStatus> = {}): EngineStatus {
  return {
    state,
    source: 'managed',
    python: null,
    versions: null,
    lock: null,
    update_available: false,
    previous: null,
    reason: null,
    hint: null,
    ...more,
  }
}

export function anInstall(state: Job['state'], more: Partial<Job> = {}): Job {
  return {
    id: 'job-1',
    kind: 'engine.install',
    state,
    progress: null,
    started_at: '2026-11-01T10:00:00Z',
    ended_at: null,
    error: null,
    ...more,
  }
}
