import { createHash } from 'node:crypto'

/** The bytes of a file, readable from any offset. `end` is exclusive. */
export interface Content {
  size: number
  read: (start: number, end: number) => Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

const PIECE_BYTES = 256 * 1024

export function fromBuffer(bytes: Uint8Array): Content {
  return {
    size: bytes.length,
    *read(start, end) {
      for (let at = start; at < end; at += PIECE_BYTES) yield bytes.subarray(at, Math.min(end, at + PIECE_BYTES))
    },
  }
}

/** Name of a blob in git: SHA-1 over a header with the length, then the bytes. */
export function gitOid(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
