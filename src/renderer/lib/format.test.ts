import { describe, expect, it } from 'vitest'
import { createFormatters } from './format'
import { en } from './messages/en'

const format = createFormatters('en-GB', en.time)

describe('numbers of the window', () => {
  it.each([
    [0, '0 KB'],
    [138_568, '139 KB'],
    [1_100_000, '1 MB'],
    [99_000_000, '99 MB'],
    [100_000_000, '0.1 GB'],
    [4_607_000_000, '4.6 GB'],
    [17_200_000_000, '17.2 GB'],
  ])('disk: %d bytes are %s', (bytes, text) => expect(format.disk(bytes)).toBe(text))

  it('memory is counted in 2³⁰, disk in 10⁹', () => {
    expect(format.memory(36 * 2 ** 30)).toBe('36.0 GB')
    expect(format.disk(36 * 2 ** 30)).toBe('38.7 GB')
  })

  it('small files are exact', () => {
    expect(format.fileSize(1420)).toBe('1,420 B')
    expect(format.fileSize(11_400)).toBe('11 KB')
  })

  it.each([
    [142, '142'],
    [32_768, '32K'],
    [262_144, '256K'],
    [11_482, '11.2K'],
  ])('tokens: %d are %s', (count, text) => expect(format.tokens(count)).toBe(text))

  it.each([
    [380, '0.38 s'],
    [4_100, '4.1 s'],
    [12_400, '12 s'],
  ])('time: %d ms are %s', (ms, text) => expect(format.seconds(ms)).toBe(text))

  const now = new Date(2026, 10, 20, 14, 0).getTime()
  it.each([
    [new Date(2026, 10, 20, 13, 59, 40), 'Now'],
    [new Date(2026, 10, 20, 13, 56), '4 min ago'],
    [new Date(2026, 10, 20, 11, 0), '3 h ago'],
    [new Date(2026, 10, 19, 12, 0), 'Yesterday'],
    [new Date(2026, 10, 17, 12, 0), 'Tuesday'],
    [new Date(2026, 10, 8, 12, 0), '8 Nov'],
    [new Date(2025, 9, 8, 12, 0), 'Oct 2025'],
    [new Date(2026, 10, 21), 'Now'],
  ])('%s is %s', (then, text) => expect(format.ago(then.toISOString(), now)).toBe(text))

  it('an evening is not yesterday a few minutes after midnight', () => {
    const late = new Date(2026, 10, 20, 0, 30).getTime()
    expect(format.ago(new Date(2026, 10, 19, 21, 0).toISOString(), late)).toBe('3 h ago')
  })
})
