import type { AppState, EngineStatus, Job, LoadedModel, ModelSummary, ServerStatus } from '../../shared/contract'

/** States for the shell's tests, as the owner would send them. */
export function aLoaded(changes: Partial<LoadedModel> = {}): LoadedModel {
  return {
    name: 'org/Small-4bit',
    hash: null,
    state: 'ready',
    progress: null,
    memory_bytes: null,
    need_bytes: null,
    concurrency: null,
    in_flight: 0,
    queued: 0,
    pinned: false,
    keep_alive_s: 900,
    expires_at: null,
    pid: 1,
    context_length: 4096,
    loaded_at: null,
    last_used_at: null,
    error: null,
    ...changes,
  }
}

export function aJob(changes: Partial<Job> = {}): Job {
  const started_at = '2026-01-01T00:00:00Z'
  return { id: 'j', kind: 'engine.install', state: 'running', progress: null, started_at, ended_at: null, error: null, ...changes }
}

export function aModel(changes: Partial<ModelSummary> = {}): ModelSummary {
  return {
    name: 'org/Small-4bit',
    hash: null,
    size_bytes: 1,
    last_modified: '2026-01-01T00:00:00Z',
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
    quantization: null,
    context: { tokens: 4096, source: 'config' },
    architecture: 'llama',
    dtype: null,
    parameters: 1_000_000_000,
    memory: { weights_bytes: 1_000_000_000, kv_bytes_per_1k_tokens: null, kv_fixed_bytes: null },
    license: null,
    base_models: [],
    findings: [],
    root: { path: '/cache', kind: 'primary' },
    ...changes,
  }
}

interface StateChanges {
  server?: ServerStatus['state']
  reason?: string
  engine?: EngineStatus['state']
  loaded?: LoadedModel[]
  jobs?: Job[]
}

export function aState({ server = 'ready', reason, engine = 'ready', loaded = [], jobs = [] }: StateChanges = {}): AppState {
  const error = reason === undefined ? null : { code: 'listen_failed', message: reason }
  return {
    app: {
      instance_id: 'i',
      version: '0.0.0',
      contract: 1,
      kind: 'app',
      pid: 1,
      started_at: '2026-01-01T00:00:00Z',
      platform: 'linux',
    },
    server: { state: server, url: 'http://127.0.0.1:11811', port: 11811, hosts: ['127.0.0.1'], in_flight: 0, error },
    engine: {
      state: engine,
      source: 'managed',
      python: null,
      versions: null,
      lock: null,
      update_available: false,
      previous: null,
      reason: null,
      hint: null,
    },
    loaded,
    jobs,
    downloads: [],
    demo: { enabled: false, models: [] },
    models: { revision: 1 },
    appearance: { theme: 'system', language: 'system' },
    chats: { revision: 1 },
  }
}
