import { AppError } from '../../../shared/errors'

const PREFIX = 'models--'
/** The Hub's own limit for a repo id. */
const MAX_NAME_LENGTH = 96

/** `org/name` → the folder's name in a cache. */
export function toRepoFolder(name: string): string {
  return PREFIX + name.replaceAll('/', '--')
}

/**
 * A folder's name → repo id; null for what is no model's folder. Mechanical on purpose: a folder that no id leads to shows as the odd
 * name it is (`models--org----m` is `org//m`).
 */
export function toRepoName(folder: string): string | null {
  return folder.startsWith(PREFIX) ? folder.slice(PREFIX.length).replaceAll('--', '/') : null
}

/** A name as people type it, taken apart. */
export interface ModelSpec {
  name: string
  /** What follows the `@`, lower case. */
  hashPrefix: string | null
}

function refuse(message: string): never {
  throw new AppError('invalid_name', message, { hint: 'A model is named org/name, name, or name@commit: see "mlxk list".' })
}

/** For messages: control characters shown as escapes, long text cut. */
export function quoteName(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 117)}...` : text)
}

/** True for what a shell user means as a path: never a name on the Hub. */
export function isPathLike(spec: string): boolean {
  return /^(\/|~|\.{1,2}(\/|$))/.test(spec)
}

/**
 * Takes a typed name apart and refuses what can be no model's name before anything is looked up.
 * @throws AppError invalid_name
 */
export function parseModelSpec(spec: string): ModelSpec {
  if (spec.trim() === '') refuse('The model name is empty.')
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(spec)) refuse(`The model name ${quoteName(spec)} holds a control character.`)
  if (spec.includes('\\')) refuse(`The model name ${quoteName(spec)} holds a backslash.`)
  const [name = '', hash, ...more] = spec.split('@')
  if (more.length > 0) refuse(`The model name ${quoteName(spec)} holds more than one "@".`)
  if (name.trim() === '') refuse(`There is no name before the "@" in ${quoteName(spec)}.`)
  if (hash === '') refuse(`There is no commit after the "@" in ${quoteName(spec)}.`)
  if (Array.from(name).length > MAX_NAME_LENGTH)
    refuse(`A model name has at most ${MAX_NAME_LENGTH} characters: ${quoteName(name)}.`)
  if (!isPathLike(name) && name.split('/').some((part) => part === '..' || part === '.')) {
    refuse(`The model name ${quoteName(name)} holds "." or ".." as a part.`)
  }
  return { name, hashPrefix: hash === undefined ? null : hash.toLowerCase() }
}
