import type { Limits } from './types'

const SAMPLE_MS = 250
const SPEED_TAU_MS = 3000
const ETA_TAU_MS = 15_000
/** Before this an estimate is a guess. */
const ETA_AFTER_MS = 3000

export interface Meter {
  add: (bytes: number) => void
  /** Takes a sample when one is due. */
  sample: () => void
  fetchedBytes: () => number
  bytesPerSecond: () => number
  /** Null while nothing can be said. */
  etaSeconds: (remainingBytes: number) => number | null
}

/** Speed as an exponentially weighted mean; the estimate of the end uses a slower one, so that it does not jump. */
export function createMeter(now: () => number): Meter {
  const startMs = now()
  let lastMs = startMs
  let fetched = 0
  let sampled = 0
  let speed = 0
  let slow = 0
  const blend = (old: number, rate: number, ms: number, tau: number): number => old + (rate - old) * (1 - Math.exp(-ms / tau))
  return {
    add: (bytes) => (fetched += bytes),
    sample: () => {
      const ms = now() - lastMs
      if (ms < SAMPLE_MS) return
      const rate = ((fetched - sampled) * 1000) / ms
      const isFirst = sampled === 0
      speed = isFirst ? rate : blend(speed, rate, ms, SPEED_TAU_MS)
      slow = isFirst ? rate : blend(slow, rate, ms, ETA_TAU_MS)
      sampled = fetched
      lastMs += ms
    },
    fetchedBytes: () => fetched,
    bytesPerSecond: () => Math.round(speed),
    etaSeconds: (remaining) => (now() - startMs < ETA_AFTER_MS || slow < 1 ? null : Math.ceil(remaining / slow)),
  }
}

/** Lets so many bytes per second through, all connections together. */
export interface Throttle {
  /** Null: at once. Else resolves when the bytes may be read on. */
  take: (bytes: number) => Promise<void> | null
}

/** A bucket that holds a quarter of a second. @param sleep rejects when the transfer ends */
export function createThrottle(limits: () => Limits, now: () => number, sleep: (ms: number) => Promise<void>): Throttle {
  let freeAtMs = now()
  return {
    take: (bytes) => {
      const { bytesPerSecond } = limits()
      if (bytesPerSecond === null) return null
      freeAtMs = Math.max(freeAtMs, now() - SAMPLE_MS) + (bytes * 1000) / bytesPerSecond
      const waitMs = freeAtMs - now()
      return waitMs <= 0 ? null : sleep(waitMs)
    },
  }
}
