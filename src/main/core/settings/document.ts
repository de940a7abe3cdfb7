import { AppError } from '../../../shared/errors'
import { allFields, getField, isJson, nameOf, type Field, type Json } from './fields'
import type { Settings } from './types'

export const SETTINGS_VERSION = 1

/** From version n to n + 1, on the file's own object. Each must keep what it does not know. */
export type Migrations = Readonly<Record<number, (raw: Json) => Json>>

/** A file without a version is one that a person began by hand. */
export const migrations: Migrations = { 0: (raw) => ({ ...raw, version: 1 }) }

/**
 * Brings an older file's object to `target`. A newer file is left alone: what this version knows is read, the rest is kept.
 * @throws Error when a step is missing, which a test rules out for the real table
 */
export function migrate(raw: Json, steps: Migrations = migrations, target = SETTINGS_VERSION): Json {
  let current = raw
  for (;;) {
    const version = typeof current['version'] === 'number' && Number.isInteger(current['version']) ? current['version'] : 0
    if (version >= target) return current
    const step = steps[version]
    if (step === undefined) throw new Error(`No migration of settings from version ${version}`)
    current = { ...step(current), version: version + 1 }
  }
}

export interface SettingsProblem {
  /** `server.port`, or null when the whole file is meant. */
  key: string | null
  message: string
}

/** The settings in a file's object. Keys that are wrong count as not there and are reported, so that one typo does not stop everything. */
export function readDocument(raw: Json): { settings: Settings; problems: SettingsProblem[] } {
  const problems: SettingsProblem[] = []
  const pick = (field: Field): unknown => {
    const value = getField(raw, field)
    if (value === undefined) return field.fallback
    if (field.isValid(value)) return value
    problems.push({
      key: nameOf(field),
      message: `${nameOf(field)} in settings.json must be ${field.allowed}; the default is used.`,
    })
    return field.fallback
  }
  const settings: Json = { version: SETTINGS_VERSION }
  for (const field of allFields) {
    const section = settings[field.section]
    settings[field.section] = { ...(isJson(section) ? section : {}), [field.key]: pick(field) }
  }
  // Every field was checked just now, by the table that describes it, and a test holds the table to the type.
  return { settings: settings as unknown as Settings, problems }
}

/** @throws AppError invalid_setting, naming the key and what it may hold */
export function checkSettings(settings: Settings): void {
  for (const field of allFields) {
    const value = getField({ ...settings }, field)
    if (!field.isValid(value)) {
      throw new AppError('invalid_setting', `${nameOf(field)} must be ${field.allowed}.`, { data: { key: nameOf(field) } })
    }
  }
}

/** Puts settings into a file's object; keys that this version does not know stay as they were. */
export function mergeDocument(raw: Json, settings: Settings): Json {
  const merged: Json = { ...raw, version: Math.max(SETTINGS_VERSION, typeof raw['version'] === 'number' ? raw['version'] : 0) }
  for (const field of allFields) {
    const value = getField({ ...settings }, field)
    // A default that nobody wrote down stays out: it may be another one in a later version.
    if (getField(raw, field) === undefined && JSON.stringify(value) === JSON.stringify(field.fallback)) continue
    const before = merged[field.section]
    merged[field.section] = { ...(isJson(before) ? before : {}), [field.key]: value }
  }
  return merged
}
