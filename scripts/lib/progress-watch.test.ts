import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchProgress } from './progress-watch.mjs'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('gives up when no first byte comes', () => {
  const onStall = vi.fn()
  watchProgress({ limitMs: 15_000, onStall })
  vi.advanceTimersByTime(14_999)
  expect(onStall).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(onStall).toHaveBeenCalledOnce()
})

test('never gives up on a slow download that moves, but does when it stops', () => {
  const onStall = vi.fn()
  const watch = watchProgress({ limitMs: 15_000, onStall })
  for (let bytes = 1; bytes < 100; bytes++) {
    watch.progress(bytes)
    vi.advanceTimersByTime(14_000)
  }
  expect(onStall).not.toHaveBeenCalled()
  watch.progress(99)
  vi.advanceTimersByTime(1_000)
  expect(onStall).toHaveBeenCalledOnce()
})

test('is quiet once stopped', () => {
  const onStall = vi.fn()
  watchProgress({ limitMs: 15_000, onStall }).stop()
  vi.advanceTimersByTime(60_000)
  expect(onStall).not.toHaveBeenCalled()
})
