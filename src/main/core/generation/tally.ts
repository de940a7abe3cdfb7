import type { FinishReason, Timing, Usage } from '../../../shared/contract'
import type { EngineUsage } from '../engine/types'

/** What is known about an answer while it is being made. */
export interface Tally {
  startedAt: number
  firstTokenAt: number | null
  lastTokenAt: number
  /** Chunks with text: a token each, but for characters that are made of several. */
  chunks: number
  /** Tokens of the prompt that the engine had to read; all of them when nothing was cached. */
  promptTokens: number
  usage: EngineUsage | null
  reason: FinishReason
  /** What attempts before this one have cost. */
  before: Usage
}

const nothing: Usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0, cached_tokens: null }

export function startTally(now: number): Tally {
  const base = { startedAt: now, firstTokenAt: null, lastTokenAt: now, chunks: 0, promptTokens: 0 }
  return { ...base, usage: null, reason: 'stop', before: nothing }
}

/** Goes on counting for another attempt at the same answer. */
export function startAgain(tally: Tally): void {
  tally.before = toUsage(tally)
  tally.chunks = 0
  tally.promptTokens = 0
  tally.usage = null
  tally.reason = 'stop'
}

export function countChunk(tally: Tally, now: number): void {
  tally.lastTokenAt = now
  tally.firstTokenAt ??= now
  tally.chunks += 1
}

/**
 * The engine's own count: our launcher has it in every chunk, so also in the last one before a stop text. Without that patch it comes
 * after the end only; then what was seen until the cut.
 */
export function toUsage({ usage, promptTokens, chunks, before }: Tally): Usage {
  return addUsage(before, {
    prompt_tokens: usage?.prompt_tokens ?? promptTokens,
    completion_tokens: usage?.completion_tokens ?? chunks,
    total_tokens: (usage?.prompt_tokens ?? promptTokens) + (usage?.completion_tokens ?? chunks),
    cached_tokens: usage?.prompt_tokens_details?.cached_tokens ?? null,
  })
}

function addUsage(a: Usage, b: Usage): Usage {
  const cached = a.cached_tokens === null ? b.cached_tokens : a.cached_tokens + (b.cached_tokens ?? 0)
  return {
    prompt_tokens: a.prompt_tokens + b.prompt_tokens,
    completion_tokens: a.completion_tokens + b.completion_tokens,
    total_tokens: a.total_tokens + b.total_tokens,
    cached_tokens: cached,
  }
}

export function toTiming(tally: Tally, usage: Usage, endedAt: number): Timing {
  const { startedAt, firstTokenAt, lastTokenAt } = tally
  const seconds = firstTokenAt === null ? 0 : (lastTokenAt - firstTokenAt) / 1000
  return {
    first_token_ms: firstTokenAt === null ? null : firstTokenAt - startedAt,
    total_ms: endedAt - startedAt,
    tokens_per_second: seconds > 0 && usage.completion_tokens > 1 ? (usage.completion_tokens - 1) / seconds : null,
  }
}
