import { AppError } from '../../../shared/errors'
import { readVariable, type Env } from '../system'
import { fields, getField, nameOf, type Field } from './fields'
import type { Settings } from './types'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'
const logLevels: readonly string[] = ['debug', 'info', 'warn', 'error', 'silent'] satisfies LogLevel[]

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

function choose<T>(field: Field, flag: { name: string; value: T | undefined }, env: Env, settings: Settings): Chosen<T> {
  if (flag.value !== undefined) {
    if (!field.isValid(flag.value)) throw invalid(flag.name, String(flag.value), field.allowed)
    return { value: flag.value, source: 'flag', from: flag.name }
  }
  const variable = fromEnvironment(env, field.variables)
  if (variable !== null) {
    const value = field.parse(variable.text)
    if (!field.isValid(value)) throw invalid(variable.name, variable.text, field.allowed)
    return { value: value as T, source: 'environment', from: variable.name }
  }
  const value = getField({ ...settings }, field) as T
  return value === field.fallback ? { value, source: 'default', from: null } : { value, source: 'settings', from: nameOf(field) }
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
export function chooseLogLevel(env: Env): Chosen<LogLevel> {
  const variable = fromEnvironment(env, ['MLXK_LOG_LEVEL', 'MLXK2_LOG_LEVEL'])
  if (variable === null) return { value: 'info', source: 'default', from: null }
  // Python's names, which mlx-knife documents, mean the same.
  const text = variable.text.trim().toLowerCase()
  const name = text === 'warning' ? 'warn' : text === 'critical' ? 'error' : text
  if (!logLevels.includes(name)) throw invalid(variable.name, variable.text, `one of ${logLevels.join(', ')}`)
  return { value: name as LogLevel, source: 'environment', from: variable.name }
}
