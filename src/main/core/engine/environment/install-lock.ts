import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { sleep } from '../pool/wait'

const sqliteBusy = 5

/**
 * One installer at a time on this machine. SQLite's exclusive lock is the kernel's: it ends with its holder, however that ends.
 * @param onWait called once when another installer is at work
 * @throws AppError cancelled
 */
export async function lockInstallation(engineFolder: string, signal: AbortSignal, onWait: () => void): Promise<() => void> {
  await mkdir(engineFolder, { recursive: true, mode: 0o700 })
  // Loaded here, so that commands which only ask for the status do not pay for a native module.
  const { DatabaseSync } = await import('@photostructure/sqlite')
  const database = new DatabaseSync(join(engineFolder, 'install.db'))
  try {
    database.exec('PRAGMA busy_timeout = 0')
    for (let waited = false; ; waited = true) {
      try {
        database.exec('BEGIN EXCLUSIVE')
        return () => database.close()
      } catch (error) {
        if (!isBusy(error)) throw error
      }
      if (!waited) onWait()
      await sleep(250, signal)
    }
  } catch (error) {
    database.close()
    throw error
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy
}
