import { describe, expect, test } from 'vitest'
import { estimateMemory, neededBytes } from './estimate'
import { planMemory, type ModelNeeds } from './plan'

const GIB = 2 ** 30
const needs: ModelNeeds = {
  weightsBytes: 4 * GIB,
  kvBytesPerToken: 131_072,
  kvFixedBytes: 50_000_000,
  contextLength: 40_960,
  hiddenSize: 4096,
}
const policy = { contextLimit: null, concurrency: null, safe: false, strain: 0 }

describe('the parts of an estimate', () => {
  test.each([8, 12, 36, 192])('add up to what the pool sets aside on a machine of %s GiB', (gib) => {
    const limit = gib * GIB
    const estimate = estimateMemory(needs, limit)
    const result = planMemory(needs, limit, policy)
    if (!result.fits) throw new Error('it fits on all of these')
    expect(estimate.context_safe).toBe(result.plan.contextLength)
    expect(neededBytes(estimate, estimate.context_safe)).toBeCloseTo(result.plan.minBytes, -1)
    expect(neededBytes(estimate, estimate.context_safe)).toBeLessThanOrEqual(limit)
  })

  test('say of a model that never fits what it would take, and that no context is safe', () => {
    const estimate = estimateMemory(needs, 2 * GIB)
    expect(estimate.context_safe).toBe(0)
    expect(neededBytes(estimate, 2048)).toBeGreaterThan(4 * GIB)
    expect(estimate.engine_bytes).toBe(estimateMemory(needs, 36 * GIB).engine_bytes)
  })

  test('say when they are not exact', () => {
    const { exact, conversation } = estimateMemory({ ...needs, kvBytesPerToken: null }, 36 * GIB)
    expect(exact).toBe(false)
    expect(conversation.bytes_per_token).toBeGreaterThan(1000)
  })
})
