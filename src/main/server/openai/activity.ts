/** Counts the answers that are being made. */
export interface Activity {
  inFlight: () => number
  /** Returns the function that ends it; calling that again does nothing. */
  begin: () => () => void
  /** Calls back after every change. Returns the unsubscriber. */
  subscribe: (listener: () => void) => () => void
  /** Resolves as soon as nothing is in flight. */
  idle: () => Promise<void>
}

export function createActivity(): Activity {
  let count = 0
  const listeners = new Set<() => void>()
  const change = (by: number): void => {
    count += by
    for (const listener of listeners) listener()
  }
  const subscribe = (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  return {
    inFlight: () => count,
    begin: () => {
      let open = true
      change(1)
      return () => {
        if (open) change(-1)
        open = false
      }
    },
    subscribe,
    idle: () =>
      new Promise((resolve) => {
        if (count === 0) return resolve()
        const stop = subscribe(() => {
          if (count > 0) return
          stop()
          resolve()
        })
      }),
  }
}
