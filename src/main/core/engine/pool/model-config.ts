import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../../../shared/errors'
import type { ModelSummary } from '../../../../shared/contract'
import type { ModelNeeds } from '../memory/plan'

const maxConfigBytes = 4 * 1024 * 1024
const defaultHiddenSize = 4096

export type ModelConfig = Readonly<Record<string, unknown>>

/** The model's config.json; empty when it cannot be read, which then fails in the engine, with mlx_lm's own reason. */
export async function readModelConfig(snapshotPath: string): Promise<ModelConfig> {
  try {
    const file = await open(join(snapshotPath, 'config.json'))
    try {
      if ((await file.stat()).size > maxConfigBytes) return {}
      const value: unknown = JSON.parse(await file.readFile('utf8'))
      return isObject(value) ? value : {}
    } finally {
      await file.close()
    }
  } catch {
    return {}
  }
}

/**
 * A config.json that names `model_file` makes mlx_lm import that Python file (CVE-2026-5843). The launcher refuses it once more, but
 * such a model should not come near Python at all.
 * @throws AppError custom_code_refused
 */
export function refuseCustomCode(name: string, config: ModelConfig): void {
  if (config['model_file'] === undefined || config['model_file'] === null) return
  throw new AppError('custom_code_refused', `${name} wants to run Python code of its own ("model_file" in its config.json).`, {
    hint: `To look at that code and decide: mlxk trust ${name}`,
    data: { model: name },
  })
}

/** What of a model decides its memory. */
export function modelNeeds(summary: Pick<ModelSummary, 'memory' | 'size_bytes' | 'context'>, config: ModelConfig): ModelNeeds {
  const { weights_bytes: weights, kv_bytes_per_1k_tokens: perThousand, kv_fixed_bytes: fixed } = summary.memory
  return {
    weightsBytes: weights > 0 ? weights : summary.size_bytes,
    kvBytesPerToken: perThousand === null ? null : perThousand / 1024,
    kvFixedBytes: fixed ?? 0,
    contextLength: summary.context.tokens,
    hiddenSize: hiddenSize(config),
  }
}

function hiddenSize(config: ModelConfig): number {
  const parts = [config['text_config'], config['llm_config'], config['language_config'], config]
  for (const part of parts) {
    if (!isObject(part)) continue
    for (const key of ['hidden_size', 'n_embd', 'd_model']) {
      const value = part[key]
      if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 1_000_000) return value
    }
  }
  return defaultHiddenSize
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
