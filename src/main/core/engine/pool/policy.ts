import type { Settings } from '../../settings/types'

/** What the user may decide of the pool; read anew before every load. */
export interface PoolPolicy {
  /** Models in memory together at most; null = as many as fit. */
  maxModels: number | null
  /** Bytes that engines may take together; null = what the machine allows. */
  memoryLimitBytes: number | null
  /** Milliseconds without use until a model is unloaded; null = never. */
  keepAliveMs: number | null
  safeMemory: 'auto' | 'on' | 'off'
  /** Answers of one model together at most; null = as many as fit. */
  concurrency: number | null
  /** Tokens of a conversation at most; null = the model's own. */
  contextLimit: number | null
}

export const defaultPolicy: PoolPolicy = {
  maxModels: null,
  memoryLimitBytes: null,
  keepAliveMs: 15 * 60_000,
  safeMemory: 'auto',
  concurrency: null,
  contextLimit: null,
}

export function toPoolPolicy({ engine }: Pick<Settings, 'engine'>): PoolPolicy {
  return {
    maxModels: engine.max_models,
    memoryLimitBytes: engine.memory_limit_gb === null ? null : Math.floor(engine.memory_limit_gb * 1e9),
    keepAliveMs: engine.keep_alive_minutes === null ? null : engine.keep_alive_minutes * 60_000,
    safeMemory: engine.safe_memory,
    concurrency: engine.concurrency,
    contextLimit: engine.context_limit,
  }
}
