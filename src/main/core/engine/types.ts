import type { EngineStatus, InstallProgress, LoadedModel } from '../../../shared/contract'
import type { ResolvedModel } from '../models/types'

/** The Python interpreter that has mlx_lm. */
export interface EngineEnvironment {
  /** Cheap (no import of mlx): reads versions from package metadata, remembered until the interpreter changes. */
  status: () => Promise<EngineStatus>
  /** Absolute path of a working interpreter. @throws AppError engine_missing, with the exact command that mends it as hint */
  python: () => Promise<string>
  /**
   * Makes the managed environment, or mends a broken one; returns at once when it is ready. Yields progress, returns the new status.
   * Aborting leaves nothing half-active. @throws AppError engine_missing (no Python to build with), engine_install_failed, disk_full,
   * cancelled
   */
  install: (signal: AbortSignal) => AsyncGenerator<InstallProgress, EngineStatus>
  /** Moves to the packages of this version of MLX Knife; what was in use is kept. Returns at once when there is nothing newer. @throws as `install` */
  update: (signal: AbortSignal) => AsyncGenerator<InstallProgress, EngineStatus>
  /** Goes back to the environment before the present one, which is kept. @throws AppError engine_install_failed (there is none), cancelled */
  rollback: (signal: AbortSignal) => AsyncGenerator<InstallProgress, EngineStatus>
  /** Removes the managed environments. @throws AppError busy (a model is loaded), cancelled */
  remove: (signal: AbortSignal) => AsyncGenerator<InstallProgress, EngineStatus>
}

/** The right to send requests to one loaded model until `release`. */
export interface EngineLease {
  /** `http://127.0.0.1:PORT` of the engine itself. */
  url: string
  /** Value of the `X-Engine-Token` header. */
  token: string
  model: ResolvedModel
  contextLength: number
  /** Rejects (AppError engine_crashed) as soon as the engine's process ends. Never resolves. */
  died: Promise<never>
  release: () => void
}

export interface EnginePool {
  /**
   * Waits until the model is loaded (loading it if need be; concurrent calls share one load). Aborting ends the wait, not the load.
   * @throws AppError engine_missing, engine_load_failed, engine_crashed (given up after repeated crashes), custom_code_refused,
   * server_shutdown, cancelled
   */
  acquire: (model: ResolvedModel, options: { signal: AbortSignal; onState?: (state: LoadedModel) => void }) => Promise<EngineLease>
  list: () => LoadedModel[]
  /** Ends the model's process. No error when it is not loaded. */
  unload: (name: string) => Promise<void>
  /** Last lines that the engine of this model printed, newest last; survives its crash. */
  log: (name: string) => string[]
  /** Calls back after every change of `list()`. Returns the unsubscriber. */
  subscribe: (listener: () => void) => () => void
  /** Ends all engines: SIGTERM, then SIGKILL after 2 s. */
  close: () => Promise<void>
}

/** One chunk as mlx_lm sends it. Facts of the dialect: reference of `openEngineStream`. */
export interface EngineChunk {
  choices: EngineChoice[]
  /** Until now; of mlx_lm without our patch only in a last chunk of its own, which has no choices. */
  usage?: EngineUsage
}

export interface EngineChoice {
  finish_reason: string | null
  /** Chat; every delta repeats `role`. `tool_calls` come whole, one per call. */
  delta?: { role?: string; content?: string; reasoning?: string; tool_calls?: unknown[] }
  /** Raw completions. */
  text?: string
}

/** `completion_tokens` counts the end-of-sequence token. */
export interface EngineUsage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details?: { cached_tokens?: number }
}

export type EngineStreamEvent =
  /** The prompt is being read: tokens done of those that were not in the prompt cache. */
  { type: 'progress'; done: number; total: number } | { type: 'chunk'; chunk: EngineChunk }

export type EnginePath = '/v1/chat/completions' | '/v1/completions'
