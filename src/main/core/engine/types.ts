import type { EngineMemory, EngineStatus, InstallProgress, LoadedModel } from '../../../shared/contract'
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
  /** Tokens of a conversation at most: the model's own, unless this machine's memory or the settings allow less. */
  contextLength: number
  /** Tells the pool of a request and of every sign of life in it, so that a hang is noticed. `openEngineStream` does that. */
  watch?: () => { beat: () => void; end: () => void }
  /** Rejects (AppError engine_crashed) as soon as the engine's process ends. Never resolves. */
  died: Promise<never>
  release: () => void
}

export interface AcquireOptions {
  signal: AbortSignal
  /** Hears at once, and when the state or the progress is another. */
  onState?: (state: LoadedModel) => void
  /** How long the model stays without use from now on: milliseconds, null = for ever, 0 = not at all. Absent: as it was. */
  keepAliveMs?: number | null | undefined
  /** A pinned model is neither unloaded when idle nor to make room. Absent: as it was. */
  pinned?: boolean | undefined
}

export interface EnginePool {
  /**
   * Waits until the model is loaded (loading it if need be; concurrent calls share one load) and has room for one more answer. First come,
   * first served. Aborting ends the wait, not the load. Other models may be unloaded to make room: the least recently used first, never
   * in the middle of an answer, pinned ones never.
   * @throws AppError engine_missing, engine_load_failed, engine_crashed (given up after repeated crashes), custom_code_refused,
   * insufficient_memory (data: need_bytes, limit_bytes), memory_busy (data: because, the same), server_shutdown, cancelled
   */
  acquire: (model: ResolvedModel, options: AcquireOptions) => Promise<EngineLease>
  /** Loads without asking anything. @throws AppError as `acquire` */
  load: (model: ResolvedModel, options: AcquireOptions) => Promise<void>
  /** @throws AppError model_not_found when it is not loaded */
  pin: (name: string, pinned: boolean) => void
  /** The memory for engines on this machine, and what is set aside. */
  memory: () => Promise<EngineMemory>
  list: () => LoadedModel[]
  /**
   * Ends the model's process; who waits for it gets `cancelled`. Answers that are being made get `drainMs` (half a minute) to come to their
   * end. No error when it is not loaded.
   */
  unload: (name: string, options?: { drainMs?: number }) => Promise<void>
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
  delta?: { role?: string; content?: string; reasoning?: string; tool_calls?: EngineToolCall[] }
  /** Raw completions. */
  text?: string
  /** The tokens since the chunk before; only of our launcher, and only when asked for. */
  logprobs?: { content: EngineToken[] }
}

export interface EngineToolCall {
  id?: string
  function: { name: string; arguments: string }
}

export interface EngineTokenAlternative {
  bytes: number[]
  logprob: number
}

export interface EngineToken extends EngineTokenAlternative {
  /** What the detokenizer gave for it: empty until a character is whole. */
  text: string
  /** Best first. */
  top: EngineTokenAlternative[]
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
