import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import { AppError } from '../../../shared/errors'
import { parseChatRequest, parseCompletionRequest, type ChatRequest, type CompletionRequest } from '../../../shared/openai'
import { clientName, type RequestEntry, type RequestLog } from '../../core/activity'
import type { Activity } from './activity'
import type { createAdmission, Place } from './admission'
import { awaitOpening, collectAnswer, streamAnswer, writeAnswer, type StreamOptions } from './answer'
import { toGenerationRequest, withModel, type PlannedRequest } from './chat-request'
import { chatDialect } from './chat-wire'
import { generateChoices } from './choices'
import type { ApiDeps, ApiLimits } from './deps'
import type { AnswerHead, Dialect } from './dialect'
import type { ApiEnv } from './front'
import type { Metrics } from './metrics'
import { resolveModel, type ModelsDeps } from './models'
import { readJson } from './read-json'
import { toParams } from './sampling'
import { createTextDialect } from './text-wire'
import { isUnexpected, toHttpError } from './wire-error'

type CompletionDeps = Pick<ApiDeps, 'generator' | 'logError' | 'shutdown'> &
  ModelsDeps & {
    limits: ApiLimits
    activity: Activity
    admission: ReturnType<typeof createAdmission>
    metrics: Metrics
    requests: Pick<RequestLog, 'begin'>
  }

/** A request that has been understood: what to generate, and how it is to be answered. */
export interface CompletionPlan {
  request: PlannedRequest
  count: number
  stream: boolean
  includeUsage: boolean
  dialect: Dialect
}

const streamHeaders = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
} as const

/** Tells the HTTP adapter to leave the response alone. */
const alreadySent = { 'x-hono-already-sent': 'true' } as const

/** `POST /v1/chat/completions` and `/v1/completions`, streamed or not. */
export function createCompletionHandler(
  deps: CompletionDeps,
  idPrefix: 'chatcmpl' | 'cmpl',
  plan: (body: unknown) => Promise<CompletionPlan>,
): (context: Context<ApiEnv>) => Promise<Response> {
  const { generator, logError, limits, admission, metrics, requests } = deps
  const answer = async (context: Context<ApiEnv>, entry: RequestEntry, place: Place): Promise<Response> => {
    const body = await readJson(context.req.raw, limits.maxBodyBytes, place.hold)
    const { request, count, stream, includeUsage, dialect } = await plan(body)
    entry.describe({ model: request.model, stream })
    const work = beginWork(deps, context.req.raw.signal)
    try {
      const model = await resolveModel(deps, request.model)
      entry.describe({ model: model.name, stream })
      const watch = entry.watch(count)
      const events = generateChoices(generator, withModel(request, model), count, work.signal, (event) => {
        metrics.hear(event)
        watch(event)
      })
      const head: AnswerHead = { id: `${idPrefix}-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: model.name }
      if (!stream) {
        const completion = await collectAnswer(events, count, head, dialect)
        work.end()
        place.leave()
        return context.json(completion)
      }
      const opening = await awaitOpening(events, limits.patienceMs)
      const requestId = context.get('requestId')
      const options: StreamOptions = {
        head,
        dialect,
        count,
        includeUsage,
        silenceMs: limits.silenceMs,
        onError: (thrown) => {
          const error = work.explain(thrown)
          entry.fail(error)
          if (isUnexpected(error)) logError(error, requestId)
          return toHttpError(error, requestId).body
        },
        onClose: () => {
          work.end()
          place.leave()
          entry.leave()
        },
      }
      const { outgoing } = context.env ?? {}
      if (outgoing === undefined) return context.body(streamAnswer(events, opening, options), 200, streamHeaders)
      const { headers } = context.body(null, 200, streamHeaders)
      outgoing.writeHead(200, Object.fromEntries(headers))
      void writeAnswer(outgoing, events, opening, options)
      return context.body(null, 200, alreadySent)
    } catch (thrown) {
      const error = work.explain(thrown)
      work.end()
      throw error
    }
  }
  return async (context) => {
    const entry = requests.begin({
      id: context.get('requestId'),
      route: context.req.path,
      client: clientName(context.req.header('user-agent')),
    })
    let place: Place | null = null
    try {
      place = admission.enter()
      return await answer(context, entry, place)
    } catch (error) {
      place?.leave()
      entry.fail(error)
      throw error
    }
  }
}

export async function planChat(body: unknown): Promise<CompletionPlan> {
  const request = parseChatRequest(body)
  return { request: await toGenerationRequest(request), ...toDelivery(request), dialect: chatDialect }
}

export function planText(body: unknown): Promise<CompletionPlan> {
  const request = parseCompletionRequest(body)
  const { model, prompt, logprobs, logit_bias: logitBias, max_tokens: maxTokens } = request
  return Promise.resolve({
    request: {
      model,
      messages: [],
      prompt,
      params: toParams(request, maxTokens),
      face: 'server',
      ...(request.keep_alive === undefined ? {} : { keepAliveMs: request.keep_alive }),
      ...(logprobs === undefined ? {} : { logprobs: { top: logprobs } }),
      ...(logitBias === undefined ? {} : { logitBias }),
    },
    ...toDelivery(request),
    dialect: createTextDialect({ echo: request.echo ? prompt : null, top: logprobs ?? null }),
  })
}

function toDelivery({ n, stream, stream_options: options }: ChatRequest | CompletionRequest): {
  count: number
  stream: boolean
  includeUsage: boolean
} {
  return { count: n, stream, includeUsage: options?.include_usage === true }
}

interface Work {
  /** Aborts when the client leaves, when the server stops, and at the end. */
  signal: AbortSignal
  /** The reason behind a cancellation that was ours. */
  explain: (error: unknown) => unknown
  end: () => void
}

function beginWork({ activity, shutdown }: CompletionDeps, client: AbortSignal): Work {
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
