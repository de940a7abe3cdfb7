/** Values pushed by callbacks, read by a loop. */
export interface Channel<T> {
  push: (value: T) => void
  close: () => void
  read: () => AsyncGenerator<T, void, void>
}

/** Unbounded; for few values. */
export function createChannel<T>(): Channel<T> {
  const waiting: T[] = []
  let closed = false
  let wake: (() => void) | null = null
  const signal = (): void => {
    wake?.()
    wake = null
  }
  return {
    push: (value) => {
      waiting.push(value)
      signal()
    },
    close: () => {
      closed = true
      signal()
    },
    read: async function* read() {
      while (true) {
        const value = waiting.shift()
        if (value !== undefined) yield value
        else if (closed) return
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    },
  }
}
