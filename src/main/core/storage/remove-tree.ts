import { lstat, readdir, rmdir, unlink } from 'node:fs/promises'
import { toErrno } from '../../../shared/errors'
import { addBytes, NO_BYTES, type Bytes } from './count'

const SLASH = Buffer.from('/')

const isGone = (error: unknown): boolean => toErrno(error) === 'ENOENT'

/** Runs an act on something that another process may remove first. */
async function unlessGone<T>(act: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (isGone(error)) return otherwise
    throw error
  }
}

/**
 * Removes one name that is no folder. What a link leads to stays.
 * @returns the bytes that this really freed: none while the file has other names
 * @throws a file system error
 */
export async function removeFile(path: string | Buffer): Promise<Bytes> {
  return unlessGone(async () => {
    const stats = await lstat(path)
    await unlink(path)
    return stats.isFile() && stats.nlink === 1 ? { sizeBytes: stats.size, diskBytes: stats.blocks * 512 } : NO_BYTES
  }, NO_BYTES)
}

/**
 * Removes a folder and everything in it, or a single name. Never follows a link. Names need not be UTF-8. Stops at the first refusal; what
 * went before it stays gone, so a second call goes on from there.
 * @returns the bytes freed
 * @throws a file system error
 */
export async function removeTree(path: string | Buffer): Promise<Bytes> {
  const folder = Buffer.isBuffer(path) ? path : Buffer.from(path)
  const stats = await unlessGone(() => lstat(folder), null)
  if (stats === null) return NO_BYTES
  if (!stats.isDirectory()) return removeFile(folder)
  let freed = NO_BYTES
  for (const name of await unlessGone(() => readdir(folder, { encoding: 'buffer' }), [])) {
    freed = addBytes(freed, await removeTree(Buffer.concat([folder, SLASH, name])))
  }
  await unlessGone(() => rmdir(folder), undefined)
  return freed
}

/** Removes a folder if it is empty; whether it is there does not matter. Never throws. */
export async function removeEmpty(path: string): Promise<boolean> {
  try {
    await rmdir(path)
    return true
  } catch {
    return false
  }
}
