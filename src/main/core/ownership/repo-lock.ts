import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../../../shared/errors'
import { toFileError, writePrivateFile, type DataPaths } from '../system'
import { takeLock } from './lock'

/** A model's folder in a cache root. */
export interface RepoPlace {
  name: string
  folder: string
  root: { path: string }
}

/**
 * Takes the right to change a model's folder, among the processes of this data folder; the kernel frees it on any death.
 * @returns the release
 * @throws AppError busy (data: pid, action), permission_denied, disk_full
 */
export type RepoLock = (repo: RepoPlace, action: string) => Promise<() => void>

/** The same file however the root is spelled. */
function lockName({ root, folder }: RepoPlace): string {
  let path = root.path
  try {
    path = realpathSync(root.path)
  } catch {
    // Gone: whoever changes something in it will notice.
  }
  return createHash('sha256').update(join(path, folder)).digest('hex')
}

/** Who holds a lock, as far as its last holder said. */
function readHolder(file: string): { pid?: number; action?: string } {
  try {
    const said: unknown = JSON.parse(readFileSync(file, 'utf8'))
    const { pid, action }: { pid?: unknown; action?: unknown } = typeof said === 'object' && said !== null ? said : {}
    return { ...(typeof pid === 'number' ? { pid } : {}), ...(typeof action === 'string' ? { action } : {}) }
  } catch {
    return {}
  }
}

/** The locks in `<data>/run/repos`. */
export function createRepoLock({ repoLocks }: Pick<DataPaths, 'repoLocks'>): RepoLock {
  // A second hold in this process is refused without waiting for SQLite.
  const held = new Set<string>()
  return async (repo, action) => {
    const name = lockName(repo)
    const file = join(repoLocks, `${name}.db`)
    const holderFile = join(repoLocks, `${name}.json`)
    try {
      mkdirSync(repoLocks, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw toFileError(error, repoLocks)
    }
    const free = held.has(name) ? null : takeLock(file)
    if (free === null) {
      const holder = readHolder(holderFile)
      const who = holder.pid === undefined ? 'another process' : `process ${holder.pid}`
      throw new AppError(
        'busy',
        `${repo.name} is being changed by ${who}${holder.action === undefined ? '' : ` (${holder.action})`}.`,
        {
          hint: 'Wait until it has ended, then try again.',
          data: { model: repo.name, ...holder },
        },
      )
    }
    held.add(name)
    const release = (): void => {
      held.delete(name)
      free()
    }
    try {
      await writePrivateFile(holderFile, `${JSON.stringify({ pid: process.pid, action })}\n`)
      return release
    } catch (error) {
      release()
      throw error
    }
  }
}
