import type { AppContract, AppState, ModelSummary } from '../../shared/contract'
import type { Client, Dispatcher } from '../../shared/rpc'

/** The owner of the data folder, as the shell sees it: this process, or another one behind HTTP. */
export interface Owner {
  /** `own`: its services live in this process and end with `close`. `attached`: we are a client, and it may go away. */
  mode: 'own' | 'attached'
  dispatcher: Dispatcher
  client: Client<AppContract>
  close: () => Promise<void>
}

/** What the shell shows. `state` is null while no owner answers, `problem` says why where that is known. */
export interface ShellView {
  state: AppState | null
  models: readonly ModelSummary[]
  problem: string | null
}

export interface OwnerWatchDeps {
  /** Becomes the owner, or connects to the one there is. */
  open: () => Promise<Owner>
  onOwner: (owner: Owner | null) => void
  onView: (view: ShellView) => void
  /** Resolves after `ms`, or at once when `signal` aborts. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

export interface OwnerWatch {
  current: () => Owner | null
  view: () => ShellView
  /** Ends the watch and closes the owner. */
  close: () => Promise<void>
}

const FIRST_DELAY_MS = 250
const LAST_DELAY_MS = 5_000

const sentence = (error: unknown): string => (error instanceof Error ? error.message : 'unknown reason')

/**
 * Keeps an owner: mirrors its state for the tray and the windows, and finds (or becomes) the next one when it goes away. The shell is a
 * client of the contract like any other, also of the owner in its own process.
 */
export function createOwnerWatch({ open, onOwner, onView, sleep }: OwnerWatchDeps): OwnerWatch {
  const ending = new AbortController()
  const { signal } = ending
  let owner: Owner | null = null
  let view: ShellView = { state: null, models: [], problem: null }

  const show = (changes: Partial<ShellView>): void => {
    view = { ...view, ...changes }
    onView(view)
  }

  const listModels = async ({ client }: Owner): Promise<void> => {
    try {
      show({ models: (await client.call('models.list', {}, { signal })).models })
    } catch {
      // The list before stays; the next change of the cache asks again.
    }
  }

  /** Follows the owner's state until it goes away. */
  const follow = async (current: Owner): Promise<void> => {
    let listed: string | null = null
    for await (const { changes } of current.client.stream('state.watch', {}, { signal })) {
      // The first frame is complete, so the merge is, too.
      const state = { ...view.state, ...changes } as AppState
      show({ state, problem: null })
      const stamp = `${state.app.instance_id}:${state.models.revision}`
      if (stamp !== listed) void listModels(current)
      listed = stamp
    }
  }

  const run = async (): Promise<void> => {
    let delayMs = FIRST_DELAY_MS
    while (!signal.aborted) {
      try {
        if (owner === null) {
          const opened = await open()
          // Closed while it opened: nobody else will end it.
          if (signal.aborted) return await opened.close()
          owner = opened
          onOwner(owner)
        }
        await follow(owner)
        delayMs = FIRST_DELAY_MS
      } catch (error) {
        if (!signal.aborted) show({ problem: owner === null ? sentence(error) : null })
      }
      if (signal.aborted) return
      if (owner !== null && owner.mode === 'attached') {
        const gone: Owner = owner
        owner = null
        onOwner(null)
        show({ state: null, models: [] })
        await gone.close().catch(() => undefined)
      }
      await sleep(delayMs, signal)
      delayMs = Math.min(LAST_DELAY_MS, delayMs * 2)
    }
  }

  const running = run()
  return {
    current: () => owner,
    view: () => view,
    close: async () => {
      ending.abort()
      await running
      const last = owner
      owner = null
      onOwner(null)
      await last?.close()
    },
  }
}

/** `sleep` of the real clock. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
