import type { MemoryEstimate } from '../../../shared/contract'

/** The smallest context that the slider offers. */
export const LEAST_TOKENS = 4096
const STEP_TOKENS = 256
/** Above this part of the limit little else finds room. */
const TIGHT = 0.85

export interface MemoryNeed {
  weights: number
  /** The conversation and the prompt cache. */
  context: number
  engine: number
  total: number
  verdict: 'fits' | 'tight' | 'too_large'
}

/** What a context takes with everything else, by the formula of the contract (`memoryEstimate`). Bytes. */
export function needOf(estimate: MemoryEstimate, tokens: number): MemoryNeed {
  const { conversation, cache, weights_bytes: weights, engine_bytes: engine, limit_bytes: limit } = estimate
  const steps = Math.ceil(tokens / conversation.step_tokens)
  const one = conversation.fixed_bytes + steps * conversation.step_tokens * conversation.bytes_per_token
  const context = one + Math.min(cache.bytes, cache.conversations * one)
  const total = weights + engine + context
  return { weights, context, engine, total, verdict: total > limit ? 'too_large' : total > TIGHT * limit ? 'tight' : 'fits' }
}

/** Ends of the slider; a short model has only its own context. */
export function range({ context_max: max }: Pick<MemoryEstimate, 'context_max'>): { min: number; max: number } {
  return { min: Math.min(LEAST_TOKENS, max), max }
}

/** Where a context lies on the slider, 0…1: each doubling is as long as the one before. */
export function toPosition(tokens: number, { min, max }: { min: number; max: number }): number {
  if (max <= min) return 1
  return Math.min(1, Math.max(0, Math.log2(tokens / min) / Math.log2(max / min)))
}

/** The context at a place of the slider, in whole steps. */
export function toTokens(position: number, { min, max }: { min: number; max: number }): number {
  if (position >= 1 || max <= min) return max
  return clampTokens(min * 2 ** (position * Math.log2(max / min)), { min, max })
}

/** A typed number as one that the slider has. */
export function clampTokens(tokens: number, { min, max }: { min: number; max: number }): number {
  if (!Number.isFinite(tokens)) return min
  if (tokens >= max) return max
  return Math.max(min, Math.round(tokens / STEP_TOKENS) * STEP_TOKENS)
}

/** Doublings from the least to the most, for the marks under the slider; at most six, the ends among them. */
export function ticks({ min, max }: { min: number; max: number }): number[] {
  const all: number[] = []
  for (let tokens = min; tokens < max * 0.75; tokens *= 2) all.push(tokens)
  all.push(max)
  const every = Math.ceil((all.length - 1) / 5)
  return all.filter((_tokens, index) => index === all.length - 1 || (index % every === 0 && all.length - 1 - index >= every))
}

/** What to show first: what is in use, else 32K or what fits of it. */
export function firstTokens(estimate: MemoryEstimate, inUse: number | null): number {
  const ends = range(estimate)
  if (inUse !== null) return clampTokens(inUse, ends)
  const usual = Math.min(32_768, ends.max)
  return clampTokens(estimate.context_safe === 0 ? ends.min : Math.min(usual, estimate.context_safe), ends)
}
