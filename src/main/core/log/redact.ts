const HIDDEN = '[hidden]'

/** Keys whose value is a secret whatever it looks like, as they stand in a line of JSON. */
const secretKeys = /("(?:[\w-]*(?:token|secret|password|api_?key)|authorization|cookie)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi

/** Hub tokens, bearer values, our one-time codes. */
const secretShapes: readonly [RegExp, string][] = [
  [/\bhf_[A-Za-z0-9]{6,}/g, HIDDEN],
  [/\b(Bearer\s+)[\w.~+/=-]+/gi, `$1${HIDDEN}`],
  [/([#?&](?:code|token)=)[^\s"&\\]+/gi, `$1${HIDDEN}`],
]

export interface Redaction {
  home: string
  /** Values that must never be written, e.g. the control port's token. */
  secrets: readonly string[]
}

/** Takes secrets and the user's home folder out of a finished line, wherever in it they stand. */
export function redact(line: string, { home, secrets }: Redaction): string {
  let safe = line
  for (const secret of secrets) if (secret.length >= 8) safe = safe.replaceAll(secret, HIDDEN)
  safe = safe.replace(secretKeys, `$1"${HIDDEN}"`)
  for (const [shape, by] of secretShapes) safe = safe.replace(shape, by)
  if (home.length > 1) safe = safe.replaceAll(JSON.stringify(home).slice(1, -1), '~')
  return safe
}
