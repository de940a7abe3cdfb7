import { z } from 'zod'
import { isoTime, modelSpec, serializedError } from './common'
import { method, stream } from './method'

export const finishReason = z.enum(['stop', 'length', 'tool_calls'])

export const usage = z.object({
  prompt_tokens: z.number().int(),
  completion_tokens: z.number().int(),
  total_tokens: z.number().int(),
  cached_tokens: z.number().int().nullable(),
})

export const timing = z.object({
  /** From the accepted request to the first token of any kind, loading included. */
  first_token_ms: z.number().nullable(),
  total_ms: z.number(),
  tokens_per_second: z.number().nullable(),
})

export const samplingParams = z.strictObject({
  max_tokens: z.number().int().positive().optional(),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().gt(0).max(1).optional(),
  top_k: z.number().int().nonnegative().optional(),
  min_p: z.number().min(0).max(1).optional(),
  presence_penalty: z.number().min(-2).max(2).optional(),
  frequency_penalty: z.number().min(-2).max(2).optional(),
  repetition_penalty: z.number().nonnegative().optional(),
  seed: z.number().int().optional(),
  stop: z.array(z.string().min(1)).max(16).optional(),
  /** Whether the model thinks before it answers, for chat templates that ask (`chat.abilities`); others do not hear of it. */
  enable_thinking: z.boolean().optional(),
})

export const role = z.enum(['system', 'user', 'assistant'])

const tokenAlternative = z.object({
  /** Its bytes as text; a part of a character is U+FFFD. */
  token: z.string(),
  bytes: z.array(z.number().int()),
  /** Natural logarithm of its probability. */
  logprob: z.number(),
})

export const tokenLogprob = tokenAlternative.extend({
  /** The most probable tokens at this place, best first. */
  top_logprobs: z.array(tokenAlternative),
})

/** What every face of generation (gateway, Chat, `run`) is made of. Text comes in order; `finish` is last and comes once. */
export const generationEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('state'), state: z.enum(['queued', 'loading', 'prefill']), progress: z.number().nullable() }),
  z.object({ type: z.literal('reasoning'), text: z.string() }),
  z.object({
    type: z.literal('text'),
    text: z.string(),
    /** The tokens that end in this text; only when asked for. */
    logprobs: z.array(tokenLogprob).optional(),
  }),
  /** A call comes whole. `arguments` is JSON. */
  z.object({ type: z.literal('tool_call'), index: z.number().int(), id: z.string(), name: z.string(), arguments: z.string() }),
  z.object({ type: z.literal('finish'), reason: finishReason, usage, timing, model: z.string() }),
])

/** A message as the conversation store keeps it. */
export const chatMessage = z.object({
  id: z.string(),
  role,
  content: z.string(),
  reasoning: z.string().nullable(),
  reasoning_ms: z.number().nullable(),
  model: z.string().nullable(),
  created_at: isoTime,
  state: z.enum(['streaming', 'complete', 'interrupted', 'failed']),
  finish_reason: finishReason.nullable(),
  usage: usage.nullable(),
  timing: timing.nullable(),
  error: serializedError.nullable(),
})

export type FinishReason = z.infer<typeof finishReason>
export type Usage = z.infer<typeof usage>
export type Timing = z.infer<typeof timing>
export type SamplingParams = z.infer<typeof samplingParams>
export type TokenLogprob = z.infer<typeof tokenLogprob>
export type GenerationEvent = z.infer<typeof generationEvent>
export type ChatMessage = z.infer<typeof chatMessage>

export const chatContract = {
  'chat.send': stream(
    z.strictObject({
      model: modelSpec,
      messages: z.array(z.strictObject({ role, content: z.string() })).min(1),
      params: samplingParams.default({}),
      /** `run` may use the whole context when nothing limits the answer. */
      face: z.enum(['chat', 'run']).default('chat'),
    }),
    generationEvent,
  ),
  /** What a model's own files let a person choose. @throws model_not_found, ambiguous_match */
  'chat.abilities': method(z.strictObject({ model: modelSpec }), z.object({ thinking_switch: z.boolean() })),
}
