import { z } from 'zod'
import { isoTime } from './common'
import { method } from './method'
import { contextLength, quantization } from './models'

const bytes = z.number().int().nonnegative()

/**
 * Will it run here? `runs`: with its whole context. `runs_short`: with a shorter one (`context_tokens`). `too_large`: not even a short
 * conversation fits beside its weights (`needed_bytes`). `cannot_run`: not a question of memory (`reason`). `unknown`: its files do not
 * say enough, or could not be read (`reason`).
 */
export const fit = z.object({
  verdict: z.enum(['runs', 'runs_short', 'too_large', 'cannot_run', 'unknown']),
  reason: z.string().nullable(),
  /** Of the largest conversation that fits. */
  context_tokens: z.number().int().positive().nullable(),
  needed_bytes: bytes.nullable(),
  /** What engines may take of this machine. */
  limit_bytes: bytes.nullable(),
})

export const hubModel = z.object({
  name: z.string(),
  hash: z.string().nullable(),
  downloads: bytes,
  likes: bytes,
  last_modified: isoTime.nullable(),
  gated: z.enum(['auto', 'manual']).nullable(),
  private: z.boolean(),
  task: z.string().nullable(),
  license: z.string().nullable(),
  base_models: z.array(z.string()),
  /** What `pull` would fetch; null when the list of files could not be read. */
  size_bytes: bytes.nullable(),
  framework: z.enum(['MLX', 'GGUF', 'PyTorch', 'Unknown']).nullable(),
  model_type: z.string().nullable(),
  architecture: z.string().nullable(),
  quantization: quantization.nullable(),
  parameters: z.number().int().positive().nullable(),
  context: contextLength.nullable(),
  fit,
  /** Some revision of it is in the cache. */
  cached: z.boolean(),
})

export const searchResult = z.object({
  models: z.array(hubModel),
  /** For the next page; null at the end. */
  next_skip: z.number().int().nonnegative().nullable(),
})

export const searchQuery = z.strictObject({
  query: z.string().max(200).default(''),
  owner: z.string().max(96).nullable().default(null),
  /** False: models of every framework. */
  mlx: z.boolean().default(true),
  tags: z.array(z.string().min(1).max(100)).max(10).default([]),
  sort: z.enum(['downloads', 'likes', 'modified', 'created', 'trending']).default('downloads'),
  skip: z.number().int().min(0).max(10_000).default(0),
  limit: z.number().int().min(1).max(100).default(20),
  /** Bits per weight that it has to have; null: any. */
  bits: z.number().int().min(1).max(32).nullable().default(null),
  /** Only what runs on this machine. */
  fits: z.boolean().default(false),
})

/** What a model's own page says of it. */
export const hubCard = z.object({
  /** Markdown without its head of settings; null when the model has none. Foreign text. */
  text: z.string().nullable(),
  /** Only its beginning. */
  truncated: z.boolean(),
})

export type HubCard = z.infer<typeof hubCard>
export type Fit = z.infer<typeof fit>
export type HubModel = z.infer<typeof hubModel>
export type SearchResult = z.infer<typeof searchResult>
export type SearchQuery = z.infer<typeof searchQuery>

export const hubContract = {
  'hub.search': method(searchQuery, searchResult),
  /** The model card at a commit. @throws access_denied, and what every question to the Hub may throw */
  'hub.card': method(z.strictObject({ model: z.string().min(1).max(256), hash: z.string().regex(/^[0-9a-f]{40}$/) }), hubCard),
}
