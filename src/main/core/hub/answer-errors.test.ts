import { expect, it } from 'vitest'
import { readRetryAfter } from './answer-errors'

const nowMs = Date.UTC(2026, 0, 1, 12)
const at = (ms: number): string => new Date(ms).toUTCString()

it.each([
  [{ 'retry-after': '7' }, 7],
  [{ 'retry-after': at(nowMs + 9000) }, 9],
  // Our clock is an hour behind, or ahead; the Hub says what its own shows.
  [{ 'retry-after': at(nowMs + 3_609_000), date: at(nowMs + 3_600_000) }, 9],
  [{ 'retry-after': at(nowMs - 3_591_000), date: at(nowMs - 3_600_000) }, 9],
  [{ ratelimit: '"api";r=0;t=5' }, 6],
  [{ 'retry-after': '999999999' }, 3600],
  [{ 'retry-after': 'soon' }, null],
  [{}, null],
])('%j means to wait for %j seconds', (headers, seconds) => {
  expect(readRetryAfter(headers, nowMs)).toBe(seconds)
})
