/** A model that has memory set aside, as the choice of what gives way needs to see it. Bytes. */
export interface Holder<T> {
  id: T
  /** Set aside for it now: grows and shrinks with the answers that are being made. */
  reserved: number
  /** What stays set aside when these answers have ended. */
  least: number
  /** In use already, as far as it is known. */
  measured: number
  /** Answers are being made or about to be, or it is being loaded. */
  busy: boolean
  pinned: boolean
  /** On its way out: gets no new requests, and its memory comes back. */
  leaving: boolean
  /** Rises with use. */
  turn: number
}

export interface Wish {
  /** Must be set aside. */
  bytes: number
  /** Is taken for certain and at once: must be there now, whatever other programs do. */
  nowBytes: number
  waitedMs: number
}

export interface Room {
  limitBytes: number
  /** Free at the moment, null = not known. */
  availableBytes: number | null
  maxModels: number
  /** So long a wish waits for others to become idle by themselves before they get no new requests. */
  patienceMs: number
}

export type Step<T> =
  | { do: 'start' }
  /** Unload an idle model. */
  | { do: 'evict'; ids: T[] }
  /** Give a busy model no new requests; unload it when its answers have ended. */
  | { do: 'drain'; ids: T[] }
  /** `ms: null`: until something changes. */
  | { do: 'wait'; ms: number | null }
  | { do: 'refuse'; because: 'pinned' | 'count' | 'others' }

/**
 * The next step towards room for one model. Never over the limit; never ends an answer; pinned models stay; the least recently used go
 * first, idle ones before busy ones, and busy ones only when more than the end of their present answers is needed and patience has run
 * out: so nobody waits for ever for a model that is always in use.
 */
export function makeRoom<T>(room: Room, holders: readonly Holder<T>[], wish: Wish): Step<T> {
  const fits = (gone: ReadonlySet<Holder<T>>, size: 'reserved' | 'least'): boolean => {
    const staying = holders.filter((holder) => !gone.has(holder))
    const taken = staying.reduce((sum, holder) => sum + holder[size], 0)
    return staying.length < room.maxModels && taken + wish.bytes <= room.limitBytes && isFree(gone)
  }
  const isFree = (gone: ReadonlySet<Holder<T>>): boolean => {
    if (room.availableBytes === null) return true
    const back = [...gone].reduce((sum, holder) => sum + holder.measured, 0)
    return room.availableBytes + back >= wish.nowBytes
  }
  /** The first of `order` that are enough together with those on their way out; null when all are not. */
  const take = (order: readonly Holder<T>[], size: 'reserved' | 'least'): Holder<T>[] | null => {
    const leavers = new Set(leaving)
    const taken: Holder<T>[] = []
    for (const holder of order) {
      leavers.add(holder)
      taken.push(holder)
      if (fits(leavers, size)) return taken
    }
    return null
  }
  const leaving = new Set(holders.filter((holder) => holder.leaving))
  if (fits(new Set(), 'reserved')) return { do: 'start' }
  if (fits(leaving, 'reserved')) return { do: 'wait', ms: null }
  const movable = holders.filter((holder) => !holder.pinned && !holder.leaving).sort((a, b) => a.turn - b.turn)
  const idle = movable.filter(({ busy }) => !busy)
  const evicted = take(idle, 'reserved')
  if (evicted !== null) return { do: 'evict', ids: evicted.map(({ id }) => id) }
  // Enough comes back when the answers that are being made have ended.
  if (fits(leaving, 'least')) return { do: 'wait', ms: null }
  const drained = take([...idle, ...movable.filter(({ busy }) => busy)], 'least')
  if (drained !== null) {
    if (wish.waitedMs < room.patienceMs) return { do: 'wait', ms: room.patienceMs - wish.waitedMs }
    return { do: 'drain', ids: drained.map(({ id }) => id) }
  }
  // What is on its way out tells more when it is gone: its memory was only estimated.
  if (leaving.size > 0) return { do: 'wait', ms: null }
  const pinned = holders.filter((holder) => holder.pinned)
  if (!isFree(new Set(movable))) return { do: 'refuse', because: 'others' }
  return { do: 'refuse', because: pinned.length >= room.maxModels ? 'count' : 'pinned' }
}
