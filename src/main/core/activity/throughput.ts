export interface Throughput {
  add: (tokens: number) => void
  read: () => { step_s: number; samples: number[]; now: number }
}

const SECONDS = 600
const STEP_S = 5

/** Tokens per second over the last ten minutes, in a ring of seconds. `now` in milliseconds. */
export function createThroughput(now: () => number): Throughput {
  const counts = new Float64Array(SECONDS)
  let last = Math.floor(now() / 1000)

  /** Empties the seconds in which nobody counted. */
  const advance = (): number => {
    const second = Math.max(last, Math.floor(now() / 1000))
    if (second - last >= SECONDS) counts.fill(0)
    else for (let at = last + 1; at <= second; at++) counts[at % SECONDS] = 0
    last = second
    return second
  }
  const sum = (from: number, to: number): number => {
    let total = 0
    for (let at = from; at < to; at++) total += counts[at % SECONDS] ?? 0
    return total
  }
  const round = (value: number): number => Math.round(value * 10) / 10
  return {
    add: (tokens) => {
      const index = advance() % SECONDS
      counts[index] = (counts[index] ?? 0) + tokens
    },
    read: () => {
      const end = advance() + 1
      const samples: number[] = []
      for (let from = end - SECONDS; from < end; from += STEP_S) samples.push(round(sum(from, from + STEP_S) / STEP_S))
      return { step_s: STEP_S, samples, now: samples.at(-1) ?? 0 }
    },
  }
}
