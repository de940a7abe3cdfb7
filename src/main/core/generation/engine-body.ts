import type { SamplingParams } from '../../../shared/contract'
import type { GenerationMessage } from './types'

const numbers = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'presence_penalty',
  'frequency_penalty',
  'repetition_penalty',
] as const satisfies readonly (keyof SamplingParams)[]

/**
 * The body for the engine's chat endpoint: only what is named here, never `model` (one constant name keeps requests in one batch), never
 * a null or a number that is not finite (mlx_lm drops the connection), and no `stop`: mlx_lm matches tokens and swallows text, so the
 * exact match is ours.
 */
export function toEngineBody(
  messages: readonly GenerationMessage[],
  params: SamplingParams,
  maxTokens: number,
): Record<string, unknown> {
  const body: Record<string, unknown> = { messages: messages.map(toEngineMessage), max_tokens: maxTokens }
  for (const name of numbers) {
    const value = params[name]
    if (value !== undefined && Number.isFinite(value)) body[name] = value
  }
  if (params.seed !== undefined) body['seed'] = toEngineSeed(params.seed)
  return body
}

function toEngineMessage(message: GenerationMessage): Record<string, unknown> {
  return {
    role: message.role,
    content: message.content ?? '',
    ...(message.reasoning_content === undefined ? {} : { reasoning_content: message.reasoning_content }),
    ...(message.tool_calls === undefined ? {} : { tool_calls: message.tool_calls }),
    ...(message.tool_call_id === undefined ? {} : { tool_call_id: message.tool_call_id }),
  }
}

/** mlx takes unsigned seeds only; OpenAI's may be negative. Equal seeds stay equal. */
function toEngineSeed(seed: number): number {
  const range = 2 ** 32
  return ((seed % range) + range) % range
}
