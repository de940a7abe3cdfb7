import type { SamplingParams } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { ModelProfile } from './profile'
import type { GenerationMessage, GenerationRequest } from './types'

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
 * The body for the engine: only what is named here, never `model` (one constant name keeps requests in one batch), never a null or a
 * number that is not finite (mlx_lm drops the connection), and no `stop`: mlx_lm matches tokens and swallows text, so the exact match is
 * ours. What the request leaves open is as the model's own files want it.
 * @throws AppError invalid_request for a logit_bias outside of the vocabulary
 */
export function toEngineBody(request: GenerationRequest, profile: ModelProfile, maxTokens: number): Record<string, unknown> {
  const { params, tools, logprobs, logitBias, templateArguments } = request
  const body: Record<string, unknown> = { ...toInput(request), max_tokens: maxTokens }
  for (const name of numbers) {
    const value = params[name] ?? profile.defaults[name as keyof ModelProfile['defaults']]
    if (value !== undefined && Number.isFinite(value)) body[name] = value
  }
  // All of the vocabulary is no choice, and more than it ends mlx_lm's thread.
  if (profile.vocabularySize !== null && Number(body['top_k']) >= profile.vocabularySize) delete body['top_k']
  if (params.seed !== undefined) body['seed'] = toEngineSeed(params.seed)
  if (tools !== undefined) body['tools'] = tools.definitions
  if (logprobs !== undefined) Object.assign(body, { logprobs: true, ...(logprobs.top > 0 ? { top_logprobs: logprobs.top } : {}) })
  if (logitBias !== undefined && Object.keys(logitBias).length > 0) body['logit_bias'] = checkBias(logitBias, profile)
  const { enable_thinking: thinks } = params
  const toTemplate = { ...(thinks === undefined ? {} : { enable_thinking: thinks }), ...templateArguments }
  if (Object.keys(toTemplate).length > 0) body['chat_template_kwargs'] = toTemplate
  return body
}

/** mlx writes to memory that is not its own for a token that is not there. */
function checkBias(bias: Readonly<Record<string, number>>, { vocabularySize }: ModelProfile): Readonly<Record<string, number>> {
  const unknown = Object.keys(bias).find((token) => vocabularySize !== null && Number(token) >= vocabularySize)
  if (unknown === undefined) return bias
  throw new AppError('invalid_request', `logit_bias names token ${unknown}, and this model has ${vocabularySize} tokens.`, {
    data: { param: 'logit_bias' },
  })
}

function toInput({ messages, prompt }: GenerationRequest): Record<string, unknown> {
  return prompt === undefined ? { messages: messages.map(toEngineMessage) } : { prompt }
}

function toEngineMessage(message: GenerationMessage): Record<string, unknown> {
  return {
    role: message.role,
    content: message.content ?? '',
    ...(message.reasoning_content === undefined ? {} : { reasoning_content: message.reasoning_content }),
    ...(message.tool_calls === undefined ? {} : { tool_calls: message.tool_calls }),
    ...(message.tool_call_id === undefined ? {} : { tool_call_id: message.tool_call_id }),
    ...(message.name === undefined ? {} : { name: message.name }),
  }
}

/** mlx takes unsigned seeds only; OpenAI's may be negative. Equal seeds stay equal. */
function toEngineSeed(seed: number): number {
  const range = 2 ** 32
  return ((seed % range) + range) % range
}
