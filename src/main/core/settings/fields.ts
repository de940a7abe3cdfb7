import { isAbsolute } from 'node:path'

/** A JSON object as it was read. */
export type Json = Record<string, unknown>

/** One key of `settings.json`: its default, what it may hold, and the environment's variables that override it. */
export interface Field {
  section: string
  key: string
  fallback: unknown
  isValid: (value: unknown) => boolean
  /** Completes "…must be": told to whoever gave something else. */
  allowed: string
  /** Strongest first. */
  variables: readonly string[]
  /** Turns a variable's text into a value; what makes no sense is returned as it is and fails `isValid`. */
  parse: (text: string) => unknown
}

const text = (value: string): unknown => value
const number = (value: string): unknown => (/^\d{1,15}$/.test(value.trim()) ? Number(value) : value)
const isInteger = (value: unknown, low: number, high: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high

const isNumber = (value: unknown, low: number, high: number): boolean => typeof value === 'number' && value >= low && value <= high

const ownField = { variables: [], parse: text } as const

/** Zod would say the same, but loading it would be the largest part of reading these eight lines of JSON at every command's start. */
export const fields = {
  python: {
    ...ownField,
    section: 'engine',
    key: 'python',
    fallback: null,
    isValid: (value) => value === null || (typeof value === 'string' && isAbsolute(value)),
    allowed: 'the absolute path of a Python interpreter, or null',
  },
  maxModels: {
    ...ownField,
    section: 'engine',
    key: 'max_models',
    fallback: null,
    isValid: (value) => value === null || isInteger(value, 1, 100),
    allowed: 'a whole number from 1 to 100, or null for as many as fit into memory',
  },
  memoryLimit: {
    ...ownField,
    section: 'engine',
    key: 'memory_limit_gb',
    fallback: null,
    isValid: (value) => value === null || isNumber(value, 0.5, 1_000_000),
    allowed: 'a number of gigabytes of at least 0.5, or null for what the machine allows',
  },
  keepAlive: {
    ...ownField,
    section: 'engine',
    key: 'keep_alive_minutes',
    fallback: 15,
    isValid: (value) => value === null || isNumber(value, 0, 1_000_000),
    allowed: 'a number of minutes, 0 to unload after each answer, or null to keep models loaded',
  },
  safeMemory: {
    ...ownField,
    section: 'engine',
    key: 'safe_memory',
    fallback: 'auto',
    isValid: (value) => value === 'auto' || value === 'on' || value === 'off',
    allowed: '"auto", "on" or "off"',
  },
  concurrency: {
    ...ownField,
    section: 'engine',
    key: 'concurrency',
    fallback: null,
    isValid: (value) => value === null || isInteger(value, 1, 32),
    allowed: 'a whole number from 1 to 32, or null for as many as fit into memory',
  },
  contextLimit: {
    ...ownField,
    section: 'engine',
    key: 'context_limit',
    fallback: null,
    isValid: (value) => value === null || isInteger(value, 256, 1_000_000_000),
    allowed: "a whole number of tokens of at least 256, or null for the model's own",
  },
  demo: {
    ...ownField,
    section: 'demo',
    key: 'enabled',
    fallback: false,
    isValid: (value) => typeof value === 'boolean',
    allowed: 'true or false',
  },
  host: {
    section: 'server',
    key: 'host',
    fallback: '127.0.0.1',
    // Beyond loopback anyone on the network could call: that needs API keys, which do not exist yet.
    isValid: (value) => typeof value === 'string' && /^(localhost|::1|127(\.\d{1,3}){3})$/.test(value),
    allowed:
      'an address of this machine alone (127.0.0.1, ::1 or localhost): other machines would need API keys, which this version does not have',
    variables: ['MLXK_HOST', 'MLXK2_HOST'],
    parse: text,
  },
  port: {
    section: 'server',
    key: 'port',
    fallback: 11811,
    isValid: (value) => isInteger(value, 0, 65535),
    allowed: 'a whole number from 0 (any free port) to 65535',
    variables: ['MLXK_PORT', 'MLXK2_PORT'],
    parse: number,
  },
  maxTokens: {
    section: 'server',
    key: 'max_tokens',
    fallback: null,
    isValid: (value) => value === null || isInteger(value, 1, Number.MAX_SAFE_INTEGER),
    allowed: 'a whole number of at least 1',
    variables: ['MLXK_MAX_TOKENS', 'MLXK2_MAX_TOKENS'],
    parse: number,
  },
  extraRoots: {
    ...ownField,
    section: 'cache',
    key: 'extra_roots',
    fallback: [],
    isValid: (value) =>
      Array.isArray(value) && value.length <= 100 && value.every((path) => typeof path === 'string' && path !== ''),
    allowed: 'a list of folders',
  },
} as const satisfies Record<string, Field>

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export const nameOf = (field: Pick<Field, 'section' | 'key'>): string => `${field.section}.${field.key}`

/** The value in a settings object, undefined when the key is not there. */
export function getField(raw: Json, field: Pick<Field, 'section' | 'key'>): unknown {
  const section = raw[field.section]
  return isJson(section) ? section[field.key] : undefined
}
