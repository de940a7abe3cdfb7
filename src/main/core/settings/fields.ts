import { isIP } from 'node:net'
import { isAbsolute } from 'node:path'

/** A JSON object as it was read. */
export type Json = Record<string, unknown>

/** One key of `settings.json`: its default, what it may hold, and the environment's variables that override it. */
export interface Field {
  section: string
  key: string
  /** What it is for, as part of a sentence. */
  summary: string
  fallback: unknown
  isValid: (value: unknown) => boolean
  /** Completes "…must be": told to whoever gave something else. */
  allowed: string
  /** Strongest first. */
  variables: readonly string[]
  /** Where a variable may hold more than the file. */
  isValidVariable?: (value: unknown) => boolean
  /** Turns typed text into a value; what makes no sense is returned as it is and fails `isValid`. */
  parse: (text: string) => unknown
  takesEffect: 'at once' | 'when the API starts' | 'when a model loads' | 'at the next start'
}

const text = (value: string): unknown => value
const number = (value: string): unknown => (/^\d{1,15}$/.test(value.trim()) ? Number(value) : value)
const decimal = (value: string): unknown => (/^\d{1,9}(\.\d{1,6})?$/.test(value.trim()) ? Number(value) : value)
const flag = (value: string): unknown => ({ true: true, on: true, yes: true, false: false, off: false, no: false })[value] ?? value
/** `none` is how a command line says null. */
const orNone =
  (parse: (value: string) => unknown) =>
  (value: string): unknown =>
    /^(none|null)$/i.test(value.trim()) ? null : parse(value)
/** `a,b`, or a list in JSON for whatever has a comma in it. */
const list = (value: string): unknown => {
  if (!value.trim().startsWith('[')) return value.split(',').flatMap((part) => part.trim() || [])
  try {
    return JSON.parse(value) as unknown
  } catch {
    return value
  }
}

const isInteger = (value: unknown, low: number, high: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high
const isNumber = (value: unknown, low: number, high: number): boolean => typeof value === 'number' && value >= low && value <= high
const isListOf = (value: unknown, isItem: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length <= 100 && value.every(isItem)

const isHostName = (value: unknown): boolean =>
  typeof value === 'string' && (isIP(value) !== 0 || (value.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(value)))
/** `https://chat.example`, `app://obsidian.md`: no path, no slash at the end, or `*`. */
const isOrigin = (value: unknown): boolean => typeof value === 'string' && /^(\*|[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*]+)$/i.test(value)

const logLevels: readonly unknown[] = ['debug', 'info', 'warn', 'error', 'silent']

/** Zod would say the same, but loading it would be the largest part of reading these lines of JSON at every command's start. */
export const fields = {
  python: {
    section: 'engine',
    key: 'python',
    summary: 'Python interpreter that has mlx_lm; none: the one that "mlxk engine install" makes',
    fallback: null,
    isValid: (value) => value === null || (typeof value === 'string' && isAbsolute(value)),
    allowed: 'the absolute path of a Python interpreter, or none',
    // A variable may also be a bare word: it is looked up in PATH (core/interpreter).
    variables: ['MLXK_PYTHON'],
    isValidVariable: (value) => typeof value === 'string',
    parse: orNone(text),
    takesEffect: 'at once',
  },
  maxModels: {
    section: 'engine',
    key: 'max_models',
    summary: 'models in memory at the same time; none: as many as fit',
    fallback: null,
    isValid: (value) => value === null || isInteger(value, 1, 100),
    allowed: 'a whole number from 1 to 100, or none',
    variables: [],
    parse: orNone(number),
    takesEffect: 'when a model loads',
  },
  memoryLimit: {
    section: 'engine',
    key: 'memory_limit_gb',
    summary: 'gigabytes that models may take together; none: what the machine allows',
    fallback: null,
    isValid: (value) => value === null || isNumber(value, 0.5, 1_000_000),
    allowed: 'a number of at least 0.5, or none',
    variables: [],
    parse: orNone(decimal),
    takesEffect: 'when a model loads',
  },
  keepAlive: {
    section: 'engine',
    key: 'keep_alive_minutes',
    summary: 'minutes without use until a model is unloaded; none: never',
    fallback: 15,
    isValid: (value) => value === null || isNumber(value, 0, 1_000_000),
    allowed: 'a number (0: after each answer), or none',
    variables: [],
    parse: orNone(decimal),
    takesEffect: 'at once',
  },
  safeMemory: {
    section: 'engine',
    key: 'safe_memory',
    summary: 'careful with memory: nothing wired, small caches, few answers together; auto: where Macs are known to panic',
    fallback: 'auto',
    isValid: (value) => value === 'auto' || value === 'on' || value === 'off',
    allowed: 'auto, on or off',
    variables: [],
    parse: text,
    takesEffect: 'when a model loads',
  },
  concurrency: {
    section: 'engine',
    key: 'concurrency',
    summary: 'answers of one model that are computed together; none: as many as fit, up to 32',
    fallback: null,
    isValid: (value) => value === null || isInteger(value, 1, 32),
    allowed: 'a whole number from 1 to 32, or none',
    variables: [],
    parse: orNone(number),
    takesEffect: 'when a model loads',
  },
  contextLimit: {
    section: 'engine',
    key: 'context_limit',
    summary: "longest conversation in tokens; none: the model's own",
    fallback: null,
    isValid: (value) => value === null || isInteger(value, 256, 1_000_000_000),
    allowed: 'a whole number of at least 256, or none',
    variables: [],
    parse: orNone(number),
    takesEffect: 'when a model loads',
  },
  demo: {
    section: 'demo',
    key: 'enabled',
    summary: 'show the built-in demo models',
    fallback: false,
    isValid: (value) => typeof value === 'boolean',
    allowed: 'true or false',
    variables: [],
    parse: flag,
    takesEffect: 'at once',
  },
  host: {
    section: 'server',
    key: 'host',
    summary: 'address that the API listens on; other machines reach it on any but 127.0.0.1, ::1 and localhost, and need a key',
    fallback: '127.0.0.1',
    isValid: isHostName,
    allowed: 'an address of this machine, such as 127.0.0.1 (this machine alone) or 0.0.0.0 (every network it is in)',
    variables: ['MLXK_HOST', 'MLXK2_HOST'],
    parse: text,
    takesEffect: 'when the API starts',
  },
  port: {
    section: 'server',
    key: 'port',
    summary: 'port of the API',
    fallback: 11811,
    isValid: (value) => isInteger(value, 0, 65535),
    allowed: 'a whole number from 0 (any free port) to 65535',
    variables: ['MLXK_PORT', 'MLXK2_PORT'],
    parse: number,
    takesEffect: 'when the API starts',
  },
  maxTokens: {
    section: 'server',
    key: 'max_tokens',
    summary: 'longest answer when a request does not say; none: half the context',
    fallback: null,
    isValid: (value) => value === null || isInteger(value, 1, Number.MAX_SAFE_INTEGER),
    allowed: 'a whole number of at least 1, or none',
    variables: ['MLXK_MAX_TOKENS', 'MLXK2_MAX_TOKENS'],
    parse: orNone(number),
    takesEffect: 'when the API starts',
  },
  requireKey: {
    section: 'server',
    key: 'require_key',
    summary: 'ask programs on this machine for an API key too',
    fallback: false,
    isValid: (value) => typeof value === 'boolean',
    allowed: 'true or false',
    variables: [],
    parse: flag,
    takesEffect: 'at once',
  },
  allowedHosts: {
    section: 'server',
    key: 'allowed_hosts',
    summary: 'host names, besides addresses, under which the API may be called',
    fallback: [],
    isValid: (value) => isListOf(value, isHostName),
    allowed: 'a list of host names without ports, such as mini.local',
    variables: [],
    parse: list,
    takesEffect: 'at once',
  },
  allowedOrigins: {
    section: 'server',
    key: 'allowed_origins',
    summary: 'web pages, besides those of this machine, that may call the API',
    fallback: [],
    isValid: (value) => isListOf(value, isOrigin),
    allowed: 'a list of origins such as https://chat.example, or * for every page',
    variables: [],
    parse: list,
    takesEffect: 'at once',
  },
  extraRoots: {
    section: 'cache',
    key: 'extra_roots',
    summary: 'more Hugging Face cache folders to read',
    fallback: [],
    isValid: (value) => isListOf(value, (path) => typeof path === 'string' && path !== ''),
    allowed: 'a list of folders',
    variables: [],
    parse: list,
    takesEffect: 'at once',
  },
  connections: {
    section: 'downloads',
    key: 'connections',
    summary: 'requests at a time when models are fetched',
    fallback: 8,
    isValid: (value) => isInteger(value, 1, 16),
    allowed: 'a whole number from 1 to 16',
    variables: [],
    parse: number,
    takesEffect: 'at once',
  },
  speedLimit: {
    section: 'downloads',
    key: 'limit_mb_per_s',
    summary: 'megabytes a second that downloads may take; none: all there is',
    fallback: null,
    isValid: (value) => value === null || isNumber(value, 0.01, 1_000_000),
    allowed: 'a number of at least 0.01, or none',
    variables: [],
    parse: orNone(decimal),
    takesEffect: 'at once',
  },
  theme: {
    section: 'appearance',
    key: 'theme',
    summary: 'colours of the window',
    fallback: 'system',
    isValid: (value) => value === 'system' || value === 'light' || value === 'dark',
    allowed: 'system, light or dark',
    variables: [],
    parse: text,
    takesEffect: 'at once',
  },
  language: {
    section: 'appearance',
    key: 'language',
    summary: 'language of the window',
    fallback: 'system',
    isValid: (value) => value === 'system' || value === 'en' || value === 'de',
    allowed: 'system, en or de',
    variables: [],
    parse: text,
    takesEffect: 'at once',
  },
  logLevel: {
    section: 'log',
    key: 'level',
    summary: 'how much the log says',
    fallback: 'info',
    isValid: (value) => logLevels.includes(value),
    allowed: 'one of debug, info, warn, error, silent',
    variables: ['MLXK_LOG_LEVEL', 'MLXK2_LOG_LEVEL'],
    // Python's names, which mlx-knife documents, mean the same.
    parse: (value) => {
      const name = value.trim().toLowerCase()
      return name === 'warning' ? 'warn' : name === 'critical' ? 'error' : name
    },
    takesEffect: 'at the next start',
  },
} as const satisfies Record<string, Field>

export const allFields: readonly Field[] = Object.values(fields)

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export const nameOf = (field: Pick<Field, 'section' | 'key'>): string => `${field.section}.${field.key}`

/** The value in a settings object, undefined when the key is not there. */
export function getField(raw: Json, field: Pick<Field, 'section' | 'key'>): unknown {
  const section = raw[field.section]
  return isJson(section) ? section[field.key] : undefined
}
