import type { ChatRequest, ChatRequestMessage } from '../../../shared/openai'
import { compileSchema } from '../../core/generation'
import type { GenerationMessage, GenerationRequest, ResponseFormat, ToolUse } from '../../core/generation/types'
import type { ResolvedModel } from '../../core/models/types'
import { toParams } from './sampling'

/**
 * OpenAI's request as the generator's, but for the model that its name leads to.
 * @throws AppError invalid_request for a schema that is none
 */
export async function toGenerationRequest(request: ChatRequest): Promise<Omit<GenerationRequest, 'resolved'>> {
  const responseFormat = await toResponseFormat(request.response_format)
  const tools = await toToolUse(request)
  const templateArguments = toTemplateArguments(request)
  return {
    model: request.model,
    messages: request.messages.map(toMessage),
    params: toParams(request, request.max_completion_tokens ?? request.max_tokens),
    face: 'server',
    ...(request.keep_alive === undefined ? {} : { keepAliveMs: request.keep_alive }),
    ...(responseFormat === null ? {} : { responseFormat }),
    ...(tools === null ? {} : { tools }),
    ...(request.logprobs ? { logprobs: { top: request.top_logprobs ?? 0 } } : {}),
    ...(request.logit_bias === undefined ? {} : { logitBias: request.logit_bias }),
    ...(templateArguments === null ? {} : { templateArguments }),
  }
}

/** The same request, with the model that its name has led to. */
export type PlannedRequest = Omit<GenerationRequest, 'resolved'>

export function withModel(request: PlannedRequest, resolved: ResolvedModel): GenerationRequest {
  return { ...request, resolved }
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
      return {
        role: 'tool',
        content,
        ...(message.tool_call_id == null ? {} : { tool_call_id: message.tool_call_id }),
        ...(message.name == null ? {} : { name: message.name }),
      }
    case 'assistant': {
      const reasoning = message.reasoning_content ?? message.reasoning
      return {
        role: 'assistant',
        content,
        ...(reasoning == null ? {} : { reasoning_content: reasoning }),
        ...(message.tool_calls == null || message.tool_calls.length === 0 ? {} : { tool_calls: message.tool_calls }),
      }
    }
  }
}

function toText(content: ChatRequestMessage['content']): string | null {
  if (content === undefined || content === null || typeof content === 'string') return content ?? null
  return content.map((part) => part.text).join('')
}

async function toResponseFormat(format: ChatRequest['response_format']): Promise<ResponseFormat | null> {
  if (format === undefined || format.type === 'text') return null
  if (format.type === 'json_object') return { type: 'json_object' }
  const { schema } = format.json_schema
  return { type: 'json_schema', schema, check: await compileSchema(schema, 'response_format.json_schema.schema') }
}

/** With `none` the model does not even hear of the tools. */
async function toToolUse(request: ChatRequest): Promise<ToolUse | null> {
  const { tools = [], tool_choice: choice = 'auto', parallel_tool_calls: parallel = true } = request
  if (tools.length === 0 || choice === 'none') return null
  const definitions = tools.map(({ function: { name, description, parameters } }) => ({
    type: 'function' as const,
    function: { name, ...(description == null ? {} : { description }), parameters },
  }))
  const checks = new Map<string, (value: unknown) => string | null>()
  for (const [index, { function: one }] of tools.entries()) {
    if (one.strict === true) checks.set(one.name, await compileSchema(one.parameters, `tools[${index}].function.parameters`))
  }
  if (typeof choice === 'string') return { definitions, choice, parallel, checks }
  // The others stay away: what the model does not know it does not call.
  const { name } = choice.function
  return { definitions: definitions.filter((one) => one.function.name === name), choice: { name }, parallel, checks }
}

/** The switches for thinking, under the names that the templates of the model families know. */
function toTemplateArguments(request: ChatRequest): Record<string, unknown> | null {
  const { reasoning_effort: effort, enable_thinking: thinking, chat_template_kwargs: given } = request
  if (effort === undefined && thinking === undefined && given === undefined) return null
  return {
    ...(effort === undefined ? {} : { enable_thinking: effort !== 'none' }),
    ...(effort === undefined || effort === 'none' ? {} : { reasoning_effort: effort }),
    ...(thinking === undefined ? {} : { enable_thinking: thinking }),
    ...given,
  }
}
