import type { GenerationEvent, SamplingParams } from '../../../shared/contract'
import type { ResolvedModel } from '../models/types'

export type MessageContent = string

export interface GenerationMessage {
  role: 'system' | 'user' | 'assistant' | 'tool'
  content: MessageContent | null
  reasoning_content?: string
  tool_calls?: unknown[]
  tool_call_id?: string
}

export interface GenerationRequest {
  /** As the client typed it; resolved by the generator. */
  model: string
  /** What `model` led to, when the face has asked already. */
  resolved?: ResolvedModel
  messages: GenerationMessage[]
  params: SamplingParams
  /** `server`: half the context when nothing else limits; `run`: the whole of it (product.md, token limits). */
  face: 'server' | 'chat' | 'run'
}

/** Gateway, Chat and `run` are thin faces of this: the same request gives the same text, finish reason and usage through all three. */
export interface Generator {
  /**
   * Yields `state` events while queued or loading, then text in order, then one `finish`. Aborting ends the engine's work at once.
   * @throws AppError model_not_found, ambiguous_match, engine_missing, engine_load_failed, engine_crashed, context_length_exceeded,
   * invalid_request, cancelled
   */
  generate: (request: GenerationRequest, signal: AbortSignal) => AsyncGenerator<GenerationEvent>
}
