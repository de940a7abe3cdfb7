import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs'
import { toErrno } from '../../../shared/errors'
import type { FileIdentity, HashJob, HashOutcome } from './types'

/** Measured: smaller reads cost calls, larger ones fall out of the processor's cache. */
const READ_BYTES = 128 * 1024

/** The calls to the system, so that a failing disk can be tried. */
export interface HashIo {
  open: (path: string) => number
  stat: (descriptor: number) => BigIntStats
  read: (descriptor: number, buffer: Uint8Array) => number
  close: (descriptor: number) => void
}

const diskIo: HashIo = {
  // Never waits for a writer, should a pipe have taken the file's place.
  open: (path) => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
  stat: (descriptor) => fstatSync(descriptor, { bigint: true }),
  read: (descriptor, buffer) => readSync(descriptor, buffer, 0, buffer.length, null),
  close: (descriptor) => closeSync(descriptor),
}

export function toIdentity({ dev, ino, size, mtimeNs }: Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs'>): FileIdentity {
  return { dev: String(dev), ino: String(ino), size: String(size), mtimeNs: String(mtimeNs) }
}

function isSame(a: FileIdentity, b: FileIdentity): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs
}

/**
 * Hashes a file in steps: yields the bytes of each read, returns the outcome. Reads no more than the size the file had when it was
 * opened, so that a growing file ends too. Never throws; leaving early closes the file.
 */
export function* hashFile({ path, algorithm }: HashJob, io: HashIo = diskIo): Generator<number, HashOutcome, void> {
  let descriptor: number | null = null
  try {
    descriptor = io.open(path)
    const before = io.stat(descriptor)
    if (!before.isFile()) return { state: 'unreadable', errno: 'EISDIR' }
    const size = Number(before.size)
    const hash = createHash(algorithm === 'sha256' ? 'sha256' : 'sha1')
    // git hashes a header with the length first.
    if (algorithm === 'git-sha1') hash.update(`blob ${size}\0`)
    const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(READ_BYTES, size)))
    let done = 0
    while (done < size) {
      const count = io.read(descriptor, size - done < buffer.length ? buffer.subarray(0, size - done) : buffer)
      if (count === 0) return { state: 'changed' }
      hash.update(count === buffer.length ? buffer : buffer.subarray(0, count))
      done += count
      yield count
    }
    const identity = toIdentity(before)
    if (!isSame(identity, toIdentity(io.stat(descriptor)))) return { state: 'changed' }
    return { state: 'ok', value: hash.digest('hex'), identity }
  } catch (error) {
    return { state: 'unreadable', errno: toErrno(error) ?? 'EIO' }
  } finally {
    if (descriptor !== null) {
      try {
        io.close(descriptor)
      } catch {
        // The outcome is known; a disk that fails now has said so before.
      }
    }
  }
}
