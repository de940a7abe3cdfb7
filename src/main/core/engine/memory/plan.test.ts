import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isStrained, planMemory, shareMemory, type MemoryPlan, type ModelNeeds, type PlanPolicy } from './plan'

const gib = 1024 ** 3
const free: PlanPolicy = { contextLimit: null, concurrency: null, safe: false, strain: 0 }
/** Llama 3.1 8B of 4 bits: 128 KiB of keys and values for each token. */
const llama: ModelNeeds = {
  weightsBytes: 4.5e9,
  kvBytesPerToken: 131_072,
  kvFixedBytes: 0,
  contextLength: 131_072,
  hiddenSize: 4096,
}

function planOf(needs: ModelNeeds, limit: number, policy: PlanPolicy = free): MemoryPlan {
  const planned = planMemory(needs, limit, policy)
  if (!planned.fits) throw new Error(`needs ${planned.needBytes}`)
  return planned.plan
}

describe('the memory of a model', () => {
  it('gives it its whole context where that fits, and as many answers as there is room for', () => {
    const plan = planOf(llama, 96 * gib)
    expect(plan).toMatchObject({ contextLength: 131_072, conversationBytes: 16 * gib })
    expect(shareMemory(plan, 96 * gib, free).limits).toMatchObject({ decodeConcurrency: 5, promptCacheBytes: 8 * gib })
    expect(shareMemory(planOf({ ...llama, contextLength: 4096 }, 96 * gib), 96 * gib, free).limits.decodeConcurrency).toBe(32)
  })
  it('shortens the context where a whole conversation does not fit, to a multiple of 256 tokens', () => {
    const { contextLength } = planOf(llama, 10.6 * gib)
    expect(contextLength).toBeGreaterThan(16_384)
    expect(contextLength).toBeLessThan(45_000)
    expect(contextLength % 256).toBe(0)
  })
  it('refuses a model beside whose weights no short conversation fits, and says what it would take', () => {
    expect(planMemory({ ...llama, weightsBytes: 62e9 }, 48e9, free)).toMatchObject({
      fits: false,
      needBytes: expect.toSatisfy((bytes: number) => bytes > 62e9),
    })
  })
  it('obeys the settings: context, concurrency, safe mode; and takes less after it ran out of memory', () => {
    expect(planOf(llama, 96 * gib, { ...free, contextLimit: 8192 }).contextLength).toBe(8192)
    const plan = planOf({ ...llama, contextLength: 8192 }, 96 * gib)
    const width = (policy: Partial<PlanPolicy>): number =>
      shareMemory(plan, 96 * gib, { ...free, ...policy }).limits.decodeConcurrency
    expect([{}, { concurrency: 3 }, { safe: true }, { strain: 1 }, { strain: 3 }].map(width)).toEqual([32, 3, 4, 16, 4])
  })
  it('reckons with something where the configuration is silent', () => {
    const plan = planOf({ ...llama, kvBytesPerToken: null, contextLength: 8192 }, 96 * gib)
    expect(plan.conversationBytes / gib).toBeGreaterThan(0.5)
    expect(plan.conversationBytes / gib).toBeLessThan(2)
  })
  it('calls for care on small Macs and for models that take most of one', () => {
    expect(isStrained(llama, 10 * gib, 16 * gib)).toBe(true)
    expect(isStrained({ ...llama, contextLength: 8192 }, 96 * gib, 128 * gib)).toBe(false)
    expect(isStrained({ ...llama, weightsBytes: 60 * gib }, 96 * gib, 128 * gib)).toBe(true)
  })

  const needs = fc.record({
    weightsBytes: fc.integer({ min: 1000, max: 400e9 }),
    kvBytesPerToken: fc.option(fc.integer({ min: 0, max: 3_000_000 })),
    kvFixedBytes: fc.integer({ min: 0, max: 2e9 }),
    contextLength: fc.integer({ min: 1, max: 2_000_000 }),
    hiddenSize: fc.integer({ min: 16, max: 20_000 }),
  })
  const policy = fc.record({
    contextLimit: fc.option(fc.integer({ min: 256, max: 100_000 })),
    concurrency: fc.option(fc.integer({ min: 1, max: 32 })),
    safe: fc.boolean(),
    strain: fc.nat({ max: 3 }),
  })
  it('never plans or shares out more than there is, whatever the model (2000 cases)', () => {
    const rooms = fc.tuple(fc.integer({ min: 1e9, max: 500e9 }), fc.double({ min: 0, max: 1, noNaN: true }))
    fc.assert(
      fc.property(needs, policy, rooms, (model, chosen, [limit, part]) => {
        const planned = planMemory(model, limit, chosen)
        if (!planned.fits) {
          expect(planned.needBytes).toBeGreaterThan(limit)
          return
        }
        const { plan } = planned
        expect(plan.minBytes).toBeLessThanOrEqual(limit)
        expect(plan.contextLength).toBeGreaterThanOrEqual(1)
        expect(plan.contextLength).toBeLessThanOrEqual(model.contextLength)
        // Any room between the least and all of it.
        const room = plan.minBytes + part * (limit - plan.minBytes)
        const { limits, fixedBytes } = shareMemory(plan, room, chosen)
        expect(limits.decodeConcurrency).toBeGreaterThanOrEqual(1)
        expect(limits.decodeConcurrency).toBeLessThanOrEqual(chosen.concurrency ?? 32)
        expect(limits.promptConcurrency).toBeGreaterThanOrEqual(1)
        expect(fixedBytes + limits.decodeConcurrency * plan.conversationBytes).toBeLessThanOrEqual(room + 1)
      }),
      { numRuns: 2000 },
    )
  })
})
