import { readFileSync } from 'node:fs'
import type { ModelCode, TrustedRevision } from '../../../shared/contract'
import { AppError, toErrno } from '../../../shared/errors'
import { writePrivateFile, type DataPaths } from '../system'
import { inspectCode } from './code'

export interface TrustDeps {
  paths: Pick<DataPaths, 'trust'>
  now?: () => number
}

/** A revision on the disk. */
export interface TrustSubject {
  name: string
  /** Commit; null for a folder outside of the cache. */
  hash: string | null
  snapshotPath: string
}

export interface Trust {
  list: () => TrustedRevision[]
  inspect: (subject: TrustSubject) => Promise<ModelCode>
  /** Trusts what has this code hash and nothing else. @throws AppError custom_code_refused, invalid_input, file errors */
  add: (subject: TrustSubject, codeHash: string) => Promise<TrustedRevision>
  /** Every revision of a name, or the one of `name@hash`. @throws AppError not_found, file errors */
  remove: (spec: string) => Promise<TrustedRevision[]>
  /** True while name, commit and every byte of the code are what was agreed to. Reads the code each time; never throws. */
  isTrusted: (subject: TrustSubject) => Promise<boolean>
  /** Whether a revision asks for code of its own, needed or not. Never throws. */
  bringsCode: (subject: TrustSubject) => Promise<boolean>
}

const MAX_FILE_CHARACTERS = 8 * 1024 * 1024

function isRevision(value: unknown): value is TrustedRevision {
  if (typeof value !== 'object' || value === null) return false
  const { name, hash, code_hash: codeHash, files, trusted_at: at } = value as Record<string, unknown>
  return (
    typeof name === 'string' &&
    (hash === null || typeof hash === 'string') &&
    typeof codeHash === 'string' &&
    Array.isArray(files) &&
    typeof at === 'string'
  )
}

const isSame = (a: Pick<TrustedRevision, 'name' | 'hash'>, b: Pick<TrustedRevision, 'name' | 'hash'>): boolean =>
  a.name === b.name && a.hash === b.hash

/** `<data>/trust.json`. What cannot be read trusts nothing. Read at every question: another process may have changed it. */
export function createTrust({ paths, now = Date.now }: TrustDeps): Trust {
  let last: Promise<unknown> = Promise.resolve()

  const read = (): { revisions: TrustedRevision[]; failure: unknown } => {
    try {
      const text = readFileSync(paths.trust, 'utf8')
      const value: unknown = text.length > MAX_FILE_CHARACTERS ? null : JSON.parse(text)
      const list = typeof value === 'object' && value !== null && 'revisions' in value ? value.revisions : []
      return { revisions: Array.isArray(list) ? list.filter(isRevision) : [], failure: null }
    } catch (error) {
      const isAbsent = toErrno(error) === 'ENOENT' || error instanceof SyntaxError
      return { revisions: [], failure: isAbsent ? null : error }
    }
  }
  const change = <T>(work: (revisions: TrustedRevision[]) => { revisions: TrustedRevision[]; result: T }): Promise<T> => {
    const next = last.then(async () => {
      const { revisions: before, failure } = read()
      if (failure !== null) {
        throw new AppError('permission_denied', `${paths.trust} cannot be read.`, {
          hint: 'Make it readable for you.',
          cause: failure,
        })
      }
      const { revisions, result } = work(before)
      await writePrivateFile(paths.trust, `${JSON.stringify({ version: 1, revisions }, null, 2)}\n`)
      return result
    })
    last = next.catch(() => undefined)
    return next
  }
  const find = (subject: Pick<TrustedRevision, 'name' | 'hash'>): TrustedRevision | undefined =>
    read().revisions.find((each) => isSame(each, subject))

  return {
    list: () => read().revisions,
    inspect: async (subject) => {
      const code = await inspectCode(subject)
      return { ...code, trusted: code.obstacle === null && find(subject)?.code_hash === code.code_hash }
    },
    add: async (subject, codeHash) => {
      const code = await inspectCode(subject)
      const { name, hash, files } = code
      if (code.need === 'none') {
        throw new AppError('invalid_input', `${name} asks for no code of its own, so there is nothing to trust.`, {
          data: { model: name },
        })
      }
      if (code.obstacle !== null) {
        throw new AppError('custom_code_refused', `${name} cannot be trusted. ${code.obstacle}`, {
          hint: 'Choose a model that needs no code of its own.',
          data: { model: name },
        })
      }
      if (code.code_hash !== codeHash) {
        throw new AppError('custom_code_refused', `The code of ${name} is not what was shown: it has changed.`, {
          hint: 'Look at it again, then decide.',
          data: { model: name },
        })
      }
      const revision: TrustedRevision = { name, hash, code_hash: codeHash, files, trusted_at: new Date(now()).toISOString() }
      return change((revisions) => ({
        revisions: [...revisions.filter((each) => !isSame(each, revision)), revision],
        result: revision,
      }))
    },
    remove: (spec) =>
      change((revisions) => {
        const at = spec.lastIndexOf('@')
        const [name, hash] = at > 0 ? [spec.slice(0, at), spec.slice(at + 1).toLowerCase()] : [spec, '']
        const gone = revisions.filter(
          (each) => each.name.toLowerCase() === name.toLowerCase() && (each.hash ?? '').startsWith(hash),
        )
        if (gone.length === 0) {
          throw new AppError('not_found', `No revision of "${spec.slice(0, 200)}" is trusted.`, {
            hint: 'See "mlxk trust --list".',
          })
        }
        return { revisions: revisions.filter((each) => !gone.includes(each)), result: gone }
      }),
    bringsCode: async (subject) => ((await inspectCode(subject).catch(() => null))?.need ?? 'none') !== 'none',
    isTrusted: async (subject) => {
      const found = find(subject)
      if (found === undefined) return false
      const code = await inspectCode(subject).catch(() => null)
      return code !== null && code.obstacle === null && code.code_hash === found.code_hash
    },
  }
}
