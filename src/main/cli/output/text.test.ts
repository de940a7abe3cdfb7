import { describe, expect, it } from 'vitest'
import { formatAge, formatCompactSize, formatSize, safeLine, safeText, shortHash } from './text'

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KB'],
    [999_960, '1.0 MB'],
    [4_600_000_000, '4.6 GB'],
    [2e18, '2000.0 PB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text)
  })

  it('has mlx-knife’s spelling for form (a)', () => {
    expect(formatCompactSize(470)).toBe('470B')
    expect(formatCompactSize(1200)).toBe('1.2KB')
  })
})

describe('ages', () => {
  const now = Date.parse('2026-11-22T12:00:00Z')
  it.each([
    [-5, 'just now'],
    [44, 'just now'],
    [60, '1m ago'],
    [44 * 60, '44m ago'],
    [80 * 60, '1h ago'],
    [5 * 3600, '5h ago'],
    [30 * 3600, '1d ago'],
    [29 * 86_400, '29d ago'],
    [31 * 86_400, '2026-10-22'],
  ])('%i seconds ago is "%s"', (seconds, text) => {
    expect(formatAge(new Date(now - seconds * 1000).toISOString(), now)).toBe(text)
  })

  it('shows what is no time as it is', () => {
    expect(formatAge('yesterday', now)).toBe('yesterday')
  })
})

describe('foreign text', () => {
  it('cannot move the cursor, ring, or turn the line around; colours and line breaks stay', () => {
    expect(safeText('a\u001B[2Jb\u0007c\u202Ed\u009B1mÄ\n\u001B[31mred\u001B[39m')).toBe('a�[2Jb�c�d�1mÄ\n\u001B[31mred\u001B[39m')
    expect(safeLine('a\n\tb\rc')).toBe('a b�c')
  })
})

it('shortens a commit to seven digits', () => {
  expect(shortHash('0123456789abcdef')).toBe('0123456')
  expect(shortHash(null)).toBe('-')
})
