/** What the user chose when asked. */
export type QuitAnswer = 'quit' | 'cancel' | 'background'

export interface QuitDeps {
  /** How many answers are being written. */
  answers: () => number
  /** Asks with a dialog. */
  ask: (answers: number) => Promise<QuitAnswer>
  /** Closes windows and goes on in the menu bar. */
  goOn: () => void
  /** Ends servers and engines. */
  close: () => Promise<void>
  /** Ends the process. Comes back as `before-quit`, then let through. */
  quit: () => void
}

export interface Quitting {
  /** For `before-quit`. */
  onBeforeQuit: (event: { preventDefault: () => void }) => void
  /** Quits without asking: the system, or whoever sent a signal, has decided. */
  now: () => void
}

/** Everything that we started must have ended by then; what hangs is left to the parent watch of the engines. */
const CLOSE_LIMIT_MS = 5_000

const limit = (work: Promise<void>, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    void work
      .catch(() => undefined)
      .then(() => {
        clearTimeout(timer)
        resolve()
      })
  })

/** `before-quit` may come many times: the first closes everything, the last one, when that is done, is let through. */
export function createQuitting({ answers, ask, goOn, close, quit }: QuitDeps, limitMs = CLOSE_LIMIT_MS): Quitting {
  let phase: 'running' | 'asking' | 'closing' | 'closed' = 'running'

  const finish = async (): Promise<void> => {
    phase = 'closing'
    await limit(close(), limitMs)
    phase = 'closed'
    quit()
  }

  const consider = async (): Promise<void> => {
    const running = answers()
    if (running > 0) {
      phase = 'asking'
      const answer = await ask(running)
      // A signal may have decided meanwhile.
      if (phase !== 'asking') return
      if (answer !== 'quit') {
        phase = 'running'
        if (answer === 'background') goOn()
        return
      }
    }
    await finish()
  }

  return {
    onBeforeQuit: (event) => {
      if (phase === 'closed') return
      event.preventDefault()
      if (phase === 'running') void consider()
    },
    now: () => {
      if (phase === 'running' || phase === 'asking') void finish()
    },
  }
}

/** "2 answers will stop." */
export const quitQuestion = (answers: number): string => (answers === 1 ? '1 answer will stop.' : `${answers} answers will stop.`)
