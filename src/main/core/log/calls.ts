import type { CallReport } from '../../../shared/rpc'
import type { Log } from './log'

/** Logs what went wrong where nobody waits for it. */
export const complainTo =
  (log: Log, message: string) =>
  (error: unknown): void =>
    log.error(message, { error })

/** One line per call: which, how long, how it ended. Never what was asked or answered. */
export function logCalls(log: Log): (report: CallReport) => void {
  return ({ requestId, name, outcome, durationMs, error }) => {
    const fields = { request_id: requestId, call: name.slice(0, 100), outcome, ms: durationMs }
    if (error === undefined) log.debug('call', fields)
    else log.error('call failed', { ...fields, error })
  }
}
