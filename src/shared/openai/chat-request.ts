import { z } from 'zod'
import { samplingParams } from '../contract'
import { AppError } from '../errors'
import { firstProblem } from './problems'
import { whyUnsupported } from './parameters'

const textPart = z.object({ type: z.literal('text'), text: z.string() })
const content = z.union([z.string(), z.array(textPart).min(1)])

const toolCall = z.object({
  id: z.string(),
  type: z.literal('function'),
  function: z.object({
    name: z.string(),
    arguments: z.string().refine(isJson, 'must be a text that holds JSON'),
  }),
})

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
  z.object({ role: z.literal('tool'), content: content.nullish(), tool_call_id: z.string().nullish() }),
])

const stop = z.union([z.string().min(1), z.array(z.string().min(1)).max(16)])

const chatRequest = z.object({
  model: z.string().min(1).max(512),
  messages: z.array(message).min(1),
  stream: z.boolean().default(false),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).optional(),
  max_completion_tokens: samplingParams.shape.max_tokens,
  ...samplingParams.shape,
  stop: stop.optional(),
})

export type ChatRequest = z.output<typeof chatRequest>
export type ChatRequestMessage = ChatRequest['messages'][number]

const known: ReadonlySet<string> = new Set(Object.keys(chatRequest.shape))

/**
 * Checks the body of `POST /v1/chat/completions`. Nulls at the top level count as absent. A parameter that we do not know, or cannot
 * honour with this value, is refused rather than ignored, because the answer would not be the one that was asked for.
 * @throws AppError invalid_request, unsupported_parameter; `data.param` is the place, such as `messages[0].content`
 */
export function parseChatRequest(body: unknown): ChatRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new AppError('invalid_request', 'The body must be a JSON object.')
  }
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
  const parsed = chatRequest.safeParse(given)
  if (!parsed.success) throw refusal(parsed.error, given)
  for (const [name, value] of Object.entries(given)) {
    if (known.has(name)) continue
    const reason = whyUnsupported(name, value)
    if (reason !== null) throw unsupported(name, reason)
  }
  return parsed.data
}

function refusal(error: z.ZodError, body: Record<string, unknown>): AppError {
  const { path, param, sentence } = firstProblem(error, body)
  if (path.at(-1) === 'type' && path.includes('content')) return unsupported(param, 'Message content can only be text.')
  return new AppError('invalid_request', sentence, { data: { param } })
}

function unsupported(param: string, reason: string): AppError {
  return new AppError('unsupported_parameter', `${param} is not supported here with this value. ${reason}`, { data: { param } })
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
