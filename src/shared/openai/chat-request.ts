import { z } from 'zod'
import { samplingParams } from '../contract'
import { commonShape, invalid, maxTopLogprobs, parseBody, unsupported } from './request-parts'
import { responseFormat, tool, toolCall, toolChoice } from './tool-parts'

const textPart = z.object({ type: z.literal('text'), text: z.string() })
const content = z.union([z.string(), z.array(textPart).min(1)])

const message = z.discriminatedUnion('role', [
  z.object({ role: z.literal('system'), content }),
  z.object({ role: z.literal('developer'), content }),
  z.object({ role: z.literal('user'), content }),
  z.object({
    role: z.literal('assistant'),
    content: content.nullish(),
    reasoning_content: z.string().nullish(),
    reasoning: z.string().nullish(),
    tool_calls: z.array(toolCall).nullish(),
  }),
  z.object({
    role: z.literal('tool'),
    content: content.nullish(),
    tool_call_id: z.string().nullish(),
    name: z.string().nullish(),
  }),
])

/** Arguments of the chat template's renderer itself: they would replace the conversation or the template. */
const notForTemplates: ReadonlySet<string> = new Set([
  'chat_template',
  'tokenize',
  'add_generation_prompt',
  'continue_final_message',
  'padding',
  'truncation',
  'max_length',
  'return_tensors',
  'return_dict',
  'return_assistant_tokens_mask',
  'tokenizer_kwargs',
  'conversation',
  'messages',
  'tools',
])

const chatRequest = z.object({
  ...commonShape,
  messages: z.array(message).min(1),
  max_completion_tokens: samplingParams.shape.max_tokens,
  tools: z.array(tool).max(512).optional(),
  tool_choice: toolChoice.optional(),
  parallel_tool_calls: z.boolean().optional(),
  response_format: responseFormat.optional(),
  logprobs: z.boolean().default(false),
  top_logprobs: z.number().int().min(0).max(maxTopLogprobs).optional(),
  reasoning_effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']).optional(),
  enable_thinking: z.boolean().optional(),
  chat_template_kwargs: z
    .record(z.string(), z.unknown())
    .refine(
      (given) => !Object.keys(given).some((key) => notForTemplates.has(key)),
      'must not replace the conversation or the template',
    )
    .optional(),
})

export type ChatRequest = z.output<typeof chatRequest>
export type ChatRequestMessage = ChatRequest['messages'][number]

/**
 * Checks the body of `POST /v1/chat/completions`.
 * @throws AppError invalid_request, unsupported_parameter; `data.param` is the place, such as `messages[0].content`
 */
export function parseChatRequest(body: unknown): ChatRequest {
  const request = parseBody(chatRequest, body, ({ path, param }) =>
    path.at(-1) === 'type' && path.includes('content') ? unsupported(param, 'Message content can only be text.') : null,
  )
  checkTools(request)
  if ((request.top_logprobs ?? 0) > 0 && !request.logprobs) {
    throw invalid('top_logprobs', 'top_logprobs needs logprobs to be true.')
  }
  if (request.logprobs && request.response_format !== undefined && request.response_format.type !== 'text') {
    throw unsupported('logprobs', 'It cannot be combined with a response_format: the text is not given as the model wrote it.')
  }
  return request
}

function checkTools({ tools = [], tool_choice: choice }: ChatRequest): void {
  const names = new Set(tools.map((one) => one.function.name))
  if (names.size < tools.length) throw invalid('tools', 'tools: every function needs a name of its own.')
  if (choice === undefined || choice === 'none' || choice === 'auto') return
  if (names.size === 0) throw invalid('tool_choice', 'tool_choice needs tools.')
  if (choice !== 'required' && !names.has(choice.function.name)) {
    throw invalid('tool_choice', `tool_choice: there is no function ${choice.function.name} in tools.`)
  }
}
