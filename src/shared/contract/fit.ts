import { z } from 'zod'
import { isoTime, modelSpec, noInput } from './common'
import { method } from './method'

const bytes = z.number().int().nonnegative()
const tokens = z.number().int().nonnegative()

/**
 * What a model on the disk would take of this machine's memory with a conversation of 8,192 tokens, or its own context where that is less.
 * `tight`: more than 85 % of what engines may use together.
 */
export const memoryFit = z.object({
  name: z.string(),
  root: z.string(),
  verdict: z.enum(['fits', 'tight', 'too_large']),
  needed_bytes: bytes,
  /** Longest conversation that fits when nothing else is loaded; 0 when none does. */
  context_tokens: tokens,
})

/**
 * From these a window computes what any context takes, as the engine's pool does: weights + engine + prompt cache + conversation, with
 * conversation = fixed + ceil(tokens / step) × step × per token, and prompt cache = min(cache.bytes, cache.conversations × conversation).
 */
export const memoryEstimate = z.object({
  name: z.string(),
  limit_bytes: bytes,
  weights_bytes: bytes,
  /** Python, activations, and memory that is kept after it was freed. */
  engine_bytes: bytes,
  conversation: z.object({
    fixed_bytes: bytes,
    bytes_per_token: z.number().nonnegative(),
    step_tokens: z.number().int().positive(),
  }),
  cache: z.object({ bytes, conversations: z.number().int().positive() }),
  /** Of the model. */
  context_max: tokens,
  /** Longest that fits when nothing else is loaded; 0 when none does. */
  context_safe: tokens,
  /** False: the configuration does not say what a conversation takes, and models of that size stand for it. */
  exact: z.boolean(),
})

export type MemoryFit = z.infer<typeof memoryFit>
export type MemoryEstimate = z.infer<typeof memoryEstimate>

export const fitContract = {
  'models.fits': method(noInput, z.object({ limit_bytes: bytes, models: z.array(memoryFit) })),
  /** @throws as `models.show` */
  'models.memory': method(z.strictObject({ model: modelSpec }), memoryEstimate),
  /** When models were last used by this owner or one before it, by name. Other programs are not seen. */
  'models.used': method(noInput, z.object({ used: z.record(z.string(), isoTime) })),
}
