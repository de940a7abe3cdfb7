import type { SerializedError } from '../../../shared/errors'
import type { OutputMode } from '../argv'

/** Either the data of a command or why there is none; the other is null. */
export interface Result {
  command: string | null
  data: object | null
  /** Form (a) of `data` where it differs. */
  projected?: object | undefined
  error: SerializedError | null
}

/** An error as `--json` shows it: `{type, message, hint?}` and its facts (`matches`, `available_hashes`, `pid`…) beside them. */
export function toJsonError(error: SerializedError): object {
  return {
    type: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...Object.fromEntries(Object.entries(error.data ?? {}).filter(([key]) => !['type', 'message', 'hint'].includes(key))),
  }
}

/**
 * The one JSON document of a call, with its line break. `compact` puts it on one line, for commands that go on after it.
 * Forms: product.md §5.
 */
export function renderDocument(mode: Exclude<OutputMode, 'human'>, result: Result, compact = false): string {
  const error = result.error === null ? null : toJsonError(result.error)
  const status = error === null ? 'success' : 'error'
  const { command } = result
  const indent = compact ? undefined : 2
  const short = result.projected ?? result.data
  if (mode === 'stream') return `${JSON.stringify({ type: 'result', status, command, data: result.data, error })}\n`
  const document =
    mode === 'flat' ? { ...result.data, error } : { status, command, data: mode === 'full' ? result.data : short, error }
  return `${JSON.stringify(document, null, indent)}\n`
}
