import { isErrorCode, toSerializedError, type SerializedError } from '../../shared/errors'

/** What the stores keep of a failed call: a value, or null when the user ended the call. */
export function toFailure(error: unknown): SerializedError | null {
  const value = toSerializedError(error)
  return value.code === 'cancelled' ? null : value
}

/** An error out of the owner's state. A code this window does not know becomes `internal`. */
export function asFailure(value: (Omit<SerializedError, 'code'> & { code: string }) | null): SerializedError | null {
  if (value === null) return null
  const { code, ...rest } = value
  return { ...rest, code: isErrorCode(code) ? code : 'internal' }
}
