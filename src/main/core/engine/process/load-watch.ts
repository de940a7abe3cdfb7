export interface LoadWatchDeps {
  /** Monotonic milliseconds. */
  clock: () => number
  /** So long a load may take; time in which we slept does not count. */
  deadlineMs: number
  onDeadline: () => void
  /** Every half second. */
  onTick: () => void
}

const everyMs = 500

/** Follows one load until `close`. */
export function watchLoad({ clock, deadlineMs, onDeadline, onTick }: LoadWatchDeps): { close: () => void } {
  let awakeMs = 0
  let last = clock()
  const timer = setInterval(() => {
    const now = clock()
    awakeMs += Math.min(now - last, 4 * everyMs)
    last = now
    if (awakeMs < deadlineMs) onTick()
    else {
      clearInterval(timer)
      onDeadline()
    }
  }, everyMs)
  timer.unref()
  return { close: () => clearInterval(timer) }
}
