import type { Crash } from './entry'

/** Seconds before the n-th restart after a crash. */
const delays = [1, 2, 5, 15, 60]
const windowMs = 5 * 60_000
const maxCrashes = 3
const maxStrain = 3

/**
 * What to do after crashes: wait until a time, or give up. Crashes older than five minutes are forgotten. `strain` counts those that look
 * like too little memory: the next start takes less.
 * @param crashes oldest first
 */
export function afterCrashes(crashes: readonly Crash[], now: number): { giveUp: boolean; waitMs: number; strain: number } {
  const recent = crashes.filter(({ at }) => now - at < windowMs)
  const last = recent.at(-1)
  if (last === undefined) return { giveUp: false, waitMs: 0, strain: 0 }
  const delay = (delays[Math.min(recent.length, delays.length) - 1] ?? 60) * 1000
  const strain = Math.min(maxStrain, recent.filter(({ starved }) => starved).length)
  return { giveUp: recent.length >= maxCrashes, waitMs: Math.max(0, last.at + delay - now), strain }
}
