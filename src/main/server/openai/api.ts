import { Hono, type Context } from 'hono'
import { AppError } from '../../../shared/errors'
import type { WireHealth } from '../../../shared/openai'
import { createRequestLog } from '../../core/activity'
import { createActivity } from './activity'
import { createAdmission } from './admission'
import { createCompletionHandler, planChat, planText } from './completions'
import type { ApiAccess, ApiDeps, ApiLimits } from './deps'
import { admit, answerFailure, report, type ApiEnv } from './front'
import { healthState } from './health'
import { createMetrics } from './metrics'
import { createModelList } from './model-list'
import { listWireModels, showWireModel } from './models'
import { createNativeHandlers } from './native'
import { routeOf } from './route-name'

const defaults: ApiLimits = {
  maxBodyBytes: 16 * 2 ** 20,
  maxOpen: 2048,
  maxOpenBytes: 64 * 2 ** 20,
  patienceMs: 1000,
  silenceMs: 5000,
}

const localAccess = (): ApiAccess => ({ hosts: [], origins: [], keys: { always: false, check: () => null } })

type Handler = (context: Context<ApiEnv>) => Response | Promise<Response>
type Method = 'GET' | 'POST'

/** Paths of product.md §4 whose rooms are still empty. */
const notBuilt: readonly (readonly [Method, string])[] = ['', '/v1'].flatMap((base) =>
  ['embeddings', 'responses', 'messages'].map((name) => ['POST', `${base}/${name}`] as const),
)

/** The API as a value: `app.fetch` serves it, `app.request()` tests it. */
export function buildApi(deps: ApiDeps): Hono<ApiEnv> {
  const limits = { ...defaults, ...deps.limits }
  const activity = deps.activity ?? createActivity()
  const app = new Hono<ApiEnv>({ strict: false })
  if (deps.onRequest !== undefined) app.use(report(deps.onRequest))
  const metrics = createMetrics(deps.pool, deps.shutdown?.cut)
  app.use(async (context, next) => {
    await next()
    metrics.countRequest(routeOf(context.req.path), context.res.status)
  })
  app.use(admit(deps.access ?? localAccess, deps.shutdown?.refuse))
  app.onError((error, context) => answerFailure(context, error, deps.logError))
  app.notFound((context) => answerFailure(context, noRoute(context), deps.logError))

  const requests = deps.requests ?? createRequestLog()
  const admission = createAdmission(limits)
  const parts = { ...deps, limits, activity, admission, metrics, requests, listModels: createModelList(deps) }
  const chat = createCompletionHandler(parts, 'chatcmpl', planChat)
  const text = createCompletionHandler(parts, 'cmpl', planText)
  const native = createNativeHandlers(parts)
  const health = (): WireHealth => {
    const state = healthState(deps, activity)
    return { status: 'healthy', service: 'mlx-knife', state, version: deps.version }
  }
  route(app, 'GET', '/', (context) => context.json({ service: 'mlx-knife', version: deps.version }))
  route(app, 'GET', '/health', (context) => context.json(health()))
  for (const base of ['', '/v1']) {
    route(app, 'GET', `${base}/models`, async (context) => context.json(await listWireModels(parts)))
    route(app, 'GET', `${base}/models/:id{.+}`, async (context) =>
      context.json(await showWireModel(parts, context.req.param('id') ?? '')),
    )
    route(app, 'POST', `${base}/chat/completions`, chat)
    route(app, 'POST', `${base}/completions`, text)
  }
  route(app, 'GET', '/metrics', (context) =>
    context.text(
      metrics.render({ models: deps.pool.list(), inFlight: activity.inFlight(), residentBytes: process.memoryUsage.rss() }),
      200,
      { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' },
    ),
  )
  for (const name of ['models', 'status', 'ps', 'events'] as const) route(app, 'GET', `/api/v1/${name}`, native[name])
  for (const name of ['load', 'unload'] as const) route(app, 'POST', `/api/v1/models/${name}`, native[name])
  route(app, 'POST', '/api/v1/downloads', native.download)
  route(app, 'GET', '/api/v1/downloads/:id', native.downloadOf)
  for (const [method, path] of notBuilt) {
    route(app, method, path, (context) => {
      throw new AppError('not_implemented', `${method} ${context.req.path} is planned and not built yet.`)
    })
  }
  return app
}

/** One path, one method; any other is 405. A GET also answers HEAD. */
function route(app: Hono<ApiEnv>, method: Method, path: string, handler: Handler): void {
  app.on(method, path, handler)
  app.all(path, (context) => {
    const allowed = method === 'GET' ? 'GET, HEAD' : method
    context.header('Allow', `${allowed}, OPTIONS`)
    throw new AppError('method_not_allowed', `${context.req.path} takes ${allowed}, not ${context.req.method}.`)
  })
}

function noRoute(context: Context<ApiEnv>): AppError {
  return new AppError('not_found', `There is no ${context.req.method} ${context.req.path} here.`, {
    hint: 'The base URL for OpenAI clients ends in /v1.',
  })
}
