import { statSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { toErrno } from '../../../shared/errors'
import type { LogLevel } from '../settings'
import { makeFolder, toFileError, type DataPaths } from '../system'
import { redact } from './redact'
import { rotate } from './rotate'

export type LogFields = Record<string, unknown>

/** Facts for whoever looks for a mistake. Never a prompt, an answer, or a call's input. */
export interface Log {
  debug: (message: string, fields?: LogFields) => void
  info: (message: string, fields?: LogFields) => void
  warn: (message: string, fields?: LogFields) => void
  /** An `error` field keeps type, message, stack and cause. */
  error: (message: string, fields?: LogFields) => void
  child: (scope: string) => Log
}

export interface OpenLog extends Log {
  file: string
  /** False while lines cannot be written, as on a full disk. Whoever taps the log gets them all the same. */
  isWritten: () => boolean
  /** Begins the file anew, as after its removal. */
  reopen: () => void
  /** A value that must never be written from now on. */
  hide: (secret: string) => void
}

export interface LogDeps {
  paths: Pick<DataPaths, 'logs'>
  home: string
  level: LogLevel
  maxBytes?: number
  /** Gets every finished line too, secrets taken out: for a terminal. */
  tap?: ((line: string) => void) | undefined
  now?: () => number
}

/** The same complaint again within this time says nothing new. */
const REPEAT_MS = 5000
const MAX_COMPLAINTS = 100
/** Lines that wait for room on the disk; more are lost. */
const MAX_WAITING_BYTES = 1024 * 1024

function open(file: string, prepare: () => void): ReturnType<typeof pino.destination> {
  try {
    prepare()
    return pino.destination({ dest: file, sync: true, mode: 0o600 })
  } catch (error) {
    throw toFileError(error, file)
  }
}

/** The file that is written now; older ones stand beside it with a number. */
export function logFile({ logs }: Pick<DataPaths, 'logs'>): string {
  return join(logs, 'mlxk.log')
}

/**
 * `<data>/logs/mlxk.log`: one JSON object per line, at most three files of 5 MB. An error that comes again within five seconds is one line. Secrets and the home path are taken out of the finished
 * line, so no field can be forgotten. Lines are written at once: a log is read after a crash.
 * @throws AppError permission_denied, disk_full
 */
export function createLog({ paths, home, level, maxBytes = 5 * 1024 * 1024, tap, now = Date.now }: LogDeps): OpenLog {
  const file = logFile(paths)
  const files = 3
  const secrets: string[] = []
  const target = open(file, () => {
    makeFolder(paths.logs, 0o700)
    rotate(file, { maxBytes, files })
  })
  let trouble = false
  let waiting = 0
  // A full disk must not end the program that wanted to tell about it.
  target.on('error', (error: unknown) => {
    if (trouble) return
    trouble = true
    const msg = `The log cannot be written (${toErrno(error) ?? 'unknown reason'}); everything else goes on.`
    tap?.(`${JSON.stringify({ level: 'error', time: new Date().toISOString(), scope: 'log', msg })}\n`)
  })
  target.on('write', () => {
    trouble = false
    waiting = 0
  })
  let size = sizeOf(file)
  const write = (line: string): void => {
    if (size >= maxBytes) makeRoom()
    // What waits is tried again with every line, also with one that is lost.
    const kept = trouble && waiting > MAX_WAITING_BYTES ? '' : line
    if (trouble) waiting += Buffer.byteLength(kept)
    target.write(kept)
    size += Buffer.byteLength(line)
  }
  const makeRoom = (): void => {
    size = 0
    try {
      rotate(file, { maxBytes, files })
      target.reopen()
    } catch {
      // Better too long a log than none.
    }
  }
  const root = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    {
      write: (line: string) => {
        const safe = redact(line, { home, secrets })
        write(safe)
        tap?.(safe)
      },
    },
  )
  const complaints = new Map<string, number>()
  const isRepeated = (message: string, { error }: LogFields): boolean => {
    const key = `${message}\n${error instanceof Error ? error.message : ''}`
    const at = now()
    const before = complaints.get(key)
    if (before !== undefined && at - before < REPEAT_MS) return true
    complaints.delete(key)
    complaints.set(key, at)
    for (const oldest of complaints.keys()) {
      if (complaints.size <= MAX_COMPLAINTS) break
      complaints.delete(oldest)
    }
    return false
  }
  const bind = (logger: pino.Logger): Log => ({
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => {
      if (!isRepeated(message, fields)) logger.error(fields, message)
    },
    child: (scope) => bind(logger.child({ scope })),
  })
  return {
    ...bind(root),
    file,
    isWritten: () => !trouble,
    reopen: () => {
      size = 0
      complaints.clear()
      target.reopen()
    },
    hide: (secret) => {
      secrets.push(secret)
    },
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
