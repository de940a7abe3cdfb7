import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRamp } from './ramp'
import { createPieces, gapsBetween, mergeSpans, sumSpans, type Claim } from './segments'
import { compareForFetching, toMatcher } from './select'
import { createMeter, createThrottle } from './speed'

const MIB = 1024 * 1024

describe('spans and gaps', () => {
  it('cover a file exactly once, whatever they are', () => {
    const span = fc.record({ from: fc.nat(120), to: fc.nat(120) })
    fc.assert(
      fc.property(fc.array(span), fc.nat(100), (spans, size) => {
        const done = mergeSpans(spans, size)
        const gaps = gapsBetween(spans, size)
        expect(sumSpans(done) + sumSpans(gaps)).toBe(size)
        expect(mergeSpans([...done, ...gaps], size)).toEqual(size === 0 ? [] : [{ from: 0, to: size }])
      }),
    )
  })
})

describe('the pieces of a file', () => {
  it('are all fetched, and none twice, in whatever order lanes come and fail', () => {
    const size = 300 * MIB
    const step = fc.record({
      kind: fc.constantFrom('claim', 'claim', 'read', 'read', 'read', 'release'),
      lane: fc.nat(7),
      bytes: fc.nat(40 * MIB),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, split) => {
        const pieces = createPieces(size, [], split)
        const lanes = new Map<number, Claim>()
        let fetched = 0
        for (const { kind, lane, bytes } of steps) {
          const own = lanes.get(lane)
          if (kind === 'claim' && own === undefined) {
            const claim = pieces.claim()
            if (claim !== null) lanes.set(lane, claim)
          } else if (kind === 'read' && own !== undefined) {
            const count = Math.min(bytes, own.to - own.at)
            fetched += count
            pieces.advance(own, count)
          } else if (kind === 'release' && own !== undefined) {
            pieces.release(own)
            lanes.delete(lane)
          }
          const open = [...lanes.values()].sort((a, b) => a.at - b.at)
          for (const [index, claim] of open.entries()) expect(claim.to).toBeLessThanOrEqual(open[index + 1]?.at ?? size)
        }
        expect(pieces.doneBytes()).toBe(fetched)
        for (const claim of lanes.values()) pieces.release(claim)
        for (let claim = pieces.claim(); claim !== null; claim = pieces.claim()) {
          pieces.advance(claim, claim.to - claim.at)
          pieces.release(claim)
        }
        expect(pieces.frontier()).toBe(size)
      }),
      { numRuns: 300 },
    )
  })
})

describe('patterns', () => {
  it.each([
    ['*.json', 'sub/config.json', true],
    ['*.json', 'config.jsonl', false],
    ['model*.safetensors', 'model-00001-of-00002.safetensors', true],
    ['model*.safetensors', 'sub/model.safetensors', false],
    ['sub/', 'sub/deep/x', true],
    ['a?c', 'a/c', true],
    ['[ab].txt', 'b.txt', true],
    ['[!ab].txt', 'b.txt', false],
    ['[z-a].txt', 'b.txt', false],
    ['a.b', 'aXb', false],
    ['[', '[', true],
  ])('%s and %s match as in Python: %s', (pattern, path, expected) => {
    expect(toMatcher(pattern)(path)).toBe(expected)
  })

  it('with many stars are decided at once', () => {
    expect(toMatcher(`${'*a'.repeat(6)}${'*'.repeat(50)}b`)('a'.repeat(200))).toBe(false)
  })
})

it('small files come first, then weights from the largest on', () => {
  const file = (path: string, sizeBytes: number) => ({ path, sizeBytes, oid: '', sha256: null, xetHash: null })
  const files = [file('model-2.safetensors', 5), file('tokenizer.json', 9), file('model-1.safetensors', 7), file('config.json', 1)]
  expect(files.sort(compareForFetching).map(({ path }) => path)).toEqual([
    'config.json',
    'tokenizer.json',
    'model-1.safetensors',
    'model-2.safetensors',
  ])
})

it('a limit of speed holds over all that read', async () => {
  let now = 0
  const throttle = createThrottle(
    () => ({ connections: 8, bytesPerSecond: 1000 }),
    () => now,
    async (ms) => void (now += ms),
  )
  for (let at = 0; at < 100; at += 1) await throttle.take(100)
  expect(now).toBeGreaterThanOrEqual(9700)
  expect(now).toBeLessThanOrEqual(10_000)
  expect(
    createThrottle(
      () => ({ connections: 8, bytesPerSecond: null }),
      () => 0,
      async () => undefined,
    ).take(1e9),
  ).toBeNull()
})

it('speed follows what comes, and the end is told when it can be known', () => {
  let now = 0
  const meter = createMeter(() => now)
  expect(meter.etaSeconds(1000)).toBeNull()
  for (; now < 20_000; now += 250) {
    meter.add(250)
    meter.sample()
  }
  expect(meter.bytesPerSecond()).toBeGreaterThan(900)
  expect(meter.etaSeconds(10_000)).toBeLessThanOrEqual(12)
})

describe('the number of connections', () => {
  it('grows while that helps, and stops when it does not', () => {
    const ramp = createRamp(() => 16)
    for (const bytes of [100, 150, 200, 201, 300, 400]) ramp.step(bytes)
    expect(ramp.target()).toBe(10)
  })

  it('is halved by a complaint and stays so for a while; the setting is its end', () => {
    const ramp = createRamp(() => 8)
    for (const bytes of [100, 200, 400]) ramp.step(bytes)
    expect(ramp.target()).toBe(8)
    ramp.complain()
    ramp.step(1000)
    expect(ramp.target()).toBe(4)
  })
})
