import { readFile, rm, stat } from 'node:fs/promises'
import { AppError, toErrno } from '../../../shared/errors'
import { toFileError, writePrivateFile, type DataPaths } from '../system'

export interface SecretStore {
  /** The token of the Hub, null when none is stored. @throws AppError permission_denied when the file may not be read, or not only by us */
  readHubToken: () => Promise<string | null>
  /** @throws AppError permission_denied, disk_full */
  storeHubToken: (token: string) => Promise<void>
  /** True when there was one. @throws AppError permission_denied */
  removeHubToken: () => Promise<boolean>
}

const MAX_BYTES = 64 * 1024
/** Rights of group and others. */
const FOREIGN_BITS = 0o077

/** `<data>/secrets.json`, readable for its user alone (architecture: where no keychain is to be had). */
export function createFileSecrets({ secrets: file }: Pick<DataPaths, 'secrets'>): SecretStore {
  const read = async (): Promise<string | null> => {
    try {
      const { mode, size } = await stat(file)
      if ((mode & FOREIGN_BITS) !== 0)
        throw new AppError('permission_denied', `${file} can be read by others, so the token in it is not used.`, {
          hint: `chmod 600 ${JSON.stringify(file)}, or "mlxk logout" and "mlxk login" with a new token.`,
        })
      if (size > MAX_BYTES) return null
      const value: unknown = JSON.parse(await readFile(file, 'utf8'))
      const token = typeof value === 'object' && value !== null && 'hub_token' in value ? value.hub_token : null
      return typeof token === 'string' && token !== '' ? token : null
    } catch (error) {
      if (toErrno(error) === 'ENOENT' || error instanceof SyntaxError) return null
      throw error instanceof AppError ? error : toFileError(error, file)
    }
  }
  return {
    readHubToken: read,
    storeHubToken: (token) => writePrivateFile(file, `${JSON.stringify({ version: 1, hub_token: token })}\n`),
    removeHubToken: async () => {
      const existed = await stat(file).then(
        () => true,
        () => false,
      )
      try {
        await rm(file, { force: true })
      } catch (error) {
        throw toFileError(error, file)
      }
      return existed
    },
  }
}
