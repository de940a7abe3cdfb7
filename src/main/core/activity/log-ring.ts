import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { LogLine } from '../../../shared/contract'
import { createEmitter, follow } from '../system'

export interface LogRing {
  /** Takes a finished line of the log: JSON, secrets taken out. */
  add: (line: string) => void
  /** What was said so far is shown to nobody any more. */
  clear: () => void
  /** `whole`: in place of what was told before. */
  watch: (signal: AbortSignal) => AsyncGenerator<{ whole: boolean; lines: LogLine[] }, void, undefined>
}

const KEPT = 1_000
const TAIL_BYTES = 256 * 1024
const MAX_TEXT = 2_000
const INTERVAL_MS = 250
const levels: ReadonlySet<string> = new Set(['debug', 'info', 'warn', 'error'])

type Fields = Record<string, unknown>

function toLevel(value: unknown): LogLine['level'] {
  return typeof value === 'string' && levels.has(value) ? (value as LogLine['level']) : 'info'
}

const toText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** A line as it can be shown, or null when it is none of ours. */
function parseLogLine(line: string): Omit<LogLine, 'number'> | null {
  let fields: Fields
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    fields = value as Fields
  } catch {
    return null
  }
  const { level, time, scope, msg, ...rest } = fields
  if (typeof msg !== 'string' || typeof time !== 'string') return null
  const detail = Object.entries(rest).map(([key, value]) => `${key}=${toText(value)}`)
  return {
    time: time.slice(0, 40),
    level: toLevel(level),
    scope: typeof scope === 'string' ? scope.slice(0, 100) : null,
    message: msg.slice(0, MAX_TEXT),
    detail: detail.join(' ').slice(0, MAX_TEXT),
  }
}

/** The end of a file, from the first whole line on; empty when it cannot be read. */
function readTail(file: string): string {
  try {
    const descriptor = openSync(file, 'r')
    try {
      const { size } = fstatSync(descriptor)
      const length = Math.min(size, TAIL_BYTES)
      const buffer = Buffer.alloc(length)
      const read = readSync(descriptor, buffer, 0, length, size - length)
      const text = buffer.toString('utf8', 0, read)
      return size > length ? text.slice(text.indexOf('\n') + 1) : text
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return ''
  }
}

/** The last thousand lines of the log: the end of what `file` held at the start, then what was added. */
export function createLogRing({ file }: { file: string }): LogRing {
  const lines: LogLine[] = []
  const changes = createEmitter<undefined>()
  let number = 0
  let version = 0
  /** The version at which everything was forgotten last. */
  let cleared = 0
  let timer: NodeJS.Timeout | null = null
  const keep = (line: string): boolean => {
    const parsed = parseLogLine(line)
    if (parsed === null) return false
    lines.push({ number: ++number, ...parsed })
    version += 1
    if (lines.length > KEPT) lines.shift()
    return true
  }
  for (const line of readTail(file).split('\n')) keep(line)
  return {
    add: (line) => {
      if (!keep(line)) return
      timer ??= setTimeout(() => {
        timer = null
        changes.emit(undefined)
      }, INTERVAL_MS).unref()
    },
    clear: () => {
      lines.length = 0
      cleared = ++version
      changes.emit(undefined)
    },
    watch: async function* (signal) {
      let seen = { version: -1, number: 0 }
      for await (const _ of follow(
        () => version,
        (listener) => changes.subscribe(listener),
        signal,
      )) {
        const whole = seen.version < cleared
        const fresh = whole ? [...lines] : lines.filter((line) => line.number > seen.number)
        seen = { version, number }
        yield { whole, lines: fresh }
      }
    },
  }
}
