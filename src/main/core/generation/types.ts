import type { GenerationEvent, SamplingParams } from '../../../shared/contract'
import type { ResolvedModel } from '../models/types'

export type MessageContent = string

export interface GenerationMessage {
  role: 'system' | 'user' | 'assistant' | 'tool'
  content: MessageContent | null
  reasoning_content?: string
  tool_calls?: unknown[]
  tool_call_id?: string
  name?: string
}

export interface ToolDefinition {
  type: 'function'
  function: { name: string; description?: string; parameters: Record<string, unknown>; strict?: boolean }
}

/** `required`: at least one call; a name: a call of that function. */
export type ToolChoice = 'auto' | 'required' | { name: string }

export interface ToolUse {
  definitions: readonly ToolDefinition[]
  choice: ToolChoice
  /** False: the answer ends after its first call. */
  parallel: boolean
  /** Of functions whose arguments must fit their schema (`strict`): null, or what is wrong in one sentence. */
  checks: ReadonlyMap<string, (value: unknown) => string | null>
}

/** What the whole answer must be. `check` is the compiled schema: null, or what is wrong in one sentence. */
export type ResponseFormat =
  | { type: 'json_object' }
  | { type: 'json_schema'; schema: Record<string, unknown>; check: (value: unknown) => string | null }

export interface GenerationRequest {
  /** As the client typed it; resolved by the generator. */
  model: string
  /** What `model` led to, when the face has asked already. */
  resolved?: ResolvedModel
  /** The conversation; goes through the model's chat template. */
  messages: GenerationMessage[]
  /** Instead of messages: a text that the model goes on writing. */
  prompt?: string
  params: SamplingParams
  /** How long the model stays loaded without use from now on, in milliseconds; null = for ever. Absent: as it was. */
  keepAliveMs?: number | null
  /** `server`: half the context when nothing else limits; `run`: the whole of it (product.md, token limits). */
  face: 'server' | 'chat' | 'run'
  tools?: ToolUse
  responseFormat?: ResponseFormat
  /** Text events carry their tokens, each with so many alternatives. */
  logprobs?: { top: number }
  /** Token id → what is added to its logit. */
  logitBias?: Readonly<Record<string, number>>
  /** Given to the chat template, such as `enable_thinking`. */
  templateArguments?: Readonly<Record<string, unknown>>
}

/** Gateway, Chat and `run` are thin faces of this: the same request gives the same text, finish reason and usage through all three. */
export interface Generator {
  /**
   * Yields `state` events while queued or loading, then text in order, then one `finish`. Aborting ends the engine's work at once.
   * An answer that must have a form (`responseFormat`, a required tool call) comes in one piece, once it is known to have it.
   * @throws AppError model_not_found, ambiguous_match, engine_missing, engine_load_failed, engine_crashed, context_length_exceeded,
   * invalid_request, unsupported_parameter, invalid_output, cancelled
   */
  generate: (request: GenerationRequest, signal: AbortSignal) => AsyncGenerator<GenerationEvent>
}
