import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context, MiddlewareHandler } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { AppError } from '../../../shared/errors'
import { checkAccess, checkRequest, isLocalCaller, scopeOf } from '../http'
import type { ApiAccess, RequestReport } from './deps'
import { isUnexpected, toHttpError } from './wire-error'

export interface ApiEnv {
  /** What the HTTP adapter adds; absent when the app is called as a value. */
  Bindings: { incoming?: Pick<IncomingMessage, 'socket'>; outgoing?: ServerResponse }
  Variables: { requestId: string }
}

/**
 * What every request passes first: its id, the guards against web pages, CORS for those that may call, the key where one is needed, and
 * the refusal while stopping.
 */
export function admit(access: () => ApiAccess, refuse: AbortSignal | undefined): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    const requestId = `req_${randomUUID().replaceAll('-', '')}`
    context.set('requestId', requestId)
    context.header('X-Request-ID', requestId)
    const { hosts, origins, keys } = access()
    const { headers } = context.req.raw
    const refusal = checkRequest(headers, { hosts, origins, localOrigins: true, fromSettings: true })
    if (refusal !== null) throw refusal
    allowOrigin(context)
    if (context.req.method === 'OPTIONS') return preflight(context)
    // Called as a value, by this very process, there is no peer.
    const peer = context.env?.incoming
    const local = peer === undefined || isLocalCaller(peer, headers)
    const denial = checkAccess(scopeOf(context.req.method, context.req.path), { local, headers }, keys)
    if (denial !== null) {
      if (denial.code === 'unauthorized') context.header('WWW-Authenticate', 'Bearer')
      throw denial
    }
    if (refuse?.aborted === true) {
      context.header('Connection', 'close')
      throw new AppError('server_shutdown', 'The server is shutting down.', { hint: 'Try again in a moment.' })
    }
    return next()
  }
}

/** Tells how each request was answered. */
export function report(tell: (report: RequestReport) => void): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    const startedAt = performance.now()
    await next()
    const { method, path } = context.req
    const ms = Math.round(performance.now() - startedAt)
    tell({ request_id: context.get('requestId') ?? '', method, path: path.slice(0, 200), status: context.res.status, ms })
  }
}

/** Any error as its answer; one that nobody foresaw is logged under the request's id. */
export function answerFailure(
  context: Context<ApiEnv>,
  error: unknown,
  logError: (error: unknown, requestId: string) => void,
): Response {
  const requestId = context.get('requestId')
  if (isUnexpected(error)) logError(error, requestId)
  const { status, headers, body } = toHttpError(error, requestId)
  // 499 is nginx's number for a client that left; hono does not list it, and nobody is there to read it.
  return context.json(body, status as ContentfulStatusCode, headers)
}

function allowOrigin(context: Context<ApiEnv>): void {
  const origin = context.req.header('origin')
  if (origin === undefined) return
  context.header('Access-Control-Allow-Origin', origin)
  context.header('Access-Control-Expose-Headers', 'X-Request-ID, Retry-After')
  context.header('Vary', 'Origin')
}

/** The SDKs send headers of their own (`x-stainless-…`), so whatever an allowed page asks for is granted. */
function preflight(context: Context<ApiEnv>): Response {
  context.header('Allow', 'GET, HEAD, POST, OPTIONS')
  if (context.req.header('origin') !== undefined) {
    context.header('Access-Control-Allow-Methods', 'GET, HEAD, POST, OPTIONS')
    context.header(
      'Access-Control-Allow-Headers',
      context.req.header('access-control-request-headers') ?? 'Authorization, Content-Type',
    )
    context.header('Access-Control-Max-Age', '600')
    if (context.req.header('access-control-request-private-network') === 'true') {
      context.header('Access-Control-Allow-Private-Network', 'true')
    }
  }
  return context.body(null, 204)
}
