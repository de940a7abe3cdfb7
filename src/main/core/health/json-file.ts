/** What is in a file that should hold a JSON object. */
export type JsonFile =
  | { state: 'ok'; value: Record<string, unknown> }
  | { state: 'missing' | 'empty' | 'invalid' | 'html' | 'lfs_pointer' | 'not_object' | 'too_large' | 'unreadable' }

/** Names that Python's json reads and JSON does not know, such as `"time_step_limit": [0.0, Infinity]`; strings are left alone. */
const PYTHON_WORDS = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g

function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const plain = text.replace(PYTHON_WORDS, (match) => (match.startsWith('"') ? match : 'null'))
    if (plain === text) throw error
    return JSON.parse(plain)
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** True for the error page that a failed download saved under the file's name. */
export function looksLikeHtml(head: string): boolean {
  return /^\s*<(!doctype|html|head|\?xml)/i.test(head)
}

/** True for the small text that git holds in place of a large file. */
export function isLfsPointer(head: string): boolean {
  return head.startsWith('version https://git-lfs')
}

/** Reads JSON as mlx_lm's Python would: a byte order mark is an error, `NaN` and `Infinity` are not (here they become null). */
export function parseJsonFile(text: string): JsonFile {
  if (text.trim() === '') return { state: 'empty' }
  if (isLfsPointer(text)) return { state: 'lfs_pointer' }
  try {
    const value = parsePythonJson(text)
    return isObject(value) && Object.keys(value).length > 0 ? { state: 'ok', value } : { state: 'not_object' }
  } catch {
    return { state: looksLikeHtml(text) ? 'html' : 'invalid' }
  }
}
