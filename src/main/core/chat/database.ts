import { chmodSync, existsSync, renameSync } from 'node:fs'
import { DatabaseSync } from '@photostructure/sqlite'
import { AppError } from '../../../shared/errors'
import { toFileError } from '../system'

export type Value = string | number | null
export type Row = Record<string, unknown>

/** What we use of SQLite. */
export interface Database {
  exec: (sql: string) => void
  prepare: (sql: string) => {
    all: (...values: Value[]) => Row[]
    get: (...values: Value[]) => Row | undefined
    run: (...values: Value[]) => unknown
  }
  close: () => void
}

const SQLITE_READONLY = 8
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_NOTADB = 26

function primaryCode(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : null
}

/** The file is not what we wrote: its bytes were changed, or another program's file lies there. */
export function isDamage(error: unknown): boolean {
  const code = primaryCode(error)
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB
}

/** What the disk refused, as an error that says what to do; anything else as it is. */
export function toChatError(error: unknown, file: string): unknown {
  const code = primaryCode(error)
  if (code === SQLITE_FULL)
    return new AppError('disk_full', `There is no space left to write ${file}.`, {
      hint: 'Free some space, then try again.',
      cause: error,
    })
  if (code === SQLITE_READONLY)
    return new AppError('permission_denied', `MLX Knife may not write ${file}.`, {
      hint: 'Make the file writable for you, or name another data folder with MLXK_HOME.',
      cause: error,
    })
  return toFileError(error, file)
}

/** All or nothing. */
export function inTransaction<T>(database: Database, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    try {
      database.exec('ROLLBACK')
    } catch {
      // SQLite has rolled back by itself, as it does when the disk is full.
    }
    throw error
  }
}

export type Migrations = readonly ((database: Database) => void)[]

function connect(file: string): Database {
  const database = new DatabaseSync(file, { timeout: 500 })
  const prepared = new Map<string, ReturnType<typeof database.prepare>>()
  return {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => {
      let statement = prepared.get(sql)
      if (statement === undefined) prepared.set(sql, (statement = database.prepare(sql)))
      return statement
    },
    close: () => {
      prepared.clear()
      if (!database.isOpen) return
      try {
        // Everything in the one file. Closing alone would not do it: statements that wait for the garbage collector hold the journal.
        database.exec('PRAGMA journal_mode = DELETE')
      } catch {
        // Damaged or full: the journal stays beside the file and belongs to it.
      }
      database.close()
    },
  }
}

function migrate(database: Database, migrations: Migrations, file: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version > migrations.length)
    throw new AppError(
      'chats_too_new',
      `The conversations in ${file} were written by a newer MLX Knife (${version}, this one knows ${migrations.length}).`,
      {
        hint: 'Update MLX Knife. Nothing was changed.',
        data: { path: file, version, known: migrations.length },
      },
    )
  for (const [step, change] of migrations.entries()) {
    if (step < version) continue
    inTransaction(database, () => {
      change(database)
      database.exec(`PRAGMA user_version = ${step + 1}`)
    })
  }
}

/**
 * Opens the file, which only the owner does, and brings it to today's version.
 * @throws AppError chats_too_new, disk_full, permission_denied; SQLite's own error for a damaged file (`isDamage`)
 */
export function openDatabase(file: string, migrations: Migrations): Database {
  let database: Database | null = null
  try {
    database = connect(file)
    // Read before anything is written: a newer version's file is left as it is.
    database.prepare('SELECT count(*) FROM sqlite_master').get()
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
    if (version <= migrations.length) {
      chmodSync(file, 0o600)
      // FULL: an answer that was shown as stored is there after a power cut, too. Deleted text is overwritten.
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON')
    }
    migrate(database, migrations, file)
    return database
  } catch (error) {
    database?.close()
    throw isDamage(error) ? error : toChatError(error, file)
  }
}

/** Keeps a damaged file, with what SQLite had beside it, under a name that says when. @returns that name */
export function setAside(file: string, nowMs: number): string {
  const stamp = new Date(nowMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '-')
  let target = `${file}.damaged-${stamp}`
  for (let turn = 2; existsSync(target); turn++) target = `${file}.damaged-${stamp}-${turn}`
  for (const part of ['', '-wal', '-shm']) if (existsSync(file + part)) renameSync(file + part, target + part)
  return target
}
