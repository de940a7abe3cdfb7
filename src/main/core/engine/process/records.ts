import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import type { ProcessIdentity, ProcessTable } from './process-table'

/** `<data>/run/engines/<pid>.json`. */
interface EngineRecord {
  pid: number
  startTime: string
  ownerPid: number
  ownerStartTime: string
  /** SHA-256 of the arguments after the interpreter, joined by blanks. Python on macOS changes argv[0] by running itself again. */
  argvHash: string
  argvLength: number
}

export interface EngineRecords {
  write: (pid: number, args: readonly string[]) => Promise<void>
  remove: (pid: number) => Promise<void>
  /**
   * Ends engines whose owner died without ending them. Kills only when the owner is gone and pid, start time and command line are all
   * the recorded ones; forgets records of processes that no longer exist. Returns the pids it killed. Never throws.
   */
  sweep: () => Promise<number[]>
}

export function createEngineRecords(deps: {
  folder: string
  table: ProcessTable
  ownPid: number
  /** Ends a whole process group at once. */
  killGroup: (pid: number) => void
}): EngineRecords {
  const { folder, table, ownPid, killGroup } = deps
  const file = (pid: number): string => join(folder, `${pid}.json`)

  async function sweepOne(name: string): Promise<number | null> {
    const path = join(folder, name)
    const record = parseRecord(await readFile(path, 'utf8').catch(() => ''))
    if (record !== null) {
      const [engine, owner] = await Promise.all([table.inspect(record.pid), table.inspect(record.ownerPid)])
      if (engine !== null && owner !== null && owner.startTime === record.ownerStartTime) return null
      if (engine !== null && isRecorded(record, engine)) {
        killGroup(record.pid)
        await rm(path, { force: true })
        return record.pid
      }
    }
    await rm(path, { force: true })
    return null
  }

  return {
    write: async (pid, args) => {
      const [engine, owner] = await Promise.all([table.inspect(pid), table.inspect(ownPid)])
      if (engine === null || owner === null) return
      const tail = args.join(' ')
      const record: EngineRecord = {
        pid,
        startTime: engine.startTime,
        ownerPid: ownPid,
        ownerStartTime: owner.startTime,
        argvHash: sha256(tail),
        argvLength: tail.length,
      }
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await writeFileAtomic(file(pid), JSON.stringify(record), { mode: 0o600 })
    },
    remove: (pid) => rm(file(pid), { force: true }),
    sweep: async () => {
      const names = await readdir(folder).catch(() => [])
      const killed: number[] = []
      for (const name of names.filter((name) => /^\d+\.json$/.test(name))) {
        const pid = await sweepOne(name).catch(() => null)
        if (pid !== null) killed.push(pid)
      }
      return killed
    },
  }
}

function isRecorded(record: EngineRecord, engine: ProcessIdentity): boolean {
  return engine.startTime === record.startTime && sha256(engine.command.slice(-record.argvLength)) === record.argvHash
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function parseRecord(text: string): EngineRecord | null {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : null
  } catch {
    return null
  }
}

function isRecord(value: unknown): value is EngineRecord {
  if (typeof value !== 'object' || value === null) return false
  const fields = value as Partial<Record<keyof EngineRecord, unknown>>
  return (
    isCount(fields.pid) &&
    isCount(fields.ownerPid) &&
    isCount(fields.argvLength) &&
    typeof fields.startTime === 'string' &&
    typeof fields.ownerStartTime === 'string' &&
    typeof fields.argvHash === 'string'
  )
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 1
}
