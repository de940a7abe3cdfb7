/** What is in a file that should hold a JSON object. */
export type JsonFile =
  | { state: 'ok'; value: Record<string, unknown> }
  | {
      state:
        | 'missing'
        | 'empty'
        | 'invalid'
        | 'bom'
        | 'not_utf8'
        | 'too_deep'
        | 'html'
        | 'lfs_pointer'
        | 'not_object'
        | 'too_large'
        | 'unreadable'
    }

/** Names that Python's json reads and JSON does not know, such as `"time_step_limit": [0.0, Infinity]`; strings are left alone. */
const PYTHON_WORDS = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g

/** Python gives up at about a thousand; no configuration comes near. */
const MAX_DEPTH = 500

/** How deep brackets are nested, strings left alone. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  for (let index = 0; index < text.length; index++) {
    const char = text.charCodeAt(index)
    if (char === 0x22) {
      for (index++; index < text.length && text.charCodeAt(index) !== 0x22; index++) if (text.charCodeAt(index) === 0x5c) index++
    } else if (char === 0x7b || char === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (char === 0x7d || char === 0x5d) depth--
  }
  return deepest
}

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

/** Text as Python would decode it: null when it is not UTF-8; a byte order mark is kept. */
export function decodeText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/** Reads JSON as mlx_lm's Python would: a byte order mark is an error, `NaN` and `Infinity` are not (here they become null). */
export function parseJsonFile(text: string): JsonFile {
  if (text.trim() === '') return { state: 'empty' }
  if (text.startsWith('\ufeff')) return { state: 'bom' }
  if (isLfsPointer(text)) return { state: 'lfs_pointer' }
  try {
    if (text.length > MAX_DEPTH && depthOf(text) > MAX_DEPTH) return { state: 'too_deep' }
    const value = parsePythonJson(text)
    return isObject(value) && Object.keys(value).length > 0 ? { state: 'ok', value } : { state: 'not_object' }
  } catch {
    return { state: looksLikeHtml(text) ? 'html' : 'invalid' }
  }
}
