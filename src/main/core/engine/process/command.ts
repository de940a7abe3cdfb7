import { join } from 'node:path'
import type { Env } from '../../system'

/** Caps that mlx_lm does not have by itself: see core/engine/memory. */
export interface EngineLimits {
  /** Answers computed together. */
  decodeConcurrency: number
  /** Prompts read together. */
  promptConcurrency: number
  promptCacheEntries: number
  promptCacheBytes: number
}

/** Arguments of the interpreter. `-I`: neither the user's site-packages nor PYTHON* variables reach the engine. */
export function engineArguments(resources: string, modelPath: string, limits: EngineLimits): string[] {
  const options = {
    '--model': modelPath,
    '--host': '127.0.0.1',
    '--port': '0',
    '--allowed-origins': 'none',
    '--log-level': 'WARNING',
    '--max-tokens': '4096',
    '--decode-concurrency': String(limits.decodeConcurrency),
    '--prompt-concurrency': String(limits.promptConcurrency),
    '--prompt-cache-size': String(limits.promptCacheEntries),
    '--prompt-cache-bytes': String(limits.promptCacheBytes),
  }
  return ['-I', '-u', join(resources, 'engine', 'launcher.py'), ...Object.entries(options).flat()]
}

export interface EngineSettings {
  token: string
  contextLength: number
  /** Memory is never wired. */
  safeMemory: boolean
  /** Memory that mlx may keep after it was freed. */
  freedBytes: number
}

/** `MLXK_ENGINE_WITHOUT`: patches of the launcher that a user wants left out, when one does harm with an mlx_lm of their own. */
const inherited = /^(HOME|PATH|TMPDIR|LANG|LC_[A-Z]+|USER|LOGNAME|TZ|MLXK_ENGINE_WITHOUT)$/

/**
 * The whole environment of an engine. A white list, because Python, MLX (ranks, hostfiles), and the loader all obey variables that
 * would change what runs.
 */
export function engineEnvironment(env: Env, settings: EngineSettings): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) if (value !== undefined && inherited.test(name)) result[name] = value
  return {
    ...result,
    PYTHONNOUSERSITE: '1',
    PYTHONUNBUFFERED: '1',
    HF_HUB_OFFLINE: '1',
    HF_HUB_DISABLE_TELEMETRY: '1',
    HF_HUB_DISABLE_PROGRESS_BARS: '1',
    TRANSFORMERS_OFFLINE: '1',
    TRANSFORMERS_NO_ADVISORY_WARNINGS: '1',
    TOKENIZERS_PARALLELISM: 'false',
    MLXK_ENGINE_TOKEN: settings.token,
    MLXK_ENGINE_CONTEXT: String(settings.contextLength),
    MLXK_ENGINE_STATS_S: '5',
    MLXK_ENGINE_SAFE_MEMORY: settings.safeMemory ? '1' : '0',
    MLXK_ENGINE_CACHE_BYTES: String(settings.freedBytes),
  }
}
