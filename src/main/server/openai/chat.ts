import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import { AppError } from '../../../shared/errors'
import { parseChatRequest } from '../../../shared/openai'
import type { Activity } from './activity'
import { awaitOpening, collectAnswer, streamAnswer } from './answer'
import type { ApiDeps, ApiLimits } from './deps'
import { toGenerationRequest } from './chat-request'
import type { AnswerHead } from './chat-wire'
import type { ApiEnv } from './front'
import { readJson } from './read-json'
import { isUnexpected, toHttpError } from './wire-error'

type ChatDeps = Pick<ApiDeps, 'generator' | 'catalog' | 'logError' | 'shutdown'> & { limits: ApiLimits; activity: Activity }

const streamHeaders = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
} as const

/** `POST /v1/chat/completions`, streamed or not. */
export function createChatHandler(deps: ChatDeps): (context: Context<ApiEnv>) => Promise<Response> {
  const { generator, catalog, logError, limits, activity } = deps
  return async (context) => {
    const request = parseChatRequest(await readJson(context.req.raw, limits.maxBodyBytes))
    if (activity.inFlight() >= limits.maxInFlight) throw tooBusy(limits.maxInFlight)
    const work = beginWork(deps, context.req.raw.signal)
    try {
      const model = await catalog.resolve(request.model)
      const events = generator.generate(toGenerationRequest(request, model), work.signal)
      const head: AnswerHead = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: model.name }
      if (!request.stream) {
        const completion = await collectAnswer(events, head)
        work.end()
        return context.json(completion)
      }
      const opening = await awaitOpening(events, limits.patienceMs)
      const requestId = context.get('requestId')
      const body = streamAnswer(events, opening, {
        head,
        includeUsage: request.stream_options?.include_usage === true,
        silenceMs: limits.silenceMs,
        onError: (thrown) => {
          const error = work.explain(thrown)
          if (isUnexpected(error)) logError(error, requestId)
          return toHttpError(error, requestId).body
        },
        onClose: work.end,
      })
      return context.body(body, 200, { ...streamHeaders, ...chunked(context) })
    } catch (thrown) {
      const error = work.explain(thrown)
      work.end()
      throw error
    }
  }
}

/** Said outright, since the adapter else waits a tick or two for the whole body before it sends the first byte. HTTP/1.0 has no chunks. */
function chunked(context: Context<ApiEnv>): Record<string, string> {
  return context.env?.incoming?.httpVersion === '1.1' ? { 'Transfer-Encoding': 'chunked' } : {}
}

interface Work {
  /** Aborts when the client leaves, when the server stops, and at the end. */
  signal: AbortSignal
  /** The reason behind a cancellation that was ours. */
  explain: (error: unknown) => unknown
  end: () => void
}

function beginWork({ activity, shutdown }: ChatDeps, client: AbortSignal): Work {
  const controller = new AbortController()
  const finish = activity.begin()
  const end = (): void => {
    client.removeEventListener('abort', end)
    shutdown?.cut.removeEventListener('abort', abort)
    controller.abort()
    finish()
  }
  const abort = (): void => controller.abort()
  client.addEventListener('abort', end, { once: true })
  shutdown?.cut.addEventListener('abort', abort, { once: true })
  if (client.aborted || shutdown?.cut.aborted === true) abort()
  return {
    signal: controller.signal,
    explain: (error) => (shutdown?.cut.aborted === true ? new AppError('server_shutdown', 'The server was shut down.') : error),
    end,
  }
}

function tooBusy(limit: number): AppError {
  return new AppError('rate_limit_exceeded', `This server is making ${limit} answers already.`, { hint: 'Try again in a moment.' })
}
