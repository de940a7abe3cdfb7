import type { z } from 'zod'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

export interface Problem {
  path: Path
  /** `messages[0].content` */
  param: string
  /** A whole sentence that names the place. */
  sentence: string
}

/** The first thing that is wrong with a request, told in one sentence. */
export function firstProblem(error: z.ZodError, body: unknown): Problem {
  const first = error.issues[0]
  if (first === undefined) return { path: [], param: '', sentence: 'The request is not valid.' }
  const { issue, path } = deepest(first, [])
  const param = formatPath(path)
  const missing = valueAt(body, path) === undefined
  return { path, param, sentence: missing ? `${param} is required.` : `${param}: ${explain(issue)}` }
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
  return best !== undefined && best.path.length > path.length ? best : { issue: preferred(issue, inner) ?? issue, path }
}

/** A value of the right type and the wrong content says more than "not this type, nor that". */
function preferred(union: Issue, inner: { issue: Issue; path: Path }[]): Issue | undefined {
  return inner.find(({ issue }) => issue.code !== 'invalid_type')?.issue ?? union
}

function explain(issue: Issue): string {
  if (issue.code === 'invalid_union') return 'the value has a type that is not allowed here.'
  return `${issue.message.replace(/\.$/, '')}.`
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
export function formatPath(path: Path): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '')
}
