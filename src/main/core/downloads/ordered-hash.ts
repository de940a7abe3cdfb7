import { createHash, type Hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Algorithm } from './types'

/** Read at once when bytes that came out of order are hashed from the disk. */
const READ_BYTES = 1024 * 1024

export interface OrderedHash {
  /** Takes bytes as they come; those that are not next in order are left for `catchUp`. */
  update: (chunk: Uint8Array, at: number) => void
  /** Hashes what is on the disk up to a byte. */
  catchUp: (to: number) => Promise<void>
  reset: () => void
  /** Hex. Only good once, and when everything is hashed. */
  digest: () => string
}

/** The hash that a blob is named by, over bytes that may arrive in any order. @param read from the file itself, at an offset */
export function createOrderedHash(
  algorithm: Algorithm,
  sizeBytes: number,
  read: (buffer: Uint8Array, at: number) => Promise<number>,
): OrderedHash {
  const begin = (): Hash =>
    // git hashes a header with the length first.
    algorithm === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${sizeBytes}\0`)
  let hash = begin()
  let next = 0
  return {
    update: (chunk, at) => {
      if (at > next || at + chunk.length <= next) return
      hash.update(at === next ? chunk : chunk.subarray(next - at))
      next = at + chunk.length
    },
    catchUp: async (to) => {
      const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, Math.max(1, to - next)))
      while (next < to) {
        const at = next
        const count = await read(buffer.subarray(0, Math.min(buffer.length, to - at)), at)
        // The file is shorter than its journal says: the digest will not hold, and the file is fetched anew.
        if (count === 0) return
        // Whoever fetches these bytes may have hashed them meanwhile.
        if (next === at) {
          hash.update(buffer.subarray(0, count))
          next = at + count
        }
        await setImmediate()
      }
    },
    reset: () => {
      hash = begin()
      next = 0
    },
    digest: () => hash.digest('hex'),
  }
}
