import type { FinishReason, LoadedModel, TokenLogprob } from '../contract'
import type { ErrorCode, OpenAiErrorType } from '../errors'

export interface WireUsage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details: { cached_tokens: number }
}

/** `reasoning_content` and `reasoning` are two names of the same text: clients read one or the other. */
export interface WireReasoning {
  reasoning_content?: string
  reasoning?: string
}

export interface WireToolCall {
  id: string
  type: 'function'
  /** `arguments` is a text that holds JSON. */
  function: { name: string; arguments: string }
}

export interface WireLogprobs {
  content: TokenLogprob[]
  refusal: null
}

export interface ChatCompletion {
  id: string
  object: 'chat.completion'
  created: number
  model: string
  choices: {
    index: number
    /** Content is null when the answer is calls only. */
    message: { role: 'assistant'; content: string | null; tool_calls?: WireToolCall[] } & WireReasoning
    logprobs: WireLogprobs | null
    finish_reason: FinishReason
  }[]
  usage: WireUsage
}

/** One kind of change each; keys that say nothing are absent, not null. */
export type ChatDelta =
  | { role: 'assistant'; content: '' }
  | { content: string }
  | { reasoning_content: string; reasoning: string }
  | { tool_calls: [WireToolCallStart | WireToolCallRest] }
  | Record<string, never>

export type WireToolCallStart = WireToolCall & { index: number }
export interface WireToolCallRest {
  index: number
  function: { arguments: string }
}

export interface ChatCompletionChunk {
  id: string
  object: 'chat.completion.chunk'
  created: number
  model: string
  choices: { index: number; delta: ChatDelta; logprobs?: WireLogprobs; finish_reason: FinishReason | null }[]
  /** Only in the last chunk, which has no choices, and only when asked for. */
  usage?: WireUsage
}

/** One entry per token; `top_logprobs` is null when none were asked for. */
export interface TextLogprobs {
  tokens: string[]
  token_logprobs: number[]
  top_logprobs: Record<string, number>[] | null
  /** Where each token begins in the text. */
  text_offset: number[]
}

/** Whole or, as it has always been with this dialect, a part of it in a stream. */
export interface TextCompletion {
  id: string
  object: 'text_completion'
  created: number
  model: string
  choices: { index: number; text: string; logprobs: TextLogprobs | null; finish_reason: FinishReason | null }[]
  usage?: WireUsage
}

export interface WireError {
  error: { message: string; type: OpenAiErrorType; param: string | null; code: ErrorCode }
  /** The same as in the header `X-Request-ID`. */
  request_id: string
}

export interface WireModel {
  id: string
  object: 'model'
  /** Unix seconds: when the model last changed on disk. */
  created: number
  owned_by: string
  context_length: number
  max_model_len: number
  size_bytes: number
  meta: { context_length: number }
  quantization: { bits: number; group_size: number | null; mode: string | null } | null
  type: 'llm' | 'vlm'
  capabilities: string[]
  state: 'loaded' | 'not-loaded'
}

export interface WireModelList {
  object: 'list'
  data: WireModel[]
}

/** What `/api/v1/status` and `/api/v1/events` tell. */
export interface NativeStatus {
  service: 'mlx-knife'
  version: string
  state: WireHealth['state']
  /** Requests that are being answered, and those of them that wait for an engine. */
  in_flight: number
  queued: number
  /** `failing`: the file of the log cannot be written, as on a full disk; lines are lost until it can. */
  log: 'written' | 'failing'
  models: LoadedModel[]
}

export interface WireHealth {
  status: 'healthy'
  service: 'mlx-knife'
  state: 'starting' | 'ready' | 'busy' | 'degraded'
  version: string
}
