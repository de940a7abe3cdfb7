export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** What `settings.json` may hold; every key has a default. Unknown keys of the file are kept. */
export interface Settings {
  version: 1
  engine: {
    /** Absolute path of the user's own interpreter, null = managed. */
    python: string | null
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
  log: { level: LogLevel }
}

export interface SettingsStore {
  read: () => Settings
  /** Merges, validates, writes (temp, fsync, rename). @throws AppError invalid_setting, permission_denied, disk_full */
  update: (change: (current: Settings) => Settings) => Promise<Settings>
  subscribe: (listener: (settings: Settings) => void) => () => void
}
