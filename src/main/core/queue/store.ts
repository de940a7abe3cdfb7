import { readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { download } from '../../../shared/contract'
import { toErrno } from '../../../shared/errors'
import { writePrivateFile } from '../system'
import { hasEnded, type Entry } from './entry'

export interface QueueStore {
  /** What an earlier process left, in order. A file that makes no sense is set aside, and `problem` says so. */
  read: (options?: { setAside: boolean }) => { entries: Entry[]; problem: string | null }
  /** @throws AppError permission_denied, disk_full */
  write: (entries: readonly Entry[]) => Promise<void>
}

const MAX_BYTES = 4 * 1024 * 1024
const text = z.string().max(4096)
const size = z.number().int().nonnegative()
const patterns = z.array(text).max(100)

const entry = z.object({
  id: text,
  request: z.object({ repo: text, revision: text.nullable(), include: patterns, exclude: patterns, all: z.boolean() }),
  replaceDamaged: z.boolean(),
  limits: z.object({ connections: size.nullable(), bytes_per_second: size.nullable() }).nullable(),
  state: download.shape.state,
  commit: text.nullable(),
  totalBytes: size.nullable(),
  doneBytes: size,
  error: download.shape.error,
  health: download.shape.health,
  reason: text.nullable(),
  snapshotPath: text.nullable(),
  reusedBytes: size,
  elapsedMs: z.number().nonnegative(),
  createdAt: text,
  endedAt: text.nullable(),
})
const document = z.object({ version: z.literal(1), entries: z.array(entry).max(10_000) })

/** `<data>/downloads/queue.json`. */
export function createQueueStore(folder: string): QueueStore {
  const file = join(folder, 'queue.json')
  return {
    read: ({ setAside } = { setAside: true }) => {
      try {
        if (statSync(file).size > MAX_BYTES) throw new Error('it is too large')
        const { entries } = document.parse(JSON.parse(readFileSync(file, 'utf8')))
        // Whatever was under way goes on.
        const left = entries.map((each): Entry => {
          return hasEnded(each) || each.state === 'paused' ? each : { ...each, state: 'queued', error: null }
        })
        return { entries: left, problem: null }
      } catch (error) {
        if (toErrno(error) === 'ENOENT') return { entries: [], problem: null }
        if (!setAside) return { entries: [], problem: null }
        try {
          renameSync(file, `${file}.unreadable`)
        } catch {
          // It stays: the next write replaces it.
        }
        return { entries: [], problem: `The list of downloads could not be read and was set aside as ${file}.unreadable.` }
      }
    },
    write: (entries) => writePrivateFile(file, `${JSON.stringify({ version: 1, entries }, null, 1)}\n`),
  }
}
