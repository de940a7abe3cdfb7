import { z } from 'zod'
import { isoTime, modelSpec, noInput } from './common'
import { method } from './method'

/** One thing that is wrong with a model. `file` is relative to the snapshot, null when the whole model is meant. */
export const finding = z.object({
  code: z.string(),
  file: z.string().nullable(),
  message: z.string(),
  severity: z.enum(['error', 'warning']),
  repairable: z.boolean(),
})

export const cacheRoot = z.object({
  path: z.string(),
  /** `workspace`: folders with a model each, for reading only; no cache. */
  kind: z.enum(['primary', 'demo', 'extra', 'workspace']),
  /** What chose the path: a variable's name (`HF_HUB_CACHE`…), `default`, `demo`, `settings`, or `path` for one that was typed. */
  rule: z.string(),
  /** `unplugged`: its volume is not there. `slow`: it answers late, or not at all. `read_only`: nothing can be added or removed. */
  state: z.enum(['ok', 'missing', 'unreadable', 'unplugged', 'slow', 'read_only']),
  /** Null when the state is `ok`. */
  reason: z.string().nullable(),
})

export const quantization = z.object({
  bits: z.number().int(),
  group_size: z.number().int().nullable(),
  mode: z.string().nullable(),
  /** Some layers have other bits, or none of it; `bits` says what most have. */
  mixed: z.boolean(),
})

/** What the engine needs to hold a model. */
export const modelMemory = z.object({
  /** Sum of the weight files that the engine reads. */
  weights_bytes: z.number().int().nonnegative(),
  /** What each 1024 tokens of a conversation add; null when the configuration does not say enough. */
  kv_bytes_per_1k_tokens: z.number().int().nonnegative().nullable(),
  /** What a conversation takes whatever its length: layers that look back only so far, and states. At most; null as above. */
  kv_fixed_bytes: z.number().int().nonnegative().nullable(),
})

/** Where a context length came from; `unknown` means the fallback of 4096 tokens. */
export const contextLength = z.object({
  tokens: z.number().int().positive(),
  source: z.enum(['config', 'tokenizer', 'unknown']),
})

/** The first fifteen keys are mlx-knife's published model object; the rest is ours (`--json=full`). */
export const modelSummary = z.object({
  name: z.string(),
  hash: z.string().nullable(),
  size_bytes: z.number().int().nonnegative(),
  last_modified: isoTime,
  framework: z.enum(['MLX', 'GGUF', 'PyTorch', 'Unknown']),
  model_type: z.string(),
  capabilities: z.array(z.string()),
  health: z.enum(['healthy', 'unhealthy']),
  runtime_compatible: z.boolean(),
  reason: z.string().nullable(),
  cached: z.boolean(),
  origin: z.string().nullable(),
  content_hash: z.string().nullable(),
  hash_modified: z.string().nullable(),
  clean: z.boolean().nullable(),
  quantization: quantization.nullable(),
  context: contextLength,
  /** `model_type` of config.json: the engine's name for the architecture. */
  architecture: z.string().nullable(),
  dtype: z.string().nullable(),
  /** Weights in the model, packed ones counted as what they stand for; null when no file says. */
  parameters: z.number().int().positive().nullable(),
  memory: modelMemory,
  /** From the model card, lower case. */
  license: z.string().nullable(),
  base_models: z.array(z.string()),
  /** How a row of a list calls it; only of models that are no part of a cache. */
  display_name: z.string().optional(),
  findings: z.array(finding),
  root: z.object({ path: z.string(), kind: cacheRoot.shape.kind }),
})

export const modelFile = z.object({
  /** Path inside the snapshot, with `/`. */
  path: z.string(),
  size_bytes: z.number().int().nonnegative(),
  kind: z.enum(['config', 'weights', 'tokenizer', 'readme', 'other']),
  /** Name of the blob (SHA-256 or git hash), null for a regular file in the snapshot or a dangling link. */
  blob: z.string().nullable(),
  /**
   * What `verify` remembers of exactly these bytes. `not_checked`: never compared, or changed since. `unverifiable`: nothing says what the
   * hash should be, or there is nothing to hash.
   */
  hash_state: z.enum(['verified', 'damaged', 'not_checked', 'unverifiable']),
  /** When these bytes were compared, ISO 8601; null when they never were, or when it was not written down. */
  checked_at: z.string().nullable(),
  /** Other revisions of the model that use the same blob. */
  shared_with: z.array(z.string()),
})

export const revision = z.object({
  hash: z.string(),
  refs: z.array(z.string()),
  /** Stands for the model, or is the one that was asked for. */
  chosen: z.boolean(),
  files: z.number().int().nonnegative(),
  /** Distinct blobs, each once. */
  size_bytes: z.number().int().nonnegative(),
  /** Part of `size_bytes` that other revisions use, too. */
  shared_bytes: z.number().int().nonnegative(),
})

export const modelDetail = z.object({
  model: modelSummary,
  snapshot_path: z.string().nullable(),
  files: z.array(modelFile),
  config: z.record(z.string(), z.unknown()).nullable(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
  revisions: z.array(revision),
})

export const healthEntry = z.object({
  name: z.string(),
  status: z.enum(['healthy', 'unhealthy']),
  reason: z.string(),
  findings: z.array(finding),
})

export const healthReport = z.object({
  healthy: z.array(healthEntry),
  unhealthy: z.array(healthEntry),
  summary: z.object({
    total: z.number().int(),
    healthy_count: z.number().int(),
    unhealthy_count: z.number().int(),
  }),
})

export const modelList = z.object({
  models: z.array(modelSummary),
  count: z.number().int(),
  roots: z.array(cacheRoot),
})

export type Finding = z.infer<typeof finding>
export type CacheRootState = z.infer<typeof cacheRoot>
export type Quantization = z.infer<typeof quantization>
export type ModelMemory = z.infer<typeof modelMemory>
export type ContextLength = z.infer<typeof contextLength>
export type ModelSummary = z.infer<typeof modelSummary>
export type Revision = z.infer<typeof revision>
export type ModelFile = z.infer<typeof modelFile>
export type ModelDetail = z.infer<typeof modelDetail>
export type HealthEntry = z.infer<typeof healthEntry>
export type HealthReport = z.infer<typeof healthReport>
export type ModelList = z.infer<typeof modelList>

export const modelsContract = {
  'models.list': method(noInput, modelList),
  'models.show': method(z.strictObject({ model: modelSpec }), modelDetail),
  'models.health': method(z.strictObject({ model: modelSpec.optional() }), healthReport),
}
