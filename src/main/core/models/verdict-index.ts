import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ModelSummary } from '../../../shared/contract'
import { version } from '../../../shared/version'
import type { KnownRepo, KnownRepos } from '../cache'
import { isObject } from '../health'
import { checksum, writePrivateFile } from '../system'
import type { RuntimeProblem } from './runtime'

/** Raised whenever what is kept, or what is said of the same files, changes between two releases of the same version. */
const FORMAT = 2
const MAX_FILE_BYTES = 256 * 1024 * 1024
const MAX_ENTRIES = 50_000

/** What files alone say of a model. Which engine is installed is not part of it. */
export interface Verdict {
  summary: ModelSummary
  problem: RuntimeProblem | null
}

export interface IndexEntry extends KnownRepo {
  verdict: Verdict
  /** State of the memory of hashes at the time, and what it knew of this model's bytes. */
  contentStamp: string
  recalled: string
}

/**
 * Verdicts of repos by their absolute path, in memory and in one file of the data folder. Only ever a cache: without the file, or with
 * one that is damaged or of another version, everything is looked at again. A look at the places of an entry says whether it still holds.
 */
export interface VerdictIndex {
  known: () => KnownRepos
  get: (path: string) => IndexEntry | undefined
  keep: (path: string, entry: IndexEntry) => void
  forget: (path: string) => void
  /** Forgets what is in this root and not among these repos. */
  retain: (rootPath: string, paths: ReadonlySet<string>) => void
  /** Writes what is new, together with what others wrote meanwhile. Failing to is no failure. */
  save: () => Promise<void>
}

/** Before the sum: what wrote the file. */
const SIGNATURE = `mlxk-index ${FORMAT} ${version} `
const SUM_LENGTH = 16
/** The entries begin at a whole number of words, so that they are summed where they lie. */
const HEADER_BYTES = Math.ceil((SIGNATURE.length + SUM_LENGTH + 1) / 4) * 4
const header = (sum: string): string => `${(SIGNATURE + sum).padEnd(HEADER_BYTES - 1)}\n`

/** Sum of what follows the header; a last word that is not full counts with the bytes it has. */
function sumEntries(file: Buffer): string {
  const bytes = file.length - HEADER_BYTES
  const whole = bytes - (bytes % 4)
  const start = file.byteOffset + HEADER_BYTES
  const words =
    start % 4 === 0
      ? new Uint32Array(file.buffer, start, whole / 4)
      : new Uint32Array(new Uint8Array(file.subarray(HEADER_BYTES, HEADER_BYTES + whole)).buffer)
  return checksum(words, bytes % 4 === 0 ? 0 : file.readUIntLE(HEADER_BYTES + whole, bytes % 4))
}

function isEntry(value: unknown): value is [string, IndexEntry] {
  if (!Array.isArray(value)) return false
  const [path, entry]: unknown[] = value
  return typeof path === 'string' && isObject(entry) && typeof entry['places'] === 'string' && isObject(entry['verdict'])
}

/** Entries of a file; none when it is not exactly what this version wrote. */
export function parseIndex(file: Buffer): Map<string, IndexEntry> {
  if (file.length <= HEADER_BYTES || file.toString('latin1', 0, HEADER_BYTES) !== header(sumEntries(file))) return new Map()
  try {
    const entries: unknown = JSON.parse(file.toString('utf8', HEADER_BYTES))
    return new Map(Array.isArray(entries) ? entries.filter(isEntry) : [])
  } catch {
    return new Map()
  }
}

/** Entries that become text at once: that of all of them would take several times the memory, and a long one outlives its use. */
const PIECE = 32
/** Room that is asked for at first, for each entry; what is not written to takes no memory. */
const ENTRY_BYTES = 4096

export function formatIndex(entries: ReadonlyMap<string, IndexEntry>): Buffer {
  const left = Math.max(0, entries.size - MAX_ENTRIES)
  let file = Buffer.allocUnsafeSlow(HEADER_BYTES + 1024 + (entries.size - left) * ENTRY_BYTES)
  let end = file.write('[', HEADER_BYTES, 'latin1') + HEADER_BYTES
  let piece: [string, IndexEntry][] = []
  const flush = (): void => {
    if (piece.length === 0) return
    const text = JSON.stringify(piece).slice(1, -1)
    // A character takes three bytes at most; the comma before and the bracket at the end one each.
    const most = end + text.length * 3 + 2
    if (most > file.length) {
      const larger = Buffer.allocUnsafeSlow(most * 2)
      file.copy(larger, 0, 0, end)
      file = larger
    }
    if (end > HEADER_BYTES + 1) end += file.write(',', end, 'latin1')
    end += file.write(text, end)
    piece = []
  }
  let index = 0
  for (const entry of entries) {
    index += 1
    if (index <= left) continue
    piece.push(entry)
    if (piece.length === PIECE) flush()
  }
  flush()
  end += file.write(']', end, 'latin1')
  return seal(file.subarray(0, end))
}

/** A file of this version with these bytes after its header. */
export function sealIndex(pieces: readonly Buffer[]): Buffer {
  return seal(Buffer.concat([Buffer.alloc(HEADER_BYTES), ...pieces]))
}

function seal(file: Buffer): Buffer {
  file.write(header(sumEntries(file)), 'latin1')
  return file
}

/** Null: the file is not there, or not to be read. */
function stampOf(file: string): string | null {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(file)
    return size > MAX_FILE_BYTES ? null : `${ino}:${size}:${mtimeMs}:${ctimeMs}`
  } catch {
    return null
  }
}

/** @param folder `<data>/index`; null keeps everything in memory only */
export function createVerdictIndex(folder: string | null): VerdictIndex {
  const file = folder === null ? null : join(folder, 'models.json')
  let loaded = file === null
  let readStamp: string | null = null
  let entries = new Map<string, IndexEntry>()
  let changed = false

  const read = (): Map<string, IndexEntry> => {
    if (file === null) return new Map()
    readStamp = stampOf(file)
    if (readStamp === null) return new Map()
    try {
      return parseIndex(readFileSync(file))
    } catch {
      return new Map()
    }
  }
  const load = (): Map<string, IndexEntry> => {
    if (!loaded) entries = read()
    loaded = true
    return entries
  }
  /** What other processes know of other roots is kept; of the same repo, what we saw is at least as new. */
  const merge = (): void => {
    if (file === null || stampOf(file) === readStamp) return
    const roots = new Set([...entries.keys()].map(dirname))
    const others = [...read()].filter(([path]) => !entries.has(path) && !roots.has(dirname(path)))
    entries = new Map([...others, ...entries])
  }
  return {
    known: load,
    get: (path) => load().get(path),
    keep: (path, entry) => {
      load().delete(path)
      entries.set(path, entry)
      changed = true
    },
    forget: (path) => {
      if (load().delete(path)) changed = true
    },
    retain: (rootPath, paths) => {
      for (const path of load().keys()) {
        const isInside = path.lastIndexOf('/') === rootPath.length && path.startsWith(rootPath)
        if (!isInside || paths.has(path)) continue
        entries.delete(path)
        changed = true
      }
    },
    save: async () => {
      if (file === null || !changed) return
      changed = false
      merge()
      try {
        await writePrivateFile(file, formatIndex(entries))
        readStamp = stampOf(file)
      } catch {
        // No room, or no right to write: the next look takes its time again.
        changed = true
      }
    },
  }
}
