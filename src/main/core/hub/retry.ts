import { AppError } from '../../../shared/errors'

export interface RetryDeps {
  /** Rejects when the signal aborts. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** From 0 up to 1. */
  random: () => number
  /** Told before each wait. */
  onWait?: (waitMs: number, error: AppError) => void
}

const FIRST_MS = 1000
const MAX_MS = 30_000
/** Whoever is asked to wait longer is told so, instead of waiting for minutes with no word. */
const PATIENCE_MS = 60_000

/** True for what may be gone in a moment: a lost connection, a busy Hub. Not for a certificate, or for what the Hub refuses. */
export function isTransient(error: unknown): error is AppError {
  if (!(error instanceof AppError)) return false
  if (error.code === 'network_failed') return error.data?.['kind'] !== 'certificate'
  if (error.data?.['kind'] === 'link') return true
  const status = error.data?.['status']
  return (
    error.code === 'hub_rate_limited' ||
    (error.code === 'hub_failed' && typeof status === 'number' && (status === 408 || status >= 500))
  )
}

/** Milliseconds before the attempt after `failures` failures: doubling with jitter, and never earlier than the Hub asks for. */
export function backOffMs(failures: number, error: AppError, random: () => number): number {
  const own = Math.min(MAX_MS, FIRST_MS * 2 ** (failures - 1)) * (0.5 + random() / 2)
  const asked = error.data?.['retry_after_seconds']
  return Math.max(own, typeof asked === 'number' ? asked * 1000 : 0)
}

/** Calls until it succeeds, fails for good, has failed `attempts` times, or is to wait for more than a minute. @throws what the last attempt threw */
export async function retry<T>(attempts: number, deps: RetryDeps, call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await call()
    } catch (error) {
      if (!isTransient(error) || failures >= attempts || signal?.aborted === true) throw error
      const waitMs = backOffMs(failures, error, deps.random)
      if (waitMs > PATIENCE_MS) throw error
      deps.onWait?.(waitMs, error)
      await deps.sleep(waitMs, signal)
    }
  }
}
