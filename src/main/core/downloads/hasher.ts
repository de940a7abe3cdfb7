import { createHash, type Hash } from 'node:crypto'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { toErrno } from '../../../shared/errors'
import type { Algorithm } from './types'

/** What a hasher is told of a file that grows. `reach`: all bytes before `to` are on the disk. `finish`: all of it is, and the hash is wanted. */
export type HashOrder =
  | { order: 'begin'; id: number; path: string; algorithm: Algorithm; sizeBytes: number }
  | { order: 'reach'; id: number; to: number }
  | { order: 'finish'; id: number }
  | { order: 'drop'; id: number }

/** `digest` in hex; null: the file ends before it should. */
export type HashAnswer = { id: number; digest: string | null } | { id: number; failed: { errno: string | null; message: string } }

interface Growing {
  path: string
  sizeBytes: number
  hash: Hash
  handle: number | null
  next: number
  to: number
  isWanted: boolean
}

const READ_BYTES = 256 * 1024
/** Hashed before it is the next file's turn, and before new orders are looked at. */
const TURN_BYTES = 8 * 1024 * 1024

/**
 * Hashes files while they are fetched, by reading what has reached the disk: bytes may come in any order, and what is proven is what lies there.
 * A hash of git's has a header with the length first. Works in turns between which the thread is free.
 */
export function createHasher(answer: (answer: HashAnswer) => void): (order: HashOrder) => void {
  const files = new Map<number, Growing>()
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  let isScheduled = false

  const drop = (id: number): void => {
    const file = files.get(id)
    files.delete(id)
    if (file !== undefined && file.handle !== null) closeSync(file.handle)
  }
  const end = (id: number, digest: string | null): void => {
    drop(id)
    answer({ id, digest })
  }
  /** True while there is more to do now. */
  const advance = (id: number, file: Growing): boolean => {
    file.handle ??= openSync(file.path, constants.O_RDONLY | constants.O_NOFOLLOW)
    for (let done = 0; done < TURN_BYTES && file.next < file.to;) {
      const count = readSync(file.handle, buffer, 0, Math.min(READ_BYTES, file.to - file.next), file.next)
      if (count === 0) {
        // Shorter than its journal says: then the hash cannot hold, and the file is fetched anew.
        file.to = file.next
        if (file.isWanted) end(id, null)
        return false
      }
      file.hash.update(count === READ_BYTES ? buffer : buffer.subarray(0, count))
      file.next += count
      done += count
    }
    if (file.isWanted && file.next === file.sizeBytes) end(id, file.hash.digest('hex'))
    return file.next < file.to
  }
  const schedule = (): void => {
    if (isScheduled) return
    isScheduled = true
    setImmediate(turn)
  }
  const turn = (): void => {
    isScheduled = false
    let isBusy = false
    for (const [id, file] of files) {
      if (file.next >= file.to && !file.isWanted) continue
      try {
        if (advance(id, file)) isBusy = true
      } catch (error) {
        drop(id)
        answer({ id, failed: { errno: toErrno(error), message: error instanceof Error ? error.message : 'unknown' } })
      }
    }
    if (isBusy) schedule()
  }

  return (order) => {
    const { id } = order
    if (order.order === 'begin') {
      const { path, algorithm, sizeBytes } = order
      const hash = algorithm === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${sizeBytes}\0`)
      files.set(id, { path, sizeBytes, hash, handle: null, next: 0, to: 0, isWanted: false })
      return
    }
    if (order.order === 'drop') return drop(id)
    const file = files.get(id)
    if (file === undefined) return
    file.to = order.order === 'finish' ? file.sizeBytes : Math.max(file.to, order.to)
    file.isWanted ||= order.order === 'finish'
    schedule()
  }
}
