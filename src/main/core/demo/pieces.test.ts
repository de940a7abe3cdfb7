import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cutIntoPieces } from './pieces'

describe('cutIntoPieces', () => {
  test('one word with the space before it is one piece', () => {
    expect(cutIntoPieces('Hello there, friend.', new Set())).toEqual(['Hello', ' there,', ' friend.'])
  })

  test('a word that repeats takes the next one with it', () => {
    expect(cutIntoPieces('on and on and on.', new Set())).toEqual(['on', ' and', ' on', ' and on.'])
  })

  test('a repeated word at the very end joins the piece before it', () => {
    expect(cutIntoPieces('so so so so', new Set())).toEqual(['so', ' so', ' so so'])
    expect(cutIntoPieces('a b c b', new Set([' b']))).toEqual(['a b', ' c b'])
  })

  test('pieces differ from those of an earlier text', () => {
    const used = new Set<string>()
    const all = [...cutIntoPieces('one two three', used), ...cutIntoPieces('one two four', used)]
    expect(new Set(all).size).toBe(all.length)
  })

  test('any text comes back whole from pieces that are all different', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('ab', 'cd', 'é', '\n', 'x'), { minLength: 2, maxLength: 30 }), (words) => {
        const text = `start ${words.join(' ')}`
        const pieces = cutIntoPieces(text, new Set())
        expect(pieces.join('')).toBe(text)
        expect(new Set(pieces).size).toBe(pieces.length)
      }),
    )
  })
})
