import type { ResponseFormat } from './types'

/** What the model is told. */
export function describeFormat(format: ResponseFormat): string {
  const only = 'Answer with JSON only: no other text before or after it, no code fence.'
  return format.type === 'json_object'
    ? `${only} The JSON is one object.`
    : `${only} The JSON fits this JSON Schema:\n${JSON.stringify(format.schema)}`
}

/** The JSON of an answer as the model wrote it, without the fence or the sentences that models like to put around it. */
export function findJson(text: string, format: ResponseFormat): { json: string } | { problem: string } {
  let problem = 'it is not JSON.'
  for (const json of candidates(text)) {
    const value = parse(json)
    if (value === undefined) continue
    const wrong = format.type === 'json_schema' ? format.check(value.value) : checkObject(value.value)
    if (wrong === null) return { json }
    problem = wrong
    break
  }
  return { problem }
}

function candidates(text: string): string[] {
  const whole = text.trim()
  const fenced = /```(?:json)?\s*\n([\s\S]*?)\n\s*```/i.exec(whole)?.[1]?.trim()
  const cut = ['{}', '[]'].flatMap(([open = '', close = '']) => {
    const start = whole.indexOf(open)
    const end = whole.lastIndexOf(close)
    return start >= 0 && end > start ? [{ start, json: whole.slice(start, end + 1) }] : []
  })
  // What begins first holds the other.
  return [whole, ...(fenced === undefined ? [] : [fenced]), ...cut.sort((a, b) => a.start - b.start).map(({ json }) => json)]
}

function parse(json: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(json) as unknown }
  } catch {
    return undefined
  }
}

function checkObject(value: unknown): string | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? null : 'it is JSON, but not an object.'
}
