import { dirname } from 'node:path'
import { makeFolder } from './data-folder'
import { toFileError } from './file-errors'

/**
 * Replaces a private file as a whole (temporary file, fsync, rename; mode 0600) and makes its folder when it is not there (0700).
 * @throws AppError permission_denied, disk_full
 */
export async function writePrivateFile(path: string, content: string | Buffer): Promise<void> {
  try {
    makeFolder(dirname(path), 0o700)
    // Loaded when something is written: most commands only read.
    const { default: writeFileAtomic } = await import('write-file-atomic')
    await writeFileAtomic(path, content, { mode: 0o600, fsync: true })
  } catch (error) {
    throw toFileError(error, path)
  }
}
