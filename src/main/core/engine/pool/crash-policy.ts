/** Seconds before the n-th restart after a crash. */
const delays = [1, 2, 5, 15, 60]
const windowMs = 5 * 60_000
const maxCrashes = 3

/**
 * What to do after crashes: wait until a time, or give up. Crashes older than five minutes are forgotten.
 * @param crashes times in ms, oldest first
 */
export function afterCrashes(crashes: readonly number[], now: number): { giveUp: boolean; waitMs: number } {
  const recent = crashes.filter((time) => now - time < windowMs)
  const last = recent.at(-1)
  if (last === undefined) return { giveUp: false, waitMs: 0 }
  const delay = (delays[Math.min(recent.length, delays.length) - 1] ?? 60) * 1000
  return { giveUp: recent.length >= maxCrashes, waitMs: Math.max(0, last + delay - now) }
}
