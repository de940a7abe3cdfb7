import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Contract } from '../../../shared/contract'
import { AppError, httpErrors, toSerializedError, type SerializedError } from '../../../shared/errors'
import { MAX_INPUT_BYTES, type Dispatcher, type Frame } from '../../../shared/rpc'
import { checkRequest, securityHeaders, serveFile } from '../http'
import { createGate, type Identity, type OneTimeCodes } from './auth'
import { toEventStream } from './event-stream'

export interface ControlDeps {
  /** Says which calls are streams; the dispatcher does the rest. */
  contract: Contract
  dispatcher: Dispatcher
  identity: Identity
  codes: Pick<OneTimeCodes, 'use'>
  /** Folder of the built page. */
  pageRoot: string
  onUnforeseen?: (error: unknown) => void
  heartBeatMs?: number
}

function fail(context: Context, error: SerializedError): Response {
  const headers = error.code === 'unauthorized' ? { 'www-authenticate': 'Bearer' } : {}
  return context.json({ error }, httpErrors[error.code].status as ContentfulStatusCode, headers)
}

const refuse = (context: Context, error: AppError): Response => fail(context, toSerializedError(error))

/** A form or an image tag of another page cannot send this type without asking first. */
function isJson(context: Context): boolean {
  return /^application\/json\s*(;|$)/i.test(context.req.header('content-type') ?? '')
}

const notJson = (): AppError =>
  new AppError('unsupported_media_type', 'The request must have the content type application/json.', {
    hint: 'Send the header "content-type: application/json".',
  })
const malformed = (): AppError => new AppError('invalid_input', 'The request is not valid JSON.', { hint: 'Send one JSON object.' })

/** The body as JSON; an empty one counts as `{}`, so that calls without input are pleasant by hand. */
async function readJson(context: Context): Promise<{ value: unknown } | null> {
  const text = await context.req.text()
  if (text.trim() === '') return { value: {} }
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return null
  }
}

async function answerOnce(context: Context, frames: AsyncGenerator<Frame>): Promise<Response> {
  let answer: Response | null = null
  for await (const frame of frames) {
    if (frame.type === 'error') return fail(context, frame.error)
    if (frame.type === 'data') answer = context.json(frame.data as object)
  }
  return answer ?? fail(context, toSerializedError(new AppError('internal', 'The call had no answer.')))
}

/** A member of a JSON body, undefined when there is none. */
function member(body: { value: unknown } | null, name: string): unknown {
  const value = body?.value
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/**
 * The control port: calls of the contract (JSON for methods, server-sent events for streams), the trade of a one-time code for the
 * token, and the page. Loopback only; every call needs a proof that its client knows the token; Host and Origin are checked before
 * anything else.
 */
export function buildControl(deps: ControlDeps): Hono {
  const { contract, dispatcher, codes, pageRoot } = deps
  const gate = createGate(deps.identity)
  const app = new Hono()
  const limit = bodyLimit({
    maxSize: MAX_INPUT_BYTES,
    onError: (context) =>
      refuse(context, new AppError('too_large', `The request is larger than ${MAX_INPUT_BYTES / 1024 / 1024} MB.`)),
  })

  app.onError((error, context) => {
    deps.onUnforeseen?.(error)
    return fail(context, toSerializedError(error))
  })
  app.use(async (context, next) => {
    const refusal = checkRequest(context.req.raw.headers, { hosts: [], origins: [], localOrigins: false })
    if (refusal !== null) return refuse(context, refusal)
    await next()
    for (const [name, value] of Object.entries(securityHeaders)) context.res.headers.set(name, value)
    if (!context.res.headers.has('cache-control')) context.res.headers.set('cache-control', 'no-store')
    return undefined
  })

  app.post('/rpc/:name', limit, async (context) => {
    if (!gate.isClient(context.req.header('authorization'))) {
      return refuse(
        context,
        new AppError('unauthorized', 'The proof of access is missing or wrong.', { hint: 'Run "mlxk ui" for a new link.' }),
      )
    }
    if (!isJson(context)) return refuse(context, notJson())
    const body = await readJson(context)
    if (body === null) return refuse(context, malformed())
    const name = context.req.param('name')
    const leave = new AbortController()
    const { signal } = context.req.raw
    if (signal.aborted) leave.abort()
    else signal.addEventListener('abort', () => leave.abort(), { once: true })
    const frames = dispatcher(name, body.value, leave.signal)
    if (!Object.hasOwn(contract, name) || contract[name]?.kind !== 'stream') return answerOnce(context, frames)
    return context.body(
      toEventStream(frames, () => leave.abort(), deps.heartBeatMs),
      200,
      {
        'content-type': 'text/event-stream; charset=utf-8',
        'x-accel-buffering': 'no',
      },
    )
  })

  const small = bodyLimit({ maxSize: 4096, onError: (context) => refuse(context, malformed()) })
  app.post('/auth/hello', small, async (context) => {
    if (!isJson(context)) return refuse(context, notJson())
    const hello = gate.hello(member(await readJson(context), 'nonce'))
    return hello === null ? refuse(context, malformed()) : context.json(hello)
  })
  app.post('/auth/exchange', small, async (context) => {
    if (!isJson(context)) return refuse(context, notJson())
    const body = await readJson(context)
    const [code, ticket] = [member(body, 'code'), member(body, 'ticket')]
    if (typeof code !== 'string' && typeof ticket !== 'string') return refuse(context, malformed())
    const isGood = typeof code === 'string' ? codes.use(code) : typeof ticket === 'string' && gate.isTicket(ticket)
    if (isGood) return context.json({ token: deps.identity.token })
    return refuse(
      context,
      new AppError('unauthorized', 'This link was used before or is too old.', { hint: 'Run "mlxk ui" for a new link.' }),
    )
  })

  app.on(['GET', 'HEAD'], '*', (context) => {
    const { pathname } = new URL(context.req.url)
    if (pathname.startsWith('/rpc/') || pathname.startsWith('/auth/')) {
      return refuse(context, new AppError('method_not_allowed', 'Calls are made with POST.'))
    }
    return serveFile(pageRoot, pathname, context.req.method === 'HEAD')
  })
  app.notFound((context) => refuse(context, new AppError('not_found', 'There is nothing here.')))
  return app
}
