import type { SamplingParams } from '../../../shared/contract'
import type { ChatRequest, ChatRequestMessage } from '../../../shared/openai'
import type { GenerationMessage, GenerationRequest } from '../../core/generation/types'
import type { ResolvedModel } from '../../core/models/types'

/** OpenAI's request as the generator's. */
export function toGenerationRequest(request: ChatRequest, resolved: ResolvedModel): GenerationRequest {
  return { model: request.model, resolved, messages: request.messages.map(toMessage), params: toParams(request), face: 'server' }
}

function toMessage(message: ChatRequestMessage): GenerationMessage {
  const content = toText(message.content)
  switch (message.role) {
    case 'developer':
      // Templates know `system` only and many raise on anything else.
      return { role: 'system', content }
    case 'system':
    case 'user':
      return { role: message.role, content }
    case 'tool':
      return { role: 'tool', content, ...(message.tool_call_id == null ? {} : { tool_call_id: message.tool_call_id }) }
    case 'assistant': {
      const reasoning = message.reasoning_content ?? message.reasoning
      return {
        role: 'assistant',
        content,
        ...(reasoning == null ? {} : { reasoning_content: reasoning }),
        ...(message.tool_calls == null ? {} : { tool_calls: message.tool_calls }),
      }
    }
  }
}

function toText(content: ChatRequestMessage['content']): string | null {
  if (content === undefined || content === null || typeof content === 'string') return content ?? null
  return content.map((part) => part.text).join('')
}

function toParams(request: ChatRequest): SamplingParams {
  const { model: _, messages: __, stream: ___, stream_options: ____, max_completion_tokens, stop, ...sampling } = request
  const maxTokens = max_completion_tokens ?? sampling.max_tokens
  return {
    ...sampling,
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(stop === undefined ? {} : { stop: typeof stop === 'string' ? [stop] : stop }),
  }
}
