import { describe, expect, it } from 'vitest'
import { createPaint, wantsColor } from './paint'

describe('colour', () => {
  it.each([
    ['a terminal', {}, true, true, true],
    ['a pipe', {}, false, true, false],
    ['a dumb terminal', { TERM: 'dumb' }, true, true, false],
    ['NO_COLOR', { NO_COLOR: '1' }, true, true, false],
    ['an empty NO_COLOR', { NO_COLOR: '' }, true, true, true],
    ['FORCE_COLOR in a pipe', { FORCE_COLOR: '1' }, false, true, true],
    ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, true, true, false],
    ['NO_COLOR and FORCE_COLOR', { NO_COLOR: '1', FORCE_COLOR: '1' }, true, true, false],
    ['--no-color', { FORCE_COLOR: '1' }, true, false, false],
  ])('with %s', (_name, env, isTTY, allowed, expected) => {
    expect(wantsColor(env, isTTY, allowed)).toBe(expected)
  })

  it('is nothing at all when it is off', () => {
    expect(createPaint(false).red('x')).toBe('x')
    expect(createPaint(true).red('x')).toBe('\u001B[31mx\u001B[39m')
  })
})
