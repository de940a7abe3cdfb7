import { readFile, rm, stat } from 'node:fs/promises'
import { AppError, toErrno } from '../../../shared/errors'
import { toFileError, writePrivateFile, type DataPaths } from '../system'

/** The keychain of the system, as far as it seals bytes for one program. */
export interface Sealer {
  /** False where the system has no keychain, or one that hides nothing. Never rejects. */
  isAvailable: () => Promise<boolean>
  seal: (text: string) => Promise<Buffer>
  /** `isStale`: it should be sealed anew, since the keychain has another key now. Rejects when it was sealed by another program or key. */
  unseal: (bytes: Buffer) => Promise<{ text: string; isStale: boolean }>
}

/** A token of ours. `sealed`: there is one, and only the program whose keychain it is in can read it. */
export type StoredToken = { token: string } | 'sealed' | null

export type SecretPlace = 'keychain' | 'file'

export interface SecretStore {
  /** The token of the Hub, null when none is stored. @throws AppError permission_denied when the file may not be read, or not only by us */
  readHubToken: () => Promise<StoredToken>
  /** Says where it is kept now. @throws AppError permission_denied, disk_full */
  storeHubToken: (token: string) => Promise<SecretPlace>
  /** True when there was one. @throws AppError permission_denied */
  removeHubToken: () => Promise<boolean>
  /** Where the token is kept; null: none is. @throws AppError permission_denied */
  findHubToken: () => Promise<SecretPlace | null>
}

const MAX_BYTES = 64 * 1024
/** Rights of group and others. */
const FOREIGN_BITS = 0o077

interface Entries {
  hub_token?: string
  /** Base64 of what the keychain made of it. */
  hub_token_sealed?: string
}

function parse(text: string): Entries {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) return {}
  const entry = (name: keyof Entries): Entries => {
    const found: unknown = (value as Record<string, unknown>)[name]
    return typeof found === 'string' && found !== '' ? { [name]: found } : {}
  }
  return { ...entry('hub_token'), ...entry('hub_token_sealed') }
}

/**
 * `<data>/secrets.json`, readable for its user alone. With a keychain that is available what is stored in it is sealed, so that no other
 * program can use it; without one it is as it is. Each reads what the other wrote as far as that can be.
 */
export function createSecrets({ secrets: file }: Pick<DataPaths, 'secrets'>, keychain: Sealer | null = null): SecretStore {
  const readEntries = async (): Promise<Entries> => {
    try {
      const { mode, size } = await stat(file)
      if ((mode & FOREIGN_BITS) !== 0)
        throw new AppError('permission_denied', `${file} can be read by others, so the token in it is not used.`, {
          hint: `chmod 600 ${JSON.stringify(file)}, or "mlxk logout" and "mlxk login" with a new token.`,
        })
      return size > MAX_BYTES ? {} : parse(await readFile(file, 'utf8'))
    } catch (error) {
      if (toErrno(error) === 'ENOENT' || error instanceof SyntaxError) return {}
      throw error instanceof AppError ? error : toFileError(error, file)
    }
  }
  const writeEntries = (entries: Entries): Promise<void> =>
    writePrivateFile(file, `${JSON.stringify({ version: 1, ...entries })}\n`)
  const seal = async (token: string, sealer: Sealer): Promise<void> =>
    await writeEntries({ hub_token_sealed: (await sealer.seal(token)).toString('base64') })

  return {
    readHubToken: async () => {
      const { hub_token: token, hub_token_sealed: sealed } = await readEntries()
      if (token !== undefined) return { token }
      if (sealed === undefined) return null
      if (keychain === null || !(await keychain.isAvailable())) return 'sealed'
      const opened = await keychain.unseal(Buffer.from(sealed, 'base64')).catch(() => null)
      if (opened === null) return 'sealed'
      // The token is good as it is; a full disk must not keep it from being used.
      if (opened.isStale) await seal(opened.text, keychain).catch(() => undefined)
      return { token: opened.text }
    },
    storeHubToken: async (token) => {
      if (keychain !== null && (await keychain.isAvailable())) {
        await seal(token, keychain)
        return 'keychain'
      }
      await writeEntries({ hub_token: token })
      return 'file'
    },
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
    findHubToken: async () => {
      const { hub_token: token, hub_token_sealed: sealed } = await readEntries()
      return token !== undefined ? 'file' : sealed !== undefined ? 'keychain' : null
    },
  }
}
