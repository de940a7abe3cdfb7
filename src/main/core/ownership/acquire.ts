import { randomBytes, randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { prepareDataFolder, writePrivateFile, type DataPaths } from '../system'
import { takeLock } from './lock'
import { readControlKey, readOwnerRecord, type ControlKey, type OwnerRecord } from './record'

export const controlKeyFile = (paths: Pick<DataPaths, 'run'>): string => join(paths.run, 'control-key.json')

/** The right to run queue, engines and listeners on a data folder, and to write in it. */
export interface Ownership {
  instanceId: string
  /** ISO 8601. */
  startedAt: string
  /** The token of the control port, and the port to try first (0: any). */
  key: ControlKey
  /** Remembers the port for the next start. */
  keepPort: (port: number) => Promise<void>
  /** Writes control.json; from then on others find us. */
  publish: (record: Omit<OwnerRecord, 'v' | 'instanceId' | 'pid' | 'startedAt'>) => Promise<void>
  /** Removes control.json and frees the lock. */
  release: () => Promise<void>
}

/**
 * Makes this process the owner of the data folder.
 * @returns null when another process owns it
 * @throws AppError permission_denied, disk_full
 */
export async function acquireOwnership(paths: DataPaths, now: () => number = Date.now): Promise<Ownership | null> {
  prepareDataFolder(paths)
  const free = takeLock(paths.ownerLock)
  if (free === null) return null
  const instanceId = randomUUID()
  const startedAt = new Date(now()).toISOString()
  const keyFile = controlKeyFile(paths)
  const writeKey = (key: ControlKey): Promise<void> => writePrivateFile(keyFile, `${JSON.stringify(key)}\n`)
  try {
    // What a killed owner left behind would send clients to a port that may be a stranger's by now.
    await rm(paths.controlFile, { force: true })
    let key = readControlKey(keyFile)
    if (key === null) {
      key = { port: 0, token: randomBytes(32).toString('base64url') }
      await writeKey(key)
    }
    const { token } = key
    return {
      instanceId,
      startedAt,
      key,
      keepPort: async (port) => {
        if (port !== key.port) await writeKey({ port, token })
      },
      publish: async (record) => {
        const whole: OwnerRecord = { v: 1, instanceId, pid: process.pid, startedAt, ...record }
        await writePrivateFile(paths.controlFile, `${JSON.stringify(whole, null, 2)}\n`)
      },
      release: async () => {
        try {
          if (readOwnerRecord(paths)?.instanceId === instanceId) await rm(paths.controlFile, { force: true })
        } finally {
          free()
        }
      },
    }
  } catch (error) {
    free()
    throw error
  }
}
