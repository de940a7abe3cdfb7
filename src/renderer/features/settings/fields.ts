import type { Setting } from '../../../shared/contract'

/** What the window can set, and how it is typed. `number`: a field; nullable ones may be empty. `lines`: one entry per line. */
export type FieldKind =
  | { type: 'choice'; choices: readonly string[] }
  | { type: 'switch' }
  | { type: 'number'; nullable: boolean; whole: boolean }
  | { type: 'text' }
  | { type: 'lines' }

export const fieldKinds = {
  'appearance.theme': { type: 'choice', choices: ['system', 'light', 'dark'] },
  'appearance.language': { type: 'choice', choices: ['system', 'en', 'de'] },
  'engine.python': { type: 'text' },
  'engine.max_models': { type: 'number', nullable: true, whole: true },
  'engine.memory_limit_gb': { type: 'number', nullable: true, whole: false },
  'engine.keep_alive_minutes': { type: 'number', nullable: true, whole: false },
  'engine.safe_memory': { type: 'choice', choices: ['auto', 'on', 'off'] },
  'engine.concurrency': { type: 'number', nullable: true, whole: true },
  'engine.context_limit': { type: 'number', nullable: true, whole: true },
  'demo.enabled': { type: 'switch' },
  'cache.extra_roots': { type: 'lines' },
  'downloads.connections': { type: 'number', nullable: false, whole: true },
  'downloads.limit_mb_per_s': { type: 'number', nullable: true, whole: false },
  'server.max_tokens': { type: 'number', nullable: true, whole: true },
  'server.require_key': { type: 'switch' },
  'server.allowed_hosts': { type: 'lines' },
  'server.allowed_origins': { type: 'lines' },
  'log.level': { type: 'choice', choices: ['debug', 'info', 'warn', 'error', 'silent'] },
} as const satisfies Record<string, FieldKind>

export type FieldKey = keyof typeof fieldKinds

/** A value as a person would type it. */
export function toText(value: Setting['value']): string {
  if (Array.isArray(value)) return value.map(String).join('\n')
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** What was typed as a value; undefined when it is none. Whether it is allowed is the owner's to say. */
export function parseTyped(kind: FieldKind, text: string): unknown {
  const plain = text.trim()
  if (kind.type === 'lines')
    return text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
  if (kind.type === 'text') return plain === '' ? null : plain
  if (kind.type === 'number') {
    if (plain === '') return kind.nullable ? null : undefined
    // Both ways of writing a fraction: 1.5 and 1,5.
    const number = Number(plain.replace(',', '.'))
    if (!Number.isFinite(number) || (kind.whole && !Number.isInteger(number))) return undefined
    return number
  }
  return undefined
}
