import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checksum } from './checksum'

test('a checksum is sixteen hex digits, the same for the same words', () => {
  const words = Uint32Array.from([1, 2, 3])
  expect(checksum(words)).toMatch(/^[0-9a-f]{16}$/)
  expect(checksum(words.slice())).toBe(checksum(words))
})

test('a changed bit, a swapped pair and a word more all change it', () => {
  fc.assert(
    fc.property(fc.uint32Array({ minLength: 2, maxLength: 80 }), fc.nat(), fc.nat(31), (words, position, bit) => {
      const sum = checksum(words)
      const at = position % words.length
      const flipped = words.slice()
      flipped[at] = flipped[at]! ^ (1 << bit)
      expect(checksum(flipped)).not.toBe(sum)
      expect(checksum(Uint32Array.of(...words, 0))).not.toBe(sum)
      const next = (at + 1) % words.length
      const swapped = words.slice()
      swapped[at] = words[next]!
      swapped[next] = words[at]!
      if (words[at] !== words[next]) expect(checksum(swapped)).not.toBe(sum)
    }),
  )
})

test('counting up in one place gives different sums in both halves', () => {
  const sums = Array.from({ length: 20_000 }, (_, index) => checksum(Uint32Array.of(7, index, 9)))
  expect(new Set(sums).size).toBe(sums.length)
  expect(new Set(sums.map((sum) => sum.slice(0, 8))).size).toBeGreaterThan(19_990)
  expect(new Set(sums.map((sum) => sum.slice(8))).size).toBeGreaterThan(19_990)
})
