import { Hono, type Context } from 'hono'
import { AppError } from '../../../shared/errors'
import type { WireHealth } from '../../../shared/openai'
import { createActivity, type Activity } from './activity'
import { createChatHandler } from './chat'
import type { ApiAccess, ApiDeps, ApiLimits } from './deps'
import { admit, answerFailure, report, type ApiEnv } from './front'
import { listWireModels, showWireModel } from './models'

const defaults: ApiLimits = { maxBodyBytes: 16 * 1024 * 1024, maxInFlight: 256, patienceMs: 1000, silenceMs: 5000 }

const localAccess = (): ApiAccess => ({ hosts: [], origins: [], keys: { always: false, check: () => null } })

type Handler = (context: Context<ApiEnv>) => Response | Promise<Response>
type Method = 'GET' | 'POST'

/** Paths of product.md §4 whose rooms are still empty. */
const notBuilt: readonly (readonly [Method, string])[] = [
  ...['', '/v1'].flatMap((base) =>
    ['completions', 'embeddings', 'responses', 'messages'].map((name) => ['POST', `${base}/${name}`] as const),
  ),
  ['GET', '/metrics'],
  ...['models', 'status', 'ps', 'events', 'downloads/:id'].map((name) => ['GET', `/api/v1/${name}`] as const),
  ...['models/load', 'models/unload', 'downloads'].map((name) => ['POST', `/api/v1/${name}`] as const),
]

/** The API as a value: `app.fetch` serves it, `app.request()` tests it. */
export function buildApi(deps: ApiDeps): Hono<ApiEnv> {
  const limits = { ...defaults, ...deps.limits }
  const activity = deps.activity ?? createActivity()
  const app = new Hono<ApiEnv>({ strict: false })
  if (deps.onRequest !== undefined) app.use(report(deps.onRequest))
  app.use(admit(deps.access ?? localAccess, deps.shutdown?.refuse))
  app.onError((error, context) => answerFailure(context, error, deps.logError))
  app.notFound((context) => answerFailure(context, noRoute(context), deps.logError))

  const chat = createChatHandler({ ...deps, limits, activity })
  route(app, 'GET', '/', (context) => context.json({ service: 'mlx-knife', version: deps.version }))
  route(app, 'GET', '/health', (context) => context.json(health(deps, activity)))
  for (const base of ['', '/v1']) {
    route(app, 'GET', `${base}/models`, async (context) => context.json(await listWireModels(deps)))
    route(app, 'GET', `${base}/models/:id{.+}`, async (context) =>
      context.json(await showWireModel(deps, context.req.param('id') ?? '')),
    )
    route(app, 'POST', `${base}/chat/completions`, chat)
  }
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

function health({ pool, version, isDegraded, shutdown }: ApiDeps, activity: Activity): WireHealth {
  const answer = (state: WireHealth['state']): WireHealth => ({ status: 'healthy', service: 'mlx-knife', state, version })
  const states = new Set(pool.list().map((model) => model.state))
  if (shutdown?.refuse.aborted === true || isDegraded?.() === true || states.has('crashed')) return answer('degraded')
  if (activity.inFlight() > 0) return answer('busy')
  const starting = states.has('spawning') || states.has('loading') || states.has('warming')
  return answer(starting ? 'starting' : 'ready')
}
