import { z } from 'zod'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { AppError } from '../../shared/errors'

export interface HttpQuestion {
  /** `http://127.0.0.1:PORT` */
  url: string
  model: string
  question: string
  signal: AbortSignal
  onText: (text: string) => void
}

export interface HttpReply {
  answer: string
  model: string
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number } | null
  finish_reason: string | null
}

const apiError = z.object({
  error: z.object({ message: z.string().optional(), code: z.string().nullable().optional() }).optional(),
})
const chunkSchema = apiError.extend({
  model: z.string().optional(),
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullable().optional() }).optional(),
        finish_reason: z.string().nullable().optional(),
      }),
    )
    .optional(),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() }).nullable().optional(),
})

/**
 * Asks one question as any OpenAI client would: a streamed chat completion.
 * @throws AppError connection_lost, cancelled, internal when the API answers with an error
 */
export async function askOverHttp({ url, model, question, signal, onText }: HttpQuestion): Promise<HttpReply> {
  const response = await request(url, model, question, signal)
  const reply: HttpReply = { answer: '', model, usage: null, finish_reason: null }
  const parser = createParser({ onEvent: (event) => readEvent(event, reply, onText) })
  const decoder = new TextDecoder()
  try {
    if (response.body !== null) for await (const bytes of response.body) parser.feed(decoder.decode(bytes, { stream: true }))
  } catch (error) {
    throw toLost(error, signal)
  }
  if (reply.finish_reason === null)
    throw new AppError('connection_lost', 'The API ended its answer too early.', { hint: 'Try again.' })
  return reply
}

async function request(url: string, model: string, question: string, signal: AbortSignal): Promise<Response> {
  let response: Response
  try {
    response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model,
        messages: [{ role: 'user', content: question }],
        stream: true,
        stream_options: { include_usage: true },
      }),
      signal,
    })
  } catch (error) {
    throw toLost(error, signal)
  }
  if (response.ok) return response
  const body = apiError.safeParse(await response.json().catch(() => null)).data
  throw new AppError('internal', `The API answered ${response.status}: ${body?.error?.message ?? 'no reason given'}`, {
    hint: '"mlxk doctor" says what is missing.',
    data: { status: response.status, api_code: body?.error?.code ?? null },
  })
}

function readEvent({ data }: EventSourceMessage, reply: HttpReply, onText: (text: string) => void): void {
  if (data === '[DONE]') return
  const chunk = chunkSchema.parse(JSON.parse(data))
  if (chunk.error !== undefined) throw new AppError('engine_crashed', chunk.error.message ?? 'The answer ended with an error.')
  const choice = chunk.choices?.[0]
  const text = choice?.delta?.content ?? ''
  if (text !== '') onText(text)
  reply.answer += text
  reply.model = chunk.model ?? reply.model
  reply.finish_reason = choice?.finish_reason ?? reply.finish_reason
  reply.usage = chunk.usage ?? reply.usage
}

function toLost(error: unknown, signal: AbortSignal): AppError {
  if (error instanceof AppError) return error
  if (signal.aborted) return new AppError('cancelled', 'Interrupted.')
  return new AppError('connection_lost', 'The API does not answer.', { hint: 'Try again.', cause: error })
}
