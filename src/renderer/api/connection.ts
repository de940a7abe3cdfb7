import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AppContract, StateFrame } from '../../shared/contract'
import { AppError } from '../../shared/errors'
import { createClient, type Client } from '../../shared/rpc'
import { createSwitch, type Link, type OpenLink } from './transport'

export type ConnectionState = 'connecting' | 'live' | 'lost' | 'unauthorized'

export interface ConnectionDeps {
  openLink: OpenLink
  onFrame: (frame: StateFrame) => void
  /** The owner refused the token. */
  onRefused: () => void
  /** Resolves after `ms`, or when `signal` aborts. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

export interface Connection {
  client: Client<AppContract>
  store: StoreApi<{ state: ConnectionState }>
  start: () => void
  retryNow: () => void
  stop: () => void
}

const LAST_DELAY_MS = 2_000

/** Milliseconds before try `attempt` (0 is the first after a loss): at once, then slower up to every 2 s. */
export function backOffMs(attempt: number): number {
  return attempt === 0 ? 100 : Math.min(LAST_DELAY_MS, 250 * 2 ** attempt)
}

/** Keeps one watch on the owner's state open, and says whether the owner answers. */
export function createConnection({ openLink, onFrame, onRefused, sleep }: ConnectionDeps): Connection {
  const store = createStore<{ state: ConnectionState }>(() => ({ state: 'connecting' }))
  const { transport, set } = createSwitch()
  const client = createClient<AppContract>(transport)
  let running: AbortController | null = null
  let pause: AbortController | null = null

  const watch = async (link: Link, signal: AbortSignal, onAlive: () => void): Promise<void> => {
    set(link)
    try {
      for await (const frame of client.stream('state.watch', {}, { signal })) {
        onFrame(frame)
        onAlive()
      }
    } finally {
      link.close()
      set(null)
    }
  }

  const run = async (signal: AbortSignal): Promise<void> => {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await watch(await openLink(), signal, () => {
          attempt = 0
          store.setState({ state: 'live' })
        })
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof AppError && error.code === 'unauthorized') {
          onRefused()
          store.setState({ state: 'unauthorized' })
          return
        }
      }
      // One quick try first: a blink of the connection needs no banner.
      if (attempt > 0) store.setState({ state: 'lost' })
      pause = new AbortController()
      await sleep(backOffMs(attempt), pause.signal)
    }
  }

  return {
    client,
    store,
    start: () => {
      running ??= new AbortController()
      void run(running.signal)
    },
    retryNow: () => pause?.abort(),
    stop: () => {
      running?.abort()
      pause?.abort()
      running = null
    },
  }
}

/** The page's own clock for back-off. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
