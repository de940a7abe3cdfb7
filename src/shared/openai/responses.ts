import type { FinishReason } from '../contract'
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

export interface ChatCompletion {
  id: string
  object: 'chat.completion'
  created: number
  model: string
  choices: {
    index: number
    message: { role: 'assistant'; content: string } & WireReasoning
    logprobs: null
    finish_reason: FinishReason
  }[]
  usage: WireUsage
}

/** One kind of change each; keys that say nothing are absent, not null. */
export type ChatDelta =
  | { role: 'assistant'; content: '' }
  | { content: string }
  | { reasoning_content: string; reasoning: string }
  | Record<string, never>

export interface ChatCompletionChunk {
  id: string
  object: 'chat.completion.chunk'
  created: number
  model: string
  choices: { index: number; delta: ChatDelta; finish_reason: FinishReason | null }[]
  /** Only in the last chunk, which has no choices, and only when asked for. */
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
  quantization: { bits: number; group_size: number | null; mode: string | null } | null
  state: 'loaded' | 'not-loaded'
}

export interface WireModelList {
  object: 'list'
  data: WireModel[]
}

export interface WireHealth {
  status: 'healthy'
  service: 'mlx-knife'
  state: 'starting' | 'ready' | 'busy' | 'degraded'
  version: string
}
