import { httpErrors, isCancellation, AppError, toSerializedError, type ErrorCode } from '../../../shared/errors'
import type { WireError } from '../../../shared/openai'

export interface HttpError {
  status: number
  headers: Record<string, string>
  body: WireError
}

const modelCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'model_not_found',
  'ambiguous_match',
  'invalid_name',
  'hash_not_found',
  'model_unhealthy',
  'model_incompatible',
])

/** 503s that the same request will meet again until somebody acts. The official clients honour `x-should-retry`. */
const lasting: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['engine_missing', 'engine_load_failed', 'cache_unreadable'])

/** Anything thrown, in OpenAI's shape. What is no AppError loses its text: see `toSerializedError`. */
export function toHttpError(error: unknown, requestId: string): HttpError {
  const { code, message, hint, data } = toSerializedError(error, requestId)
  const { status, type } = httpErrors[code]
  const place = data?.['param']
  const param = typeof place === 'string' ? place : modelCodes.has(code) ? 'model' : null
  const text = [message, ...candidates(data?.['matches']), ...(hint === undefined ? [] : [hint])].join(' ')
  return {
    status,
    headers: retryHeaders(code, status),
    body: { error: { message: text, type, param, code }, request_id: requestId },
  }
}

/** OpenAI's shape has no place for a list: a client sees the candidates of an ambiguous name in the message. */
function candidates(matches: unknown): string[] {
  if (!Array.isArray(matches) || matches.length === 0) return []
  const shown = matches.slice(0, 5).map(String).join(', ')
  return [`It may be ${shown}${matches.length > 5 ? ', …' : '.'}`]
}

/** True for errors that nobody foresaw: they are logged under the request id, since the client is not told more. */
export function isUnexpected(error: unknown): boolean {
  return !(error instanceof AppError) && !isCancellation(error)
}

function retryHeaders(code: ErrorCode, status: number): Record<string, string> {
  if (status === 429) return { 'Retry-After': '1' }
  if (status !== 503) return {}
  return lasting.has(code) ? { 'Retry-After': '30', 'X-Should-Retry': 'false' } : { 'Retry-After': '2' }
}
