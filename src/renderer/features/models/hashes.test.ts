import { describe, expect, it } from 'vitest'
import { countHashes } from './hashes'

describe('what is known of the bytes of files', () => {
  const file = (state: 'verified' | 'damaged' | 'not_checked' | 'unverifiable', at: string | null = null) => ({
    hash_state: state,
    checked_at: at,
  })

  it('counts those with a hash alone, and tells the comparison that is longest ago', () => {
    const files = [
      file('verified', '2026-11-02T10:00:00Z'),
      file('damaged', '2026-11-01T10:00:00Z'),
      file('not_checked'),
      file('unverifiable'),
    ]
    expect(countHashes(files)).toEqual({ comparable: 3, compared: 2, matching: 1, oldest: '2026-11-01T10:00:00Z' })
  })

  it('tells no time when one of them has none', () => {
    expect(countHashes([file('verified', '2026-11-02T10:00:00Z'), file('verified')]).oldest).toBeNull()
    expect(countHashes([]).oldest).toBeNull()
  })
})
