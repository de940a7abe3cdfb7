import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, renameSync } from 'node:fs'
import type { ApiKey, KeyScope } from '../../../shared/contract'
import { AppError, toErrno } from '../../../shared/errors'
import { toFileError, writePrivateFile, type DataPaths } from '../system'

export interface ApiKeysDeps {
  paths: Pick<DataPaths, 'apiKeys'>
  now?: () => number
}

export interface ApiKeys {
  list: () => ApiKey[]
  /** The key itself is in the answer and nowhere else. @throws AppError invalid_input (the name is taken, too many), file errors */
  create: (options: { name: string; scope: KeyScope }) => Promise<ApiKey & { key: string }>
  /** By id, or by name. @throws AppError not_found, file errors */
  revoke: (idOrName: string) => Promise<void>
  /** Reads the file anew: it was removed. */
  forget: () => void
  /** The scope of a presented key, null when it is none of ours. Takes the same time for every wrong one. */
  check: (presented: string) => KeyScope | null
  /** What is wrong with the file, null when nothing is: then no key counts. */
  problem: () => string | null
}

/** As it lies in the file. 256 random bits need no slow hash: there is nothing to guess. */
interface StoredKey extends ApiKey {
  sha256: string
}

const MAX_KEYS = 200
const MAX_FILE_CHARACTERS = 1024 * 1024
const scopes: readonly unknown[] = ['read', 'inference', 'admin'] satisfies KeyScope[]

const hash = (text: string): Buffer => createHash('sha256').update(text).digest()

function isStored(value: unknown): value is StoredKey {
  if (typeof value !== 'object' || value === null) return false
  const { id, name, scope, hint, created_at: createdAt, sha256 } = value as Record<string, unknown>
  return (
    [id, name, hint, createdAt].every((text) => typeof text === 'string') &&
    scopes.includes(scope) &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256)
  )
}

function parse(text: string): StoredKey[] | null {
  try {
    const value: unknown = text.length > MAX_FILE_CHARACTERS ? null : JSON.parse(text)
    const keys = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : null
    return Array.isArray(keys) && keys.length <= MAX_KEYS && keys.every(isStored) ? keys : null
  } catch {
    return null
  }
}

const toShown = ({ id, name, scope, hint, created_at }: StoredKey): ApiKey => ({ id, name, scope, hint, created_at })

/** `<data>/api-keys.json`, read on first use; only the owner of the data folder changes it. */
export function createApiKeys({ paths, now = Date.now }: ApiKeysDeps): ApiKeys {
  let loaded: { keys: StoredKey[]; problem: string | null; corrupt: boolean } | null = null
  let last: Promise<unknown> = Promise.resolve()

  const load = (): NonNullable<typeof loaded> => {
    try {
      const keys = parse(readFileSync(paths.apiKeys, 'utf8'))
      if (keys !== null) return { keys, problem: null, corrupt: false }
      return { keys: [], problem: `${paths.apiKeys} is not a list of API keys; no key counts.`, corrupt: true }
    } catch (error) {
      if (toErrno(error) === 'ENOENT') return { keys: [], problem: null, corrupt: false }
      return { keys: [], problem: `${paths.apiKeys} cannot be read; no key counts.`, corrupt: false }
    }
  }
  const current = (): NonNullable<typeof loaded> => (loaded ??= load())

  const change = <T>(work: (keys: readonly StoredKey[]) => { keys: StoredKey[]; result: T }): Promise<T> => {
    const next = last.then(async () => {
      // Anew: another process may have been the owner since, and what cannot be read must not be replaced.
      loaded = load()
      const { problem, corrupt } = loaded
      if (problem !== null && !corrupt)
        throw new AppError('permission_denied', problem, { hint: 'Make the file readable for you.' })
      const { keys, result } = work(loaded.keys)
      if (corrupt) setAside(paths.apiKeys, now())
      await writePrivateFile(paths.apiKeys, `${JSON.stringify({ version: 1, keys }, null, 2)}\n`)
      loaded = { keys, problem: null, corrupt: false }
      return result
    })
    last = next.catch(() => undefined)
    return next
  }

  return {
    list: () => current().keys.map(toShown),
    problem: () => current().problem,
    forget: () => {
      loaded = null
    },
    create: ({ name, scope }) =>
      change((keys) => {
        if (keys.some((other) => other.name === name)) {
          throw new AppError('invalid_input', `There is a key named "${name}" already.`, {
            hint: 'Choose another name, or revoke that key first.',
          })
        }
        if (keys.length >= MAX_KEYS) {
          throw new AppError('invalid_input', `There are ${MAX_KEYS} keys already.`, { hint: 'Revoke keys that nobody uses.' })
        }
        const key = `mlxk-${randomBytes(32).toString('base64url')}`
        const stored: StoredKey = {
          id: randomBytes(4).toString('hex'),
          name,
          scope,
          hint: `${key.slice(0, 9)}…`,
          created_at: new Date(now()).toISOString(),
          sha256: hash(key).toString('hex'),
        }
        return { keys: [...keys, stored], result: { ...toShown(stored), key } }
      }),
    revoke: (idOrName) =>
      change((keys) => {
        const found = keys.find(({ id }) => id === idOrName) ?? keys.find(({ name }) => name === idOrName)
        if (found === undefined) {
          throw new AppError('not_found', `There is no key "${idOrName.slice(0, 64)}".`, { hint: 'See "mlxk config key list".' })
        }
        return { keys: keys.filter((key) => key !== found), result: undefined }
      }),
    check: (presented) => {
      const given = hash(presented)
      let scope: KeyScope | null = null
      // All of them, always: when it ends must not tell which one was meant.
      for (const key of current().keys) if (timingSafeEqual(given, Buffer.from(key.sha256, 'hex'))) scope = key.scope
      return scope
    },
  }
}

function setAside(path: string, now: number): void {
  try {
    renameSync(path, `${path}.corrupt-${now}`)
  } catch (error) {
    throw toFileError(error, path)
  }
}
