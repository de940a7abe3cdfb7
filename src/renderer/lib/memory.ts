/** Small things that outlive the window. Losing one is no harm, so nothing here ever fails. */
export interface WindowMemory {
  read: (key: MemoryKey) => string | null
  write: (key: MemoryKey, value: string) => void
  clear: () => void
}

/**
 * `chat.model`: the model that was asked last; `chat.open`: the conversation that was shown last; `appearance`: theme and language, for
 * the moment before the owner says them; `first-run`: how far the first steps are; `place`: the section
 * that was open, and what stood beside it.
 */
const keys = ['chat.model', 'chat.open', 'appearance', 'first-run', 'place'] as const
export type MemoryKey = (typeof keys)[number]

/** @param open gives the browser's storage; a browser that is told to keep nothing throws already there */
export function createMemory(open: () => Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>): WindowMemory {
  return {
    read: (key) => {
      try {
        return open().getItem(`mlxk.${key}`)
      } catch {
        return null
      }
    },
    write: (key, value) => {
      try {
        open().setItem(`mlxk.${key}`, value)
      } catch {
        // Full or forbidden: the next window begins without it.
      }
    },
    clear: () => {
      try {
        for (const key of keys) open().removeItem(`mlxk.${key}`)
      } catch {
        // Then there was nothing.
      }
    },
  }
}
