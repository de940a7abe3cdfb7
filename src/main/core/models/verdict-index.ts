import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ModelSummary } from '../../../shared/contract'
import { version } from '../../../shared/version'
import type { KnownRepo, KnownRepos } from '../cache'
import { isObject } from '../health'
import { writePrivateFile } from '../system'
import type { RuntimeProblem } from './runtime'

/** Raised whenever what is kept, or what is said of the same files, changes between two releases of the same version. */
const FORMAT = 1
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

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

const header = (body: string): string => `mlxk-index ${FORMAT} ${version} ${digest(body)}`

function isEntry(value: unknown): value is [string, IndexEntry] {
  if (!Array.isArray(value)) return false
  const [path, entry]: unknown[] = value
  return typeof path === 'string' && isObject(entry) && typeof entry['places'] === 'string' && isObject(entry['verdict'])
}

/** Entries of a file's text; none when it is not exactly what this version wrote. */
export function parseIndex(text: string): Map<string, IndexEntry> {
  const end = text.indexOf('\n')
  const body = text.slice(end + 1)
  if (end === -1 || text.slice(0, end) !== header(body)) return new Map()
  try {
    const entries: unknown = JSON.parse(body)
    return new Map(Array.isArray(entries) ? entries.filter(isEntry) : [])
  } catch {
    return new Map()
  }
}

export function formatIndex(entries: ReadonlyMap<string, IndexEntry>): string {
  const body = JSON.stringify([...entries].slice(-MAX_ENTRIES))
  return `${header(body)}\n${body}`
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
      return parseIndex(readFileSync(file, 'utf8'))
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
        if (dirname(path) !== rootPath || paths.has(path)) continue
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
