import type { SamplingParams } from '../../../shared/contract'

const between = (low: number, high: number, what: string) => (value: number) => (value >= low && value <= high ? null : what)
const whole = (low: number, what: string) => (value: number) => (Number.isInteger(value) && value >= low ? null : what)

/** What `/set` may change; each says what is wrong with a number, or null. */
const rules = {
  temperature: between(0, 2, 'from 0 to 2'),
  top_p: (value: number) => (value > 0 && value <= 1 ? null : 'above 0, at most 1'),
  top_k: whole(0, 'a whole number of at least 0'),
  min_p: between(0, 1, 'from 0 to 1'),
  seed: whole(0, 'a whole number of at least 0'),
  max_tokens: whole(1, 'a whole number of at least 1'),
} as const satisfies Partial<Record<keyof SamplingParams, (value: number) => string | null>>

/** `temperature 0.2` on top of what is set. A sentence when it cannot be. */
export function changeParams(params: SamplingParams, typed: string): { params: SamplingParams } | { problem: string } {
  const [name = '', text = '', ...more] = typed.split(/[\s=]+/)
  const key = name.replaceAll('-', '_') as keyof typeof rules
  if (!Object.hasOwn(rules, key)) return { problem: `Parameters are ${Object.keys(rules).join(', ')}.` }
  if (text === '' || more.length > 0) return { problem: `Say one value: /set ${key} VALUE` }
  if (/^none$/i.test(text)) {
    const { [key]: _dropped, ...rest } = params
    return { params: rest }
  }
  const value = Number(text)
  const wrong = Number.isFinite(value) ? rules[key](value) : 'a number'
  return wrong === null ? { params: { ...params, [key]: value } } : { problem: `${key} must be ${wrong}.` }
}

export function renderParams(params: SamplingParams): string {
  const entries = Object.entries(params)
  return entries.length === 0
    ? 'Every parameter has its default.'
    : entries.map(([name, value]) => `${name} ${String(value)}`).join(', ')
}
