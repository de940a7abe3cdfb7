import { isErrorCode, type ErrorCode } from './codes'

/** How an error travels: through RPC frames, `--json` output and job states. Never a stack, never a cause. */
export interface SerializedError {
  code: ErrorCode
  message: string
  /** What to do next, as one sentence or a command line. */
  hint?: string | undefined
  /** Facts for programs: candidates of an ambiguous name, pid and URL of an owner, validation issues. */
  data?: Record<string, unknown> | undefined
}

/** The one error that core throws for everything a user can cause or mend. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly data: Record<string, unknown> | undefined

  constructor(
    code: ErrorCode,
    message: string,
    more: { hint?: string | undefined; data?: Record<string, unknown> | undefined; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'AppError'
    this.code = code
    this.hint = more.hint
    this.data = more.data
  }
}

/** The errno name (`ENOENT`, `EADDRINUSE`…) of a Node system error, else null. */
export function toErrno(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

/** True for an AbortSignal's own reason as well as for our `cancelled`. */
export function isCancellation(error: unknown): boolean {
  if (error instanceof AppError) return error.code === 'cancelled'
  return error instanceof Error && (error.name === 'AbortError' || toErrno(error) === 'ABORT_ERR')
}

/**
 * Turns anything thrown into a value that may leave the process. Unknown errors become `internal` and lose their text, since it
 * may hold paths or user data; the caller logs them first, under `requestId`.
 */
export function toSerializedError(error: unknown, requestId?: string): SerializedError {
  if (error instanceof AppError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.data === undefined ? {} : { data: error.data }),
    }
  }
  if (isCancellation(error)) return { code: 'cancelled', message: 'The call was cancelled.' }
  return {
    code: 'internal',
    message: 'Something went wrong inside MLX Knife.',
    hint: 'The log has the details: see "mlxk doctor" for where it is.',
    ...(requestId === undefined ? {} : { data: { request_id: requestId } }),
  }
}

/** Rebuilds the error on the receiving side of a transport. An unknown code, from a newer version, becomes `internal`. */
export function fromSerializedError(value: Omit<SerializedError, 'code'> & { code: string }): AppError {
  const code = isErrorCode(value.code) ? value.code : 'internal'
  return new AppError(code, value.message, { hint: value.hint, data: value.data })
}
