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
  const text = hint === undefined ? message : `${message} ${hint}`
  return {
    status,
    headers: retryHeaders(code, status),
    body: { error: { message: text, type, param, code }, request_id: requestId },
  }
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
