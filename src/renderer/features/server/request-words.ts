import type { ApiRequest } from '../../../shared/contract'
import { isErrorCode } from '../../../shared/errors'
import type { Messages } from '../../lib/messages'

export const phaseNames = ['queue', 'load', 'prefill', 'decode'] as const
export type PhaseName = (typeof phaseNames)[number]

/** Colours of the phases, the same in the list, its legend and the pane. */
export const phaseColours: Record<PhaseName, string> = {
  queue: 'queue-stripes',
  load: 'bg-data-3',
  prefill: 'bg-data-2',
  decode: 'bg-data-1',
}

export function phasesOf(request: ApiRequest): Record<PhaseName, number> {
  return { queue: request.queue_ms, load: request.load_ms, prefill: request.prefill_ms, decode: request.decode_ms }
}

export function totalMs(request: ApiRequest): number {
  return request.queue_ms + request.load_ms + request.prefill_ms + request.decode_ms
}

export function isRunning({ state }: Pick<ApiRequest, 'state'>): boolean {
  return state !== 'done' && state !== 'failed' && state !== 'cancelled'
}

export function clientWord({ client }: Pick<ApiRequest, 'client'>, t: Messages): string {
  if (client === null) return t.serverView.clientUnknown
  return client === 'Mozilla' ? t.serverView.clientBrowser : client
}

/** "507, This model needs more memory" of a request that failed, else null. */
export function failureWord({ state, status, error_code: code }: ApiRequest, t: Messages): string | null {
  if (state !== 'failed') return null
  const title = t.errors.title(code !== null && isErrorCode(code) ? code : 'internal')
  return t.serverView.refused(String(status ?? ''), title)
}
