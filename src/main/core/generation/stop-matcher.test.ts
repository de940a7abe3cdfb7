import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createStopMatcher } from './stop-matcher'

function run(chunks: readonly string[], stops: readonly string[]): { text: string; stopped: boolean } {
  const matcher = createStopMatcher(stops)
  let text = ''
  for (const chunk of chunks) {
    const match = matcher.push(chunk)
    text += match.text
    if (match.stopped) return { text, stopped: true }
  }
  return { text: text + matcher.flush(), stopped: false }
}

/** A small alphabet, so that stops overlap the text and themselves. */
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 30 })
const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 3,
})

describe('createStopMatcher', () => {
  it('gives the same text wherever the chunks are cut', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 10 }), stops, (chunks, stops) => {
        expect(run(chunks, stops)).toEqual(run(chunks.join('').split(''), stops))
      }),
    )
  })

  it('delivers everything when no stop occurs, and nothing of a stop or after it when one does', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 10 }), stops, (chunks, stops) => {
        const whole = chunks.join('')
        const result = run(chunks, stops)
        const occurs = stops.some((stop) => whole.includes(stop))
        expect(result.stopped).toBe(occurs)
        expect(whole.startsWith(result.text)).toBe(true)
        expect(stops.some((stop) => result.text.includes(stop))).toBe(false)
        expect(occurs ? stops.some((stop) => whole.startsWith(stop, result.text.length)) : result.text === whole).toBe(true)
      }),
    )
  })

  it('holds back no more than could still become a stop', () => {
    fc.assert(
      fc.property(text, stops, (whole, stops) => {
        const match = createStopMatcher(stops).push(whole)
        const held = match.stopped ? '' : whole.slice(match.text.length)
        expect(held === '' || stops.some((stop) => stop.length > held.length && stop.startsWith(held))).toBe(true)
      }),
    )
  })

  it('lets the stop that is complete first end the answer', () => {
    expect(run(['xabcd'], ['abcd', 'bc'])).toEqual({ text: 'xa', stopped: true })
    expect(run(['xabc'], ['bc', 'abc'])).toEqual({ text: 'x', stopped: true })
  })
})
