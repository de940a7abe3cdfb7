import type { z } from 'zod'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

export interface Problem {
  path: Path
  /** `messages[0].content`; empty when the whole value is meant. */
  param: string
  /** A whole sentence that names the place. */
  sentence: string
}

/** What schemas say, in people's words: the one place where a validator's issue becomes a sentence. */
export function toProblems({ issues }: z.ZodError, value: unknown): Problem[] {
  return issues.map((issue) => toProblem(issue, value))
}

/** The first thing that is wrong with a value, told in one sentence. */
export function firstProblem(error: z.ZodError, value: unknown): Problem {
  const first = error.issues[0]
  return first === undefined ? { path: [], param: '', sentence: 'The request is not valid.' } : toProblem(first, value)
}

function toProblem(first: Issue, value: unknown): Problem {
  const { issue, path } = deepest(first, [])
  const param = formatPath(path)
  const given = valueAt(value, path)
  const what = param === '' ? 'The request' : param
  return { path, param, sentence: given === undefined ? `${what} is required.` : `${what} ${complain(issue, given)}.` }
}

/** Of the branches of a union the one that got furthest is the one that was meant. */
function deepest(issue: Issue, before: Path): { issue: Issue; path: Path } {
  const path = [...before, ...issue.path]
  if (issue.code !== 'invalid_union') return { issue, path }
  const inner = issue.errors
    .flatMap((branch) => branch.slice(0, 1))
    .map((one) => deepest(one, path))
    .sort((a, b) => b.path.length - a.path.length)
  const best = inner[0]
  if (best === undefined) return { issue, path }
  if (best.path.length > path.length) return best
  // A value of the right type and the wrong content says more than "not this type, nor that".
  return { issue: inner.find((one) => one.issue.code !== 'invalid_type')?.issue ?? issue, path }
}

const typeWords: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
}

/** What a value is, never what it says: it may be somebody's question. Numbers are told. */
function nameValue(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeWords[typeof value] ?? 'something else'
}

const isWord = (word: string | undefined): word is string => word !== undefined

/** The types that a union takes: `a text or a list`. */
function unionWords(errors: readonly (readonly Issue[])[]): string {
  const words = errors.flatMap(([issue]) => (issue?.code === 'invalid_type' ? [typeWords[issue.expected]] : [])).filter(isWord)
  return words.length === 0 ? 'of a kind that is allowed here' : [...new Set(words)].join(' or ')
}

function limit(origin: string, count: number | bigint, word: 'least' | 'most', inclusive: boolean): string {
  const few = word === 'least' && count <= 1
  if (origin === 'string') return few ? 'must not be empty' : `must have at ${word} ${count} characters`
  if (origin === 'array') return few ? 'must not be empty' : `must have at ${word} ${count} entries`
  if (inclusive) return `must be at ${word} ${count}`
  return word === 'least' ? `must be more than ${count}` : `must be less than ${count}`
}

/** Completes "temperature …". */
function complain(issue: Issue, given: unknown): string {
  const not = `, not ${nameValue(given)}`
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeWords[issue.expected] ?? 'something else'}${not}`
    case 'invalid_union':
      return issue.errors.length === 0 ? 'has a value that is not known here' : `must be ${unionWords(issue.errors)}${not}`
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`
    case 'too_small':
      return `${limit(issue.origin, issue.minimum, 'least', issue.inclusive ?? true)}${typeof given === 'number' ? not : ''}`
    case 'too_big':
      return `${limit(issue.origin, issue.maximum, 'most', issue.inclusive ?? true)}${typeof given === 'number' ? not : ''}`
    case 'unrecognized_keys':
      return `has ${issue.keys.length === 1 ? 'a key that is' : 'keys that are'} not known here: ${issue.keys.slice(0, 5).join(', ')}`
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    case 'custom':
      // Our own words, written to follow a name.
      return issue.message.replace(/\.$/, '')
    case 'invalid_format':
    case 'invalid_key':
    case 'invalid_element':
      return 'has not the form that is asked for'
  }
}

function valueAt(body: unknown, path: Path): unknown {
  let value = body
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return value
    value = Reflect.get(value, key)
  }
  return value
}

/** `['messages', 0, 'content']` → `messages[0].content` */
function formatPath(path: Path): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '')
}
