import { readFileSync, statSync } from 'node:fs'
import type { LoadedModel } from '../../../shared/contract'
import { isObject } from '../health'
import { writePrivateFile } from '../system'

/** When each model was last used by us, by name, over restarts. */
export interface LastUsed {
  all: () => Record<string, string>
  /** Takes what the pool says of its models. */
  notice: (loaded: readonly Pick<LoadedModel, 'name' | 'last_used_at'>[]) => void
  /** Knows nothing any more, also of models that are still loaded, until they are used again. */
  forget: () => void
  /** Writes what is new. Failing to is no failure. */
  save: () => Promise<void>
}

const MAX_FILE_BYTES = 4 * 1024 * 1024
const MAX_ENTRIES = 5000
/** A kill loses at most so much. */
const SAVE_MS = 30_000

function read(file: string): Map<string, string> {
  try {
    if (statSync(file).size > MAX_FILE_BYTES) return new Map()
    const said: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (!isObject(said)) return new Map()
    const entries = Object.entries(said).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && Number.isFinite(Date.parse(entry[1])),
    )
    return new Map(entries.map(([name, at]) => [name, new Date(at).toISOString()]))
  } catch {
    // Not there yet, or damaged: then nothing is known.
    return new Map()
  }
}

/** @param file one JSON object, name → time */
export function createLastUsed(file: string, now: () => number = Date.now): LastUsed {
  const used = read(file)
  let changed = false
  let forgottenAt = ''
  let savedAt = now()
  const save = async (): Promise<void> => {
    if (!changed) return
    changed = false
    savedAt = now()
    await writePrivateFile(file, JSON.stringify(Object.fromEntries([...used].slice(-MAX_ENTRIES)))).catch(() => undefined)
  }
  return {
    all: () => Object.fromEntries(used),
    notice: (loaded) => {
      for (const { name, last_used_at: at } of loaded) {
        if (at === null || at <= forgottenAt || (used.get(name) ?? '') >= at) continue
        // The newest last: they are the ones that are kept.
        used.delete(name)
        used.set(name, at)
        changed = true
      }
      if (changed && now() - savedAt > SAVE_MS) void save()
    },
    forget: () => {
      used.clear()
      changed = false
      forgottenAt = new Date(now()).toISOString()
    },
    save,
  }
}
