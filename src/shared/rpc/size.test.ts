import { expect, test } from 'vitest'
import { isLargerThan } from './size'

test.each([
  ['a long text', 'x'.repeat(101), true],
  ['a short text', 'x'.repeat(50), false],
  ['many small parts', Array.from({ length: 60 }, () => 1), true],
  ['long keys', { ['k'.repeat(200)]: 1 }, true],
  ['bytes', new Uint8Array(200), true],
  ['null', null, false],
])('%s is measured', (_what, value, larger) => expect(isLargerThan(value, 100)).toBe(larger))

test('a value that contains itself, and one that is a hundred thousand levels deep, end at the limit', () => {
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic
  expect(isLargerThan(cyclic, 1000)).toBe(true)
  let deep: unknown = 1
  for (let level = 0; level < 100_000; level++) deep = [deep]
  expect(isLargerThan(deep, 1000)).toBe(true)
})

test('a value of very many small parts is too large, whatever its bytes', () => {
  expect(
    isLargerThan(
      Array.from({ length: 200_000 }, () => 5),
      16_000_000,
    ),
  ).toBe(false)
  expect(
    isLargerThan(
      Array.from({ length: 300_000 }, () => 5),
      16_000_000,
    ),
  ).toBe(true)
  const nested = Array.from({ length: 1000 }, () => Array.from({ length: 300 }, () => null))
  expect(isLargerThan(nested, 16_000_000)).toBe(true)
})
