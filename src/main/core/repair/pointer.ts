import { closeSync, constants, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { ExpectedHash } from '../../../shared/contract'

/** What a Git LFS pointer says of the file in whose place it lies; null for anything else. */
export function parsePointer(text: string): { sizeBytes: number; hash: ExpectedHash } | null {
  const oid = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1]
  const size = /^size (\d{1,15})$/m.exec(text)?.[1]
  if (oid === undefined || size === undefined) return null
  return { sizeBytes: Number(size), hash: { algorithm: 'sha256', value: oid } }
}

/** Reads the few lines of a pointer; null when it is none or cannot be read. */
export function readPointer(folder: string, path: string): ReturnType<typeof parsePointer> {
  let descriptor: number | null = null
  try {
    descriptor = openSync(join(folder, path), constants.O_RDONLY | constants.O_NONBLOCK)
    const buffer = Buffer.alloc(200)
    return parsePointer(buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, 0)).toString('latin1'))
  } catch {
    return null
  } finally {
    if (descriptor !== null) closeSync(descriptor)
  }
}
