import type { TreeEntry } from './types'

/** Bytes, by size and by blocks of the disk. */
export interface Bytes {
  sizeBytes: number
  diskBytes: number
}

export const NO_BYTES: Bytes = { sizeBytes: 0, diskBytes: 0 }

export function addBytes(...all: readonly Bytes[]): Bytes {
  return all.reduce(
    (sum, { sizeBytes, diskBytes }) => ({ sizeBytes: sum.sizeBytes + sizeBytes, diskBytes: sum.diskBytes + diskBytes }),
    NO_BYTES,
  )
}

type File = Pick<TreeEntry, 'path' | 'sizeBytes' | 'diskBytes' | 'dev' | 'ino' | 'nlink'>

/** Files with all their names among `entries`: their bytes go when these do. Others have names elsewhere. */
export function splitByNames<T extends File>(entries: readonly T[]): { freed: T[]; elsewhere: T[] } {
  const groups = new Map<string, T[]>()
  for (const entry of entries) {
    const key = `${entry.dev}:${entry.ino}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [entry])
    else group.push(entry)
  }
  const freed: T[] = []
  const elsewhere: T[] = []
  for (const group of groups.values()) {
    const [first] = group
    if (first !== undefined) (group.length >= first.nlink ? freed : elsewhere).push(first)
  }
  return { freed, elsewhere }
}

/** Sum over distinct files. */
export function distinctBytes(entries: readonly File[]): Bytes {
  const { freed, elsewhere } = splitByNames(entries)
  return addBytes(...freed, ...elsewhere)
}
