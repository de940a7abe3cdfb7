import type { LoadedModel } from '../../../shared/contract'
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

/** One line per request of the API: never its query, headers or body. */
export function logRequests(log: Log): (report: { path: string; status: number }) => void {
  return (report) => {
    const fields = { ...report }
    // What programs ask again and again to see whether we live is no news.
    if (report.path === '/health') log.debug('request', fields)
    else log.info('request', fields)
  }
}

/** One line whenever a model gets into another state. */
export function logModels(log: Log, list: () => readonly LoadedModel[]): () => void {
  let before = new Map<string, string>()
  return () => {
    const models = list()
    const now = new Map(models.map(({ name, state }) => [name, state]))
    for (const { name, state, error } of models) {
      if (before.get(name) === state) continue
      if (error === null) log.info('model', { model: name, state })
      else log.warn('model', { model: name, state, reason: error.message })
    }
    for (const name of before.keys()) if (!now.has(name)) log.info('model', { model: name, state: 'unloaded' })
    before = now
  }
}
