import { AppError } from '../../../shared/errors'

/** Why a download waits, and when it is tried again. */
export interface Wait {
  note: string
  retryMs: number
}

const FIRST_MS = 5000
const LONGEST_MS = 60_000
const DISK_MS = 15_000
const BUSY_MS = 5000

/**
 * Whether a failure passes by itself: the network, the Hub, the disk, or another program that is at the same model. Null: it does not, and
 * somebody has to decide.
 * @param failures in a row, this one included
 */
export function toWait(error: unknown, failures: number): Wait | null {
  if (!(error instanceof AppError)) return null
  const { code, message, data } = error
  const backOff = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1))
  if (code === 'network_failed' || code === 'hub_failed') return { note: `${message} Trying again by itself.`, retryMs: backOff }
  if (code === 'disk_full') return { note: `${message} Going on as soon as there is room.`, retryMs: DISK_MS }
  if (code === 'busy') return { note: message, retryMs: BUSY_MS }
  if (code !== 'hub_rate_limited') return null
  const asked = data?.['retry_after_seconds']
  return { note: `${message} Going on by itself.`, retryMs: Math.max(backOff, typeof asked === 'number' ? asked * 1000 : 0) }
}
