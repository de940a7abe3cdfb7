/** A model that has memory set aside, as the choice of what gives way needs to see it. Bytes. */
export interface Holder<T> {
  id: T
  /** Set aside for it now. */
  reserved: number
  /** The least that it can do with while its present answers are being made. */
  least: number
  /** In use already, as far as it is known. */
  measured: number
  /** Answers are being made, or it is being loaded. */
  busy: boolean
  pinned: boolean
  /** On its way out: gets no new requests, and its memory comes back. */
  leaving: boolean
  lastUsedAt: number
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
  /** Take back what was set aside for conversations that nobody has. */
  | { do: 'shrink' }
  /** Unload an idle model. */
  | { do: 'evict'; ids: T[] }
  /** Give a busy model no new requests; unload it when its answers have ended. */
  | { do: 'drain'; ids: T[] }
  /** `ms: null`: until something changes. */
  | { do: 'wait'; ms: number | null }
  | { do: 'refuse'; because: 'pinned' | 'count' | 'others' }

/**
 * The next step towards room for one model. Never over the limit; never ends an answer; pinned models stay; the least recently used go
 * first, idle ones before busy ones, and busy ones only after patience has run out, so that nobody waits for ever for a model that is
 * always in use.
 */
export function makeRoom<T>(room: Room, holders: readonly Holder<T>[], wish: Wish): Step<T> {
  const fits = (gone: ReadonlySet<Holder<T>>, size: 'reserved' | 'least'): boolean => {
    const staying = holders.filter((holder) => !gone.has(holder))
    const taken = staying.reduce((sum, holder) => sum + holder[size], 0)
    return staying.length < room.maxModels && taken + wish.bytes <= room.limitBytes && isFree(gone)
  }
  /** What other models were promised and have not taken yet is not free. */
  const isFree = (gone: ReadonlySet<Holder<T>>): boolean => {
    if (room.availableBytes === null) return true
    const back = [...gone].reduce((sum, holder) => sum + holder.measured, 0)
    return room.availableBytes + back >= wish.nowBytes
  }
  const none = new Set<Holder<T>>()
  if (fits(none, 'reserved')) return { do: 'start' }
  if (fits(none, 'least')) return { do: 'shrink' }

  const gone = new Set(holders.filter(({ leaving }) => leaving))
  if (fits(gone, 'least')) return { do: 'wait', ms: null }
  const oldest = holders.filter((holder) => !holder.pinned && !holder.leaving).sort((a, b) => a.lastUsedAt - b.lastUsedAt)
  const idle = take(oldest.filter(({ busy }) => !busy))
  if (idle !== null) return { do: 'evict', ids: idle.map(({ id }) => id) }

  const all = take([...oldest.filter(({ busy }) => !busy), ...oldest.filter(({ busy }) => busy)])
  if (all === null) {
    // What is on its way out may be the last that could help.
    if (gone.size > 0) return { do: 'wait', ms: null }
    if (!isFree(new Set(holders.filter(({ pinned }) => !pinned)))) return { do: 'refuse', because: 'others' }
    return { do: 'refuse', because: holders.filter(({ pinned }) => pinned).length >= room.maxModels ? 'count' : 'pinned' }
  }
  if (wish.waitedMs < room.patienceMs) return { do: 'wait', ms: room.patienceMs - wish.waitedMs }
  return { do: 'drain', ids: all.map(({ id }) => id) }

  /** The first of `order` that are enough together with those on their way out; null when all are not. */
  function take(order: readonly Holder<T>[]): Holder<T>[] | null {
    const leavers = new Set(gone)
    const taken: Holder<T>[] = []
    for (const holder of order) {
      leavers.add(holder)
      taken.push(holder)
      if (fits(leavers, 'least')) return taken
    }
    return null
  }
}
