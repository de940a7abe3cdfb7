/** A list of listeners, and the way to tell them. */
export interface Emitter<T> {
  emit: (value: T) => void
  /** Returns the unsubscriber. */
  subscribe: (listener: (value: T) => void) => () => void
}

export function createEmitter<T>(): Emitter<T> {
  const listeners = new Set<(value: T) => void>()
  return {
    emit: (value) => {
      for (const listener of listeners) listener(value)
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}

/**
 * Follows a value that changes: yields `read()` at once and again after every change. A slow consumer skips what it missed and gets the
 * newest value. Ends when `signal` aborts.
 */
export async function* follow<T>(
  read: () => T,
  subscribe: (listener: () => void) => () => void,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  let changed = true
  let wake: (() => void) | null = null
  const notice = (): void => {
    changed = true
    wake?.()
  }
  const unsubscribe = subscribe(notice)
  signal.addEventListener('abort', notice, { once: true })
  try {
    while (!signal.aborted) {
      if (changed) {
        changed = false
        yield read()
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        wake = null
      }
    }
  } finally {
    unsubscribe()
    signal.removeEventListener('abort', notice)
  }
}
