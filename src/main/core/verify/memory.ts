import { readFileSync, statSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { writePrivateFile } from '../system'
import type { FileIdentity, HashAlgorithm } from './types'

/** Entries; the ones learnt first are forgotten first. */
const MAX_ENTRIES = 200_000
const MAX_FILE_BYTES = 64 * 1024 * 1024
const HEADER = 'mlxk-hashes 1'
const LINE = /^(sha256|git-sha1) (\d+):(\d+):(\d+):(\d+) ([0-9a-f]{40,64})(?: (\d{1,12}))?$/

interface Entry {
  algorithm: HashAlgorithm
  identity: FileIdentity
  value: string
  /** When the bytes were read, in seconds since 1970; null in a line that an earlier version wrote. */
  atS: number | null
}

/** What a scan knows of a file's bytes. */
export interface ScanStats {
  ino: number
  sizeBytes: number
  mtimeMs: number
}

/** Hashes computed before, by what tells the bytes apart. Only ever a cache: without its file everything is hashed again. */
export interface HashMemory {
  /** Changes when the file does, whoever wrote it. One stat. */
  stamp: () => string
  /** The hash of exactly these bytes, null when it was never computed. */
  recall: (algorithm: HashAlgorithm, identity: FileIdentity) => string | null
  /** When these bytes were hashed, in seconds since 1970; null when that is not known. */
  learntAt: (algorithm: HashAlgorithm, identity: FileIdentity) => number | null
  /** As `recall`, by what a scan knows of a file: a hit must be confirmed by its identity. Null when nothing at all is remembered. */
  suspects: () => ((algorithm: HashAlgorithm, file: ScanStats) => string | null) | null
  learn: (algorithm: HashAlgorithm, identity: FileIdentity, value: string) => void
  /** Writes what was learnt, together with what others wrote meanwhile. Failing to is no failure: see `HashMemory`. */
  save: () => Promise<void>
}

const keyOf = (algorithm: HashAlgorithm, { dev, ino }: FileIdentity): string => `${algorithm} ${dev}:${ino}`

/** As Node derives `mtimeMs` of a stat. */
export function toMtimeMs(mtimeNs: string): number {
  const ns = BigInt(mtimeNs)
  return Number(ns / 1_000_000_000n) * 1000 + Number(ns % 1_000_000_000n) / 1_000_000
}

/** Lines that are no entries are left out: a file of another version, or a damaged one, costs time only. */
export function parseEntries(text: string): Entry[] {
  const [header, ...lines] = text.split('\n')
  if (header !== HEADER) return []
  return lines.flatMap((line): Entry[] => {
    const match = LINE.exec(line)
    if (match === null) return []
    const [, algorithm = '', dev = '', ino = '', size = '', mtimeNs = '', value = '', atS] = match
    if (value.length !== (algorithm === 'sha256' ? 64 : 40)) return []
    const identity = { dev, ino, size, mtimeNs }
    return [
      { algorithm: algorithm === 'sha256' ? 'sha256' : 'git-sha1', identity, value, atS: atS === undefined ? null : Number(atS) },
    ]
  })
}

function formatEntry({ algorithm, identity: { dev, ino, size, mtimeNs }, value, atS }: Entry): string {
  return `${algorithm} ${dev}:${ino}:${size}:${mtimeNs} ${value}${atS === null ? '' : ` ${atS}`}`
}

/** The memory in `<data>/index`, read when first asked and again when another process has written it. */
export function createHashMemory(folder: string, now: () => number = Date.now): HashMemory {
  const file = join(folder, 'hashes.txt')
  let entries = new Map<string, Entry>()
  let byInode: Map<string, Entry[]> | null = null
  let learnt = new Map<string, Entry>()
  let readStamp: string | null = null

  const statFile = (): Stats | null => {
    try {
      return statSync(file)
    } catch {
      return null
    }
  }
  const stampOf = (stats: Stats | null): string =>
    stats === null ? '-' : `${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`
  const put = (all: Map<string, Entry>, entry: Entry): void => {
    const key = keyOf(entry.algorithm, entry.identity)
    all.delete(key)
    all.set(key, entry)
  }
  const refresh = (): void => {
    const stats = statFile()
    const stamp = stampOf(stats)
    if (stamp === readStamp) return
    entries = new Map()
    byInode = null
    readStamp = stamp
    try {
      if (stats !== null && stats.size <= MAX_FILE_BYTES)
        for (const entry of parseEntries(readFileSync(file, 'utf8'))) put(entries, entry)
    } catch {
      // Not readable: nothing is remembered.
    }
    for (const entry of learnt.values()) put(entries, entry)
  }
  const indexByInode = (): Map<string, Entry[]> => {
    if (byInode !== null) return byInode
    const found = new Map<string, Entry[]>()
    for (const entry of entries.values()) {
      const key = `${entry.algorithm} ${Number(entry.identity.ino)}`
      const same = found.get(key)
      if (same === undefined) found.set(key, [entry])
      else same.push(entry)
    }
    byInode = found
    return found
  }

  const find = (algorithm: HashAlgorithm, identity: FileIdentity): Entry | null => {
    refresh()
    const entry = entries.get(keyOf(algorithm, identity))
    return entry?.identity.size === identity.size && entry.identity.mtimeNs === identity.mtimeNs ? entry : null
  }

  return {
    stamp: () => stampOf(statFile()),
    recall: (algorithm, identity) => find(algorithm, identity)?.value ?? null,
    learntAt: (algorithm, identity) => find(algorithm, identity)?.atS ?? null,
    suspects: () => {
      refresh()
      if (entries.size === 0) return null
      const known = indexByInode()
      return (algorithm, { ino, sizeBytes, mtimeMs }) => {
        const same = known.get(`${algorithm} ${ino}`) ?? []
        const hit = same.find(({ identity }) => Number(identity.size) === sizeBytes && toMtimeMs(identity.mtimeNs) === mtimeMs)
        return hit?.value ?? null
      }
    },
    learn: (algorithm, identity, value) => {
      refresh()
      const entry = { algorithm, identity, value, atS: Math.floor(now() / 1000) }
      put(entries, entry)
      put(learnt, entry)
      byInode = null
    },
    save: async () => {
      if (learnt.size === 0) return
      refresh()
      const saving = learnt
      learnt = new Map()
      const lines = [...entries.values()].slice(-MAX_ENTRIES).map(formatEntry)
      try {
        await writePrivateFile(file, [HEADER, ...lines, ''].join('\n'))
      } catch {
        // Tried again with the next file, unless learnt anew meanwhile.
        learnt = new Map([...saving, ...learnt])
      }
    },
  }
}
