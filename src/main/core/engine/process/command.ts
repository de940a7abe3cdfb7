import { join } from 'node:path'
import type { Env } from '../../system'

export interface EngineLimits {
  /** Answers computed together. */
  decodeConcurrency: number
  /** Prompts read together. */
  promptConcurrency: number
  promptCacheEntries: number
  promptCacheBytes: number
}

const mebibyte = 1024 * 1024

/**
 * Caps that mlx_lm does not have by itself. Its prompt cache grows until the machine's memory is gone (mlx-lm.md §6.3), so it gets a
 * quarter of what the weights leave of two thirds of the memory, at least 256 MiB and at most 8 GiB. Models that are small beside the
 * memory may answer as many requests together as mlx_lm's own default allows.
 * @param weightBytes size of the model on disk
 * @param memoryBytes memory of the machine
 */
export function engineLimits(weightBytes: number, memoryBytes: number): EngineLimits {
  const left = Math.max(0, (memoryBytes * 2) / 3 - weightBytes)
  const small = weightBytes < memoryBytes / 50
  return {
    decodeConcurrency: small ? 32 : 8,
    promptConcurrency: small ? 8 : 2,
    promptCacheEntries: small ? 10 : 4,
    promptCacheBytes: Math.floor(Math.min(8192 * mebibyte, Math.max(256 * mebibyte, left / 4))),
  }
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

/** `MLXK_ENGINE_WITHOUT`: patches of the launcher that a user wants left out, when one does harm with an mlx_lm of their own. */
const inherited = /^(HOME|PATH|TMPDIR|LANG|LC_[A-Z]+|USER|LOGNAME|TZ|MLXK_ENGINE_WITHOUT)$/

/**
 * The whole environment of an engine. A white list, because Python, MLX (ranks, hostfiles), and the loader all obey variables that
 * would change what runs.
 */
export function engineEnvironment(env: Env, settings: { token: string; contextLength: number }): Record<string, string> {
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
  }
}
