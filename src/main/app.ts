import type { AppContract, AppInfo, AppState, Handlers, OwnerKind, ServerStatus } from '../shared/contract'
import type { EngineEnvironment, EnginePool } from './core/engine/types'
import type { Generator } from './core/generation/types'
import type { ModelCatalog } from './core/models/types'
import type { SettingsStore } from './core/settings/types'
import type { DataPaths, Env, Layout, Platform } from './core/system'

export interface AppOptions {
  env: Env
  platform: Platform
  layout: Layout
  kind: OwnerKind
  /** Scan in a worker thread (app, daemon, serve) or in this thread (one-shot commands). */
  scanInWorker: boolean
}

/** Core services without ownership or listeners: what one-shot commands such as `list` and `run` need. */
export interface Core {
  paths: DataPaths
  settings: SettingsStore
  catalog: ModelCatalog
  environment: EngineEnvironment
  pool: EnginePool
  generator: Generator
  close: () => Promise<void>
}

/** The owner's services. Exists only while this process holds the data folder. */
export interface App extends Core {
  info: AppInfo
  handlers: Handlers<AppContract>
  state: { current: () => AppState; subscribe: (listener: (state: AppState) => void) => () => void }
  /** Starts the OpenAI API. @throws AppError port_in_use (data: port, pid, process), listen_failed */
  startApi: (options: { host?: string; port?: number; maxTokens?: number | null }) => Promise<ServerStatus>
  stopApi: () => Promise<void>
  /** `http://127.0.0.1:PORT` of the control listener. */
  controlUrl: string
}
