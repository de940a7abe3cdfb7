import type { AppState, StateFrame } from '../../../shared/contract'
import { createEmitter, follow } from '../system'

export interface PublisherDeps {
  /** The state as it is now. Called at most ten times a second. */
  read: () => AppState
}

export interface StatePublisher {
  /** Something may have changed. Cheap: call it as often as you like. */
  notice: () => void
  current: () => AppState
  subscribe: (listener: (state: AppState) => void) => () => void
  /** The first frame carries every key, later ones only those that changed. */
  watch: (signal: AbortSignal) => AsyncGenerator<StateFrame>
  close: () => void
}

const INTERVAL_MS = 100

/** Keys keep their identity while they are equal, so that consumers compare by reference. */
function merge(before: AppState, now: AppState): { state: AppState; changed: boolean } {
  const changed = (Object.keys(now) as (keyof AppState)[]).filter((key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]))
  if (changed.length === 0) return { state: before, changed: false }
  return { state: { ...before, ...Object.fromEntries(changed.map((key) => [key, now[key]])) }, changed: true }
}

function difference(before: AppState | null, now: AppState): Partial<AppState> {
  const keys = (Object.keys(now) as (keyof AppState)[]).filter((key) => before === null || before[key] !== now[key])
  return Object.fromEntries(keys.map((key) => [key, now[key]]))
}

/**
 * Snapshots of the owner's state with a revision. The first change goes out at once, those that follow within 100 ms together: a
 * thousand changes a second reach a window as ten.
 */
export function createStatePublisher({ read }: PublisherDeps): StatePublisher {
  const changes = createEmitter<AppState>()
  let state = read()
  let revision = 1
  let dirty = false
  let closed = false
  let timer: NodeJS.Timeout | null = null

  const publish = (): void => {
    dirty = false
    const next = merge(state, read())
    if (!next.changed) return
    state = next.state
    revision += 1
    changes.emit(state)
  }
  const notice = (): void => {
    if (closed) return
    dirty = true
    if (timer !== null) return
    publish()
    timer = setTimeout(() => {
      timer = null
      if (dirty) notice()
    }, INTERVAL_MS)
    timer.unref()
  }
  /** Whoever asks gets the state as it is, not as it was up to 100 ms ago. */
  const current = (): AppState => {
    if (dirty) publish()
    return state
  }
  return {
    notice,
    current,
    subscribe: changes.subscribe,
    watch: async function* (signal) {
      let sent: AppState | null = null
      current()
      const read = (): { state: AppState; revision: number } => ({ state, revision })
      for await (const snapshot of follow(read, (listener) => changes.subscribe(listener), signal)) {
        yield { revision: snapshot.revision, changes: difference(sent, snapshot.state) }
        sent = snapshot.state
      }
    },
    close: () => {
      closed = true
      if (timer !== null) clearTimeout(timer)
    },
  }
}
