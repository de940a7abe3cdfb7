import { readFileSync, rmSync, statSync } from 'node:fs'
import { writePrivateFile } from '../system'
import { journalPath } from './place'
import { mergeSpans, type Span } from './segments'

/** Which bytes of unfinished files are on the disk: a file with holes does not say it itself. */
export interface Journal {
  /** Bytes that a run before has written; none when nothing is known, or when the file is not the one that was written about. */
  recall: (partial: string, sizeBytes: number) => Span[]
  /** @throws AppError permission_denied, disk_full */
  keep: (partial: string, sizeBytes: number, done: readonly Span[]) => Promise<void>
  forget: (partial: string) => void
}

const MAX_BYTES = 1024 * 1024

function isSpan(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((number) => Number.isSafeInteger(number) && number >= 0)
}

/** The journal in a folder of the data folder. Without it a download begins anew; with a wrong one the hash of the file does not hold. */
export function createJournal(folder: string): Journal {
  return {
    recall: (partial, sizeBytes) => {
      try {
        const file = journalPath(folder, partial)
        if (statSync(file).size > MAX_BYTES) return []
        const said: unknown = JSON.parse(readFileSync(file, 'utf8'))
        const { size, done }: { size?: unknown; done?: unknown } = typeof said === 'object' && said !== null ? said : {}
        const onDisk = statSync(partial)
        if (size !== sizeBytes || !Array.isArray(done) || !onDisk.isFile()) return []
        const spans = done.filter(isSpan).map(([from, to]) => ({ from, to }))
        return mergeSpans(spans, Math.min(sizeBytes, onDisk.size))
      } catch {
        return []
      }
    },
    keep: (partial, sizeBytes, done) =>
      writePrivateFile(
        journalPath(folder, partial),
        `${JSON.stringify({ partial, size: sizeBytes, done: done.map(({ from, to }) => [from, to]) })}\n`,
      ),
    forget: (partial) => rmSync(journalPath(folder, partial), { force: true }),
  }
}
