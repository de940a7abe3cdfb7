/** What the system says of a process that says nothing itself. */
export interface ProcessActivity {
  /** Stopped by SIGSTOP or a debugger. */
  stopped: boolean
  /** Milliseconds of processor time since its start. */
  cpuMs: number
}

export interface WatchdogDeps {
  /** Monotonic milliseconds. */
  clock: () => number
  activity: () => Promise<ProcessActivity | null>
  onStall: (silentMs: number) => void
  /** Silence that is never held against it. */
  patienceMs: number
}

export interface RequestWatch {
  /** Bytes came from the engine. */
  beat: () => void
  end: () => void
}

export interface Watchdog {
  /** A request went to the engine. */
  watch: () => RequestWatch
  beat: () => void
  close: () => void
}

const looks = 12
/** A process that computes may be silent so many times as long: one step of a long prompt on a slow processor has no words. */
const busyFactor = 10
/** Share of a processor that counts as computing. A thread that only waits and reports uses less. */
const busyShare = 0.2

/**
 * Forward progress: with a request at the engine, silence for longer than `patienceMs` and than five times the usual gap is a hang, whatever
 * /health says; nothing else would ever end it. A stopped process is not hanging, and time in which we ourselves slept does not count.
 */
export function createWatchdog({ clock, activity, onStall, patienceMs }: WatchdogDeps): Watchdog {
  const everyMs = patienceMs / looks
  let inFlight = 0
  let lastBeat = 0
  let lastLook = 0
  let usualGap = 0
  let before: { at: number; cpuMs: number } | null = null
  let timer: NodeJS.Timeout | null = null

  const restart = (): void => {
    lastBeat = clock()
    before = null
  }
  const beat = (): void => {
    if (inFlight === 0) return
    const gap = clock() - lastBeat
    usualGap = usualGap === 0 ? gap : usualGap * 0.8 + gap * 0.2
    restart()
  }
  const stop = (): void => {
    if (timer !== null) clearInterval(timer)
    timer = null
  }

  async function look(): Promise<void> {
    const now = clock()
    const slept = now - lastLook > 3 * everyMs
    lastLook = now
    if (slept) restart()
    const beatSeen = lastBeat
    const allowed = Math.max(patienceMs, 5 * usualGap)
    if (now - beatSeen < allowed / 2) return
    const seen = await activity().catch(() => null)
    if (timer === null || lastBeat !== beatSeen) return
    if (seen?.stopped === true) {
      restart()
      return
    }
    const silentMs = clock() - beatSeen
    before ??= seen === null ? null : { at: now, cpuMs: seen.cpuMs }
    if (silentMs < allowed) return
    const isBusy = seen !== null && before !== null && seen.cpuMs - before.cpuMs > busyShare * (now - before.at) && now > before.at
    if (isBusy && silentMs < allowed * busyFactor) return
    stop()
    onStall(silentMs)
  }

  return {
    beat,
    watch: () => {
      inFlight += 1
      if (inFlight === 1) {
        restart()
        lastLook = clock()
        timer ??= setInterval(() => void look(), everyMs)
        timer.unref()
      }
      let ended = false
      return {
        beat,
        end: () => {
          if (ended) return
          ended = true
          inFlight -= 1
          if (inFlight === 0) stop()
        },
      }
    },
    close: stop,
  }
}
