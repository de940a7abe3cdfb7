import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createProcessInspector, parsePsActivity } from './inspect'
import { createWatchdog, type ProcessActivity } from './watchdog'

const second = 1000

/** A watchdog in simulated time, over a process that does what `activity` says. */
function watchdogOver(activity: () => ProcessActivity | null = () => null) {
  let asleep = 0
  const stalls: number[] = []
  const watchdog = createWatchdog({
    clock: () => Date.now() + asleep,
    activity: () => Promise.resolve(activity()),
    patienceMs: 60 * second,
    onStall: (silentMs) => stalls.push(silentMs),
  })
  return { watchdog, stalls, sleep: (ms: number) => (asleep += ms) }
}
const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * second)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the watchdog', () => {
  it('calls silence with a request a hang, after its patience', async () => {
    const { watchdog, stalls } = watchdogOver()
    watchdog.watch()
    await pass(58)
    expect(stalls).toEqual([])
    await pass(10)
    expect(stalls).toHaveLength(1)
    await pass(600)
    expect(stalls).toHaveLength(1)
  })
  it('does not mind silence without a request', async () => {
    const { watchdog, stalls } = watchdogOver()
    watchdog.watch().end()
    await pass(600)
    expect(stalls).toEqual([])
  })
  it('takes a sign of life in any request for one of all', async () => {
    const { watchdog, stalls } = watchdogOver()
    watchdog.watch()
    const other = watchdog.watch()
    for (let turn = 0; turn < 10; turn += 1) {
      await pass(50)
      other.beat()
    }
    expect(stalls).toEqual([])
  })
  it('waits longer for an engine whose steps are long', async () => {
    const { watchdog, stalls } = watchdogOver()
    const request = watchdog.watch()
    for (let turn = 0; turn < 5; turn += 1) {
      await pass(40)
      request.beat()
    }
    await pass(150)
    expect(stalls).toEqual([])
    await pass(100)
    expect(stalls).toHaveLength(1)
  })
  it('never calls a stopped process a hang, and gives it its whole patience afterwards', async () => {
    let stopped = true
    const { watchdog, stalls } = watchdogOver(() => ({ stopped, cpuMs: 0 }))
    watchdog.watch()
    await pass(3600)
    expect(stalls).toEqual([])
    stopped = false
    await pass(25)
    expect(stalls).toEqual([])
    await pass(50)
    expect(stalls).toHaveLength(1)
  })
  it('does not count the time in which we slept ourselves', async () => {
    const { watchdog, stalls, sleep } = watchdogOver()
    watchdog.watch()
    await pass(20)
    sleep(8 * 3600 * second)
    await pass(50)
    expect(stalls).toEqual([])
    await pass(30)
    expect(stalls).toHaveLength(1)
  })
  it('is patient with a silent process that computes, but not for ever', async () => {
    const { watchdog, stalls } = watchdogOver(() => ({ stopped: false, cpuMs: Date.now() }))
    watchdog.watch()
    await pass(590)
    expect(stalls).toEqual([])
    await pass(60)
    expect(stalls).toHaveLength(1)
  })
})

describe('what the system says of a process', () => {
  it('is read from /proc on Linux', async () => {
    const files: Record<string, string> = {
      '/proc/7/stat': '7 (odd) name) T 1 7 7 0 -1 4194304 1 0 0 0 150 50 0 0 20 0 1 0 98765 1 1',
      '/proc/7/status': 'Name:\tpython\nVmRSS:\t    2048 kB\n',
      '/proc/7/io': 'rchar: 123456\nwchar: 5\n',
    }
    const file = (path: string): Promise<string> =>
      files[path] === undefined ? Promise.reject(new Error('gone')) : Promise.resolve(files[path])
    const inspect = createProcessInspector({ os: 'linux' }, { file, ps: () => Promise.reject(new Error('no ps')) })
    expect(await inspect.activity(7)).toEqual({ stopped: true, cpuMs: 2000 })
    expect(await inspect.memory(7)).toBe(2048 * 1024)
    expect(await inspect.bytesRead(7)).toBe(123_456)
    expect([await inspect.activity(8), await inspect.memory(8), await inspect.bytesRead(8)]).toEqual([null, null, null])
  })
  it('is asked of ps on macOS', async () => {
    const ps = (_pid: number, columns: string): Promise<string> =>
      Promise.resolve(columns === 'rss=' ? ' 4096\n' : 'S+     1:02.50\n')
    const inspect = createProcessInspector({ os: 'darwin' }, { file: () => Promise.reject(new Error('no /proc')), ps })
    expect(await inspect.activity(7)).toEqual({ stopped: false, cpuMs: 62_500 })
    expect(await inspect.memory(7)).toBe(4096 * 1024)
    expect(await inspect.bytesRead(7)).toBeNull()
    expect(parsePsActivity('T    1-02:03:04.5')).toEqual({ stopped: true, cpuMs: 93_784_500 })
    expect(parsePsActivity('')).toBeNull()
  })
})
