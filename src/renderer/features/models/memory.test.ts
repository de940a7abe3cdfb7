import { describe, expect, it } from 'vitest'
import type { MemoryEstimate } from '../../../shared/contract'
import { clampTokens, firstTokens, needOf, range, ticks, toPosition, toTokens } from './memory'

const GIB = 2 ** 30
const estimate: MemoryEstimate = {
  name: 'org/a',
  limit_bytes: 36 * GIB,
  weights_bytes: 12 * GIB,
  engine_bytes: GIB,
  conversation: { fixed_bytes: 0, bytes_per_token: 160 * 1024, step_tokens: 256 },
  cache: { bytes: 256 * 2 ** 20, conversations: 10 },
  context_max: 131_072,
  context_safe: 110_592,
  exact: true,
}

describe('the memory of a context', () => {
  it('is weights, engine, the conversation in whole steps, and the prompt cache', () => {
    const need = needOf(estimate, 32_768)
    expect(need).toMatchObject({ weights: 12 * GIB, engine: GIB, context: 5.25 * GIB, total: 18.25 * GIB, verdict: 'fits' })
    expect(needOf(estimate, 32_769).context).toBeGreaterThan(need.context)
    expect(needOf(estimate, 32_600).context).toBe(need.context)
  })

  it('fits, is tight, or is too large', () => {
    expect([32_768, 120_000, 131_072].map((tokens) => needOf({ ...estimate, limit_bytes: 33 * GIB }, tokens).verdict)).toEqual([
      'fits',
      'tight',
      'too_large',
    ])
  })
})

describe('the slider', () => {
  const ends = range(estimate)

  it('is logarithmic: each doubling is as long, and there and back is the same', () => {
    const places = [4096, 8192, 16_384, 32_768, 65_536, 131_072].map((tokens) => toPosition(tokens, ends))
    expect(places.map((place) => Math.round(place * 100))).toEqual([0, 20, 40, 60, 80, 100])
    for (const tokens of [4096, 10_240, 32_768, 110_592, 131_072]) expect(toTokens(toPosition(tokens, ends), ends)).toBe(tokens)
  })

  it('takes typed numbers in steps of 256, between its ends; nonsense is the least', () => {
    expect([0, 1e9, 33_000, Number.NaN].map((tokens) => clampTokens(tokens, ends))).toEqual([4096, 131_072, 33_024, 4096])
  })

  it('of a short model has one place', () => {
    const short = range({ context_max: 2048 })
    expect([toPosition(2048, short), toTokens(0, short), ticks(short)]).toEqual([1, 2048, [2048]])
  })

  it('has at most six marks, with both ends', () => {
    expect(ticks(ends)).toEqual([4096, 8192, 16_384, 32_768, 65_536, 131_072])
    const many = ticks({ min: 4096, max: 1_048_576 })
    expect(many.length).toBeLessThanOrEqual(6)
    expect([many[0], many.at(-1)]).toEqual([4096, 1_048_576])
  })

  it('starts at what is in use, else at 32K, or less where that does not fit', () => {
    expect(firstTokens(estimate, 65_536)).toBe(65_536)
    expect(firstTokens(estimate, null)).toBe(32_768)
    expect(firstTokens({ ...estimate, context_safe: 10_000 }, null)).toBe(9984)
    expect(firstTokens({ ...estimate, context_safe: 0 }, null)).toBe(4096)
  })
})
