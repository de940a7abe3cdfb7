import { AppError } from '../../../shared/errors'

export interface PullSpec {
  name: string
  /** Branch, tag or commit; null: the newest. */
  revision: string | null
}

const MAX_NAME_LENGTH = 96

function refuse(message: string): never {
  throw new AppError('invalid_name', message, { hint: 'A model is named org/name, or org/name@revision.' })
}

/** A name to fetch, taken apart before anything is asked or built. @throws AppError invalid_name */
export function parsePullSpec(spec: string): PullSpec {
  const shown = JSON.stringify(spec.length > 120 ? `${spec.slice(0, 117)}...` : spec)
  if (spec.trim() === '') refuse('The model name is empty.')
  const [name = '', revision, ...more] = spec.split('@')
  if (more.length > 0) refuse(`The model name ${shown} holds more than one "@".`)
  if (revision === '') refuse(`There is no revision after the "@" in ${shown}.`)
  if (Array.from(name).length > MAX_NAME_LENGTH) refuse(`A model name has at most ${MAX_NAME_LENGTH} characters: ${shown}.`)
  if (name.startsWith('/') || name.endsWith('/') || name.includes('//'))
    refuse(`The model name ${shown} begins or ends with "/", or holds "//".`)
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(name) || name.split('/').some((part) => /^\.{1,2}$/.test(part)) || name.includes('..'))
    refuse(`${shown} is no name of a model on the Hub: letters, digits, ".", "-" and "_", with at most one "/".`)
  if (revision !== undefined && (!/^[\w.+-][\w.+ /-]*$/.test(revision) || revision.includes('..') || revision.length > 255))
    refuse(`${JSON.stringify(revision)} is no branch, tag or commit.`)
  return { name, revision: revision ?? null }
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, ki: 1024, mi: 1024 ** 2, gi: 1024 ** 3 }

/** `5MB/s`, `500k`, `2MiB`: bytes per second. @throws AppError usage */
export function parseRate(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(|k|m|g|ki|mi|gi)(?:b)?(?:\/s)?$/i.exec(text.trim())
  const rate = match === null ? 0 : Math.floor(Number(match[1]) * (UNITS[(match[2] ?? '').toLowerCase()] ?? 0))
  if (rate < 1024)
    throw new AppError('usage', `--limit must be a speed such as 5MB/s, at least 1KiB/s, and it is ${JSON.stringify(text)}.`)
  return rate
}

/** A word as a shell takes it. */
function quoteWord(word: string): string {
  return /^[\w./@:=+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/** The words after `mlxk pull` that mean the same download again. */
export function toPullWords(
  name: string,
  revision: string | null,
  { include, exclude, all }: { include: readonly string[]; exclude: readonly string[]; all: boolean },
): string {
  const words = [
    revision === null ? name : `${name}@${revision}`,
    ...include.flatMap((pattern) => ['--include', pattern]),
    ...exclude.flatMap((pattern) => ['--exclude', pattern]),
    ...(all ? ['--all'] : []),
  ]
  return words.map(quoteWord).join(' ')
}
