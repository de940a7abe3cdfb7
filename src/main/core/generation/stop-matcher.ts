export interface StopMatch {
  /** What may be delivered now. */
  text: string
  /** True once a stop text was complete; it and all after it are swallowed. */
  stopped: boolean
}

export interface StopMatcher {
  push: (text: string) => StopMatch
  /** What was held back because it might have become a stop text. Call when the answer has ended. */
  flush: () => string
}

/**
 * Finds stop texts in a stream exactly, wherever the chunks are cut: the stop that is complete first ends the answer; of two that
 * end together, the longer. Text is held back only while it is the beginning of a stop, or half a character (UTF-16 has two units for an
 * emoji): no chunk ever ends inside one.
 * @param stops texts of at least one character
 */
export function createStopMatcher(stops: readonly string[]): StopMatcher {
  let held = ''
  return {
    push: (text) => {
      const whole = held + text
      const start = firstMatch(whole, stops)
      if (start !== null) {
        held = ''
        return { text: whole.slice(0, start), stopped: true }
      }
      const keep = Math.max(endsInHalf(whole) ? 1 : 0, ...stops.map((stop) => partialLength(whole, stop)))
      held = whole.slice(whole.length - keep)
      return { text: whole.slice(0, whole.length - keep), stopped: false }
    },
    flush: () => {
      const rest = held
      held = ''
      // The other half never came.
      return endsInHalf(rest) ? `${rest.slice(0, -1)}\uFFFD` : rest
    },
  }
}

/** A high surrogate whose low one is yet to come. */
function endsInHalf(text: string): boolean {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd800 && last <= 0xdbff
}

/** Start of the match that ends first, of several such the earliest start. */
function firstMatch(text: string, stops: readonly string[]): number | null {
  let best: { start: number; end: number } | null = null
  for (const stop of stops) {
    const start = text.indexOf(stop)
    if (start === -1) continue
    const end = start + stop.length
    if (best === null || end < best.end || (end === best.end && start < best.start)) best = { start, end }
  }
  return best?.start ?? null
}

/** Length of the longest end of `text` that begins `stop` without being all of it. */
function partialLength(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(stop.slice(0, length))) return length
  }
  return 0
}
