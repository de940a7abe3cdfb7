import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { version } from '../../../shared/version'
import { isObject, type SnapshotFacts } from '../health'
import { writePrivateFile } from '../system'

/** What of a commit of the Hub was looked at. A commit never changes, so it holds for ever. */
export interface RemoteFacts {
  facts: SnapshotFacts
  /** What `pull` would fetch. */
  fetchBytes: number
}

export interface RemoteMemory {
  recall: (repo: string, commit: string) => RemoteFacts | null
  learn: (repo: string, commit: string, value: RemoteFacts) => void
  /** Failing to is no failure: everything is asked again. */
  save: () => Promise<void>
}

const MAX_ENTRIES = 1000
const MAX_FILE_BYTES = 32 * 1024 * 1024

function isEntry(value: unknown): value is [string, RemoteFacts] {
  if (!Array.isArray(value)) return false
  const [key, entry]: unknown[] = value
  return typeof key === 'string' && isObject(entry) && typeof entry['fetchBytes'] === 'number' && isObject(entry['facts'])
}

/** `<data>/index/hub.json`; of another version of ours it is not read. */
export function createRemoteMemory(folder: string): RemoteMemory {
  const file = join(folder, 'hub.json')
  let entries: Map<string, RemoteFacts> | null = null
  let changed = false
  const load = (): Map<string, RemoteFacts> => {
    if (entries !== null) return entries
    entries = new Map()
    try {
      if (statSync(file).size > MAX_FILE_BYTES) return entries
      const said: unknown = JSON.parse(readFileSync(file, 'utf8'))
      if (isObject(said) && said['version'] === version && Array.isArray(said['entries']))
        entries = new Map(said['entries'].filter(isEntry))
    } catch {
      // Not there, or damaged.
    }
    return entries
  }
  const keyOf = (repo: string, commit: string): string => `${repo}@${commit}`
  return {
    recall: (repo, commit) => load().get(keyOf(repo, commit)) ?? null,
    learn: (repo, commit, value) => {
      load().delete(keyOf(repo, commit))
      load().set(keyOf(repo, commit), value)
      changed = true
    },
    save: async () => {
      if (!changed || entries === null) return
      changed = false
      await writePrivateFile(file, JSON.stringify({ version, entries: [...entries].slice(-MAX_ENTRIES) })).catch(() => undefined)
    },
  }
}
