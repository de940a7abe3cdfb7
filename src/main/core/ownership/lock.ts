import { chmodSync, closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync } from '@photostructure/sqlite'
import { toFileError } from '../system'

type Database = InstanceType<typeof DatabaseSync>

const SQLITE_BUSY = 5
/** A reader that probes holds the file for less than a millisecond; a true owner holds it for good. */
const WAIT_MS = 300

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && (error.errcode & 0xff) === SQLITE_BUSY
}

/** SQLite says only that it could not open a file; the system says why. */
function reasonOf(error: unknown, file: string): unknown {
  try {
    closeSync(openSync(file, 'a', 0o600))
    return error
  } catch (reason) {
    return reason
  }
}

/**
 * Takes a lock that lives as long as this process: an exclusive transaction on a SQLite file, which the kernel ends with the process,
 * however it dies. Nothing else may open the file in this process: closing it would end POSIX locks.
 * @returns the release, or null when another holds it
 * @throws AppError permission_denied, disk_full
 */
export function takeLock(file: string): (() => void) | null {
  let database: Database | null = null
  try {
    database = new DatabaseSync(file, { timeout: WAIT_MS })
    chmodSync(file, 0o600)
    // Nothing is ever written, so nothing needs a journal file.
    database.exec('PRAGMA journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (isBusy(error)) return null
    throw toFileError(reasonOf(error, file), file)
  }
  const held = database
  return () => {
    if (held.isOpen) held.close()
  }
}

/** True when some process holds the lock now. Takes nothing and creates nothing. */
export function isLocked(file: string): boolean {
  if (!existsSync(file)) return false
  let database: Database | null = null
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: 0 })
    database.exec('SELECT count(*) FROM sqlite_master')
    return false
  } catch (error) {
    return isBusy(error)
  } finally {
    database?.close()
  }
}
