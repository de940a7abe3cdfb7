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
  /** True when nothing is held back. */
  isEmpty: () => boolean
}

/**
 * Finds stop texts in a stream exactly, wherever the chunks are cut: the stop that is complete first ends the answer; of two that
 * end together, the longer. Text is held back only while it is the beginning of a stop, or half a character (UTF-16 has two units for an
 * emoji): no chunk ever ends inside one.
 * @param stops texts of at least one character
 */
export function createStopMatcher(stops: readonly string[]): StopMatcher {
  let held = ''
  const longest = Math.max(0, ...stops.map((stop) => stop.length))
  const begins = new Set(stops.map((stop) => stop.charCodeAt(0)))
  return {
    isEmpty: () => held === '',
    push: (text) => {
      const whole = held + text
      const start = firstMatch(whole, stops)
      if (start !== null) {
        held = ''
        return { text: whole.slice(0, start), stopped: true }
      }
      const keep = Math.max(endsInHalf(whole) ? 1 : 0, partialLength(whole))
      if (keep === 0) {
        held = ''
        return { text: whole, stopped: false }
      }
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

  /** Length of the longest end of `text` that begins a stop without being all of it. Looked at with every token. */
  function partialLength(text: string): number {
    for (let start = Math.max(0, text.length - longest + 1); start < text.length; start += 1) {
      if (!begins.has(text.charCodeAt(start))) continue
      const end = text.slice(start)
      if (stops.some((stop) => stop.length > end.length && stop.startsWith(end))) return end.length
    }
    return 0
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
