import { AppError } from '../../../shared/errors'
import { readVariable, type Env } from '../system'
import { allFields, fields, getField, nameOf, type Field, type Json } from './fields'
import type { LogLevel, Settings } from './types'

/** A value, and what chose it: a flag, a variable's name, the settings file or the default. */
export interface Chosen<T> {
  value: T
  source: 'flag' | 'environment' | 'settings' | 'default'
  /** `--port`, `MLXK_PORT`, `server.port`; null for a default. */
  from: string | null
}

export interface ServerFlags {
  host?: string | undefined
  port?: number | undefined
  /** null: no limit of our own. */
  maxTokens?: number | null | undefined
}

export interface ServerChoices {
  host: Chosen<string>
  port: Chosen<number>
  maxTokens: Chosen<number | null>
}

function invalid(from: string, value: string, allowed: string): AppError {
  return new AppError('invalid_setting', `${from} is "${value.slice(0, 100)}", but must be ${allowed}.`, {
    hint: `Change ${from} or leave it out.`,
    data: { setting: from, value: value.slice(0, 100), allowed },
  })
}

/** The first variable that is set to something. */
function fromEnvironment(env: Env, names: readonly string[]): { name: string; text: string } | null {
  for (const name of names) {
    const text = readVariable(env, name)
    if (text !== undefined) return { name, text }
  }
  return null
}

const isDefault = ({ fallback }: Field, value: unknown): boolean => JSON.stringify(value) === JSON.stringify(fallback)

function choose<T>(field: Field, flag: { name: string; value: T | undefined }, env: Env, settings: Settings): Chosen<T> {
  if (flag.value !== undefined) {
    if (!field.isValid(flag.value)) throw invalid(flag.name, String(flag.value), field.allowed)
    return { value: flag.value, source: 'flag', from: flag.name }
  }
  const variable = fromEnvironment(env, field.variables)
  if (variable !== null) {
    const value = field.parse(variable.text)
    if (!(field.isValidVariable ?? field.isValid)(value)) throw invalid(variable.name, variable.text, field.allowed)
    return { value: value as T, source: 'environment', from: variable.name }
  }
  const value = getField({ ...settings }, field) as T
  return isDefault(field, value) ? { value, source: 'default', from: null } : { value, source: 'settings', from: nameOf(field) }
}

/**
 * Flag > environment > settings > default, for the API's listener. A variable set to nothing counts as unset.
 * @throws AppError invalid_setting, naming what was wrong and what it may hold
 */
export function chooseServer(flags: ServerFlags, env: Env, settings: Settings): ServerChoices {
  return {
    host: choose(fields.host, { name: '--host', value: flags.host }, env, settings),
    port: choose(fields.port, { name: '--port', value: flags.port }, env, settings),
    maxTokens: choose<number | null>(fields.maxTokens, { name: '--max-tokens', value: flags.maxTokens }, env, settings),
  }
}

/** @throws AppError invalid_setting */
export function chooseLogLevel(env: Env, settings: Settings, flag?: string): Chosen<LogLevel> {
  return choose<LogLevel>(fields.logLevel, { name: '--log-level', value: flag as LogLevel | undefined }, env, settings)
}

/** Whether only this machine can reach what listens there. */
export function isLoopbackHost(host: string): boolean {
  return /^(localhost|::1|127(\.\d{1,3}){3})$/i.test(host)
}

/** One setting with everything that decides it. */
export interface ExplainedSetting {
  /** `server.port` */
  key: string
  value: unknown
  source: 'environment' | 'settings' | 'default'
  /** The variable that decides; null when it is the file or nobody. */
  variable: string | null
  /** What the file says, undefined where it says nothing. Without effect while a variable decides. */
  inFile: unknown
  fallback: unknown
  field: Field
  /** A variable that holds nonsense: nothing that needs this setting starts. */
  problem: string | null
}

/** Every setting: its value, and what chose it. @param raw the file's own object */
export function explainSettings(env: Env, settings: Settings, raw: Json): ExplainedSetting[] {
  return allFields.map((field) => {
    const key = nameOf(field)
    const own = getField(raw, field)
    const base = { key, inFile: own !== undefined && field.isValid(own) ? own : undefined, fallback: field.fallback, field }
    try {
      const { value, source, from } = choose<unknown>(field, { name: key, value: undefined }, env, settings)
      const variable = source === 'environment' ? from : null
      // A default that somebody wrote down is theirs.
      const decided = source === 'environment' ? source : base.inFile === undefined ? 'default' : 'settings'
      return { ...base, value, source: decided, variable, problem: null }
    } catch (error) {
      const variable = fromEnvironment(env, field.variables)
      const problem = error instanceof Error ? error.message : String(error)
      return { ...base, value: variable?.text ?? null, source: 'environment', variable: variable?.name ?? null, problem }
    }
  })
}
