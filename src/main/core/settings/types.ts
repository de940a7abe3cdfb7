export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** What `settings.json` may hold; every key has a default. Unknown keys of the file are kept. */
export interface Settings {
  version: 1
  engine: {
    /** Absolute path of the user's own interpreter, null = managed. */
    python: string | null
    /** Models in memory together at most; null = as many as fit. */
    max_models: number | null
    /** GB (10^9 bytes) that engines may take together; null = what the machine allows. */
    memory_limit_gb: number | null
    /** Minutes without use until a model is unloaded; null = never, 0 = after each answer. */
    keep_alive_minutes: number | null
    /** Careful with the machine's memory: nothing wired, small caches, few answers together. `auto`: where Macs are known to panic. */
    safe_memory: 'auto' | 'on' | 'off'
    /** Answers of one model that are computed together at most; null = as many as fit, up to 32. */
    concurrency: number | null
    /** Tokens of a conversation at most, also for models that could do more; null = what the model can do. */
    context_limit: number | null
  }
  demo: { enabled: boolean }
  server: {
    host: string
    port: number
    max_tokens: number | null
    /** Keys also for programs on this machine. */
    require_key: boolean
    allowed_hosts: string[]
    allowed_origins: string[]
  }
  cache: {
    /** More cache roots, read-only. */
    extra_roots: string[]
  }
  downloads: {
    /** Requests at a time. */
    connections: number
    /** MB (10^6 bytes); null = as fast as it goes. */
    limit_mb_per_s: number | null
  }
  appearance: {
    /** `system`: as the system has it. */
    theme: 'system' | 'light' | 'dark'
    /** Of the window. */
    language: 'system' | 'en' | 'de'
  }
  log: { level: LogLevel }
}

export interface SettingsStore {
  read: () => Settings
  /** Merges, validates, writes (temp, fsync, rename). @throws AppError invalid_setting, permission_denied, disk_full */
  update: (change: (current: Settings) => Settings) => Promise<Settings>
  subscribe: (listener: (settings: Settings) => void) => () => void
}
