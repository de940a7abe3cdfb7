/** Bytes `[from, to)` of a file. */
export interface Span {
  from: number
  to: number
}

/** A span that somebody fetches now: `at` is the next byte, `to` may be lowered by another who takes the rest. */
export interface Claim {
  at: number
  to: number
}

/** A lane fetches at most this much with one request: a lost one costs little, and the rest is there for others. */
const PIECE_BYTES = 64 * 1024 * 1024
/** Below this a second connection costs more than it gains. */
const SMALLEST_SHARE = 16 * 1024 * 1024

/** Spans in order, those that touch as one, nothing outside of the file. */
export function mergeSpans(spans: readonly Span[], size: number): Span[] {
  const sorted = spans
    .map(({ from, to }) => ({ from: Math.max(0, from), to: Math.min(size, to) }))
    .filter(({ from, to }) => from < to)
    .sort((a, b) => a.from - b.from)
  const merged: Span[] = []
  for (const span of sorted) {
    const last = merged.at(-1)
    if (last !== undefined && span.from <= last.to) last.to = Math.max(last.to, span.to)
    else merged.push({ ...span })
  }
  return merged
}

export function sumSpans(spans: readonly Span[]): number {
  return spans.reduce((sum, { from, to }) => sum + to - from, 0)
}

/** The bytes that are in none of the spans. */
export function gapsBetween(spans: readonly Span[], size: number): Span[] {
  const gaps: Span[] = []
  let at = 0
  for (const { from, to } of mergeSpans(spans, size)) {
    if (from > at) gaps.push({ from: at, to: from })
    at = to
  }
  if (at < size) gaps.push({ from: at, to: size })
  return gaps
}

/** What of a file is on the disk, and who fetches which of the rest. Pure bookkeeping. */
export interface Pieces {
  /** The next bytes to fetch: the first gap, at most a piece of it; else half of what the slowest has left, when that is worth it. Null: nothing. */
  claim: () => Claim | null
  /** Bytes of a claim that are on the disk now. */
  advance: (claim: Claim, bytes: number) => void
  /** Gives a claim back: what is missing of it is a gap again. */
  release: (claim: Claim) => void
  /** One request for all that is missing, from the first missing byte on: for servers that know no ranges. */
  claimRest: () => Claim | null
  done: () => Span[]
  doneBytes: () => number
  /** Everything before this byte is on the disk. */
  frontier: () => number
  /** Everything again, from zero. */
  reset: () => void
}

/** @param split whether several may fetch from the same file */
export function createPieces(size: number, have: readonly Span[], split: boolean): Pieces {
  let done = mergeSpans(have, size)
  const claims = new Set<Claim>()
  const taken = (): Span[] => [...done, ...[...claims].map(({ at, to }) => ({ from: at, to }))]
  const add = (from: number, to: number): Claim => {
    const claim = { at: from, to }
    claims.add(claim)
    return claim
  }
  const steal = (): Claim | null => {
    const slowest = [...claims].sort((a, b) => b.to - b.at - (a.to - a.at))[0]
    if (slowest === undefined || slowest.to - slowest.at < 2 * SMALLEST_SHARE) return null
    const middle = slowest.at + Math.ceil((slowest.to - slowest.at) / 2)
    const { to } = slowest
    slowest.to = middle
    return add(middle, to)
  }
  return {
    claim: () => {
      if (!split && claims.size > 0) return null
      const gap = gapsBetween(taken(), size)[0]
      if (gap !== undefined) return add(gap.from, split ? Math.min(gap.to, gap.from + PIECE_BYTES) : gap.to)
      return split ? steal() : null
    },
    advance: (claim, bytes) => {
      // A claim whose end was lowered meanwhile keeps what it has read beyond it out of the count.
      const to = Math.min(claim.to, claim.at + bytes)
      if (!claims.has(claim) || to <= claim.at) return
      const last = done.find((span) => span.to === claim.at)
      if (last === undefined) done = mergeSpans([...done, { from: claim.at, to }], size)
      else last.to = to
      claim.at = to
    },
    release: (claim) => {
      claims.delete(claim)
      done = mergeSpans(done, size)
    },
    claimRest: () => {
      if (claims.size > 0) return null
      const gap = gapsBetween(done, size)[0]
      return gap === undefined ? null : add(gap.from, size)
    },
    done: () => mergeSpans(done, size),
    doneBytes: () => sumSpans(mergeSpans(done, size)),
    frontier: () => gapsBetween(done, size)[0]?.from ?? size,
    reset: () => {
      done = []
      claims.clear()
    },
  }
}
