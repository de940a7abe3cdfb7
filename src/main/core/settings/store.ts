import { readFileSync, renameSync } from 'node:fs'
import { toErrno } from '../../../shared/errors'
import { createEmitter, toFileError, writePrivateFile, type DataPaths } from '../system'
import { checkSettings, mergeDocument, migrate, readDocument, type SettingsProblem } from './document'
import { isJson, type Json } from './fields'
import type { Settings, SettingsStore } from './types'

export interface SettingsDeps {
  paths: Pick<DataPaths, 'settings'>
  /**
   * True for the owner of the data folder: moves a corrupt file aside. Anybody else only reads; two processes that both move the file
   * could move the good one that came after.
   */
  owner?: boolean
  now?: () => number
}

export interface OpenSettings extends SettingsStore {
  /** What is wrong with the file. Reading goes on with defaults. */
  problems: () => readonly SettingsProblem[]
  /** The file's own object, with what this version does not know: to tell a default from a value that was written down. */
  raw: () => Json
  /**
   * Changes the file's own object as `change` says; it may leave keys out, which means their defaults.
   * @throws as `update`
   */
  edit: (change: (raw: Json) => Json) => Promise<Settings>
}

/** Larger than any real file; a bound for what is read into memory. */
const MAX_CHARACTERS = 1024 * 1024

function parse(text: string): Json | null {
  if (text.length > MAX_CHARACTERS) return null
  try {
    const value: unknown = JSON.parse(text)
    return isJson(value) ? value : null
  } catch {
    return null
  }
}

interface Loaded {
  raw: Json
  settings: Settings
  problems: SettingsProblem[]
  /** Why the file could not be read though it is there. */
  failure?: unknown
}

function load(path: string, owner: boolean, now: () => number): Loaded {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const missing = toErrno(error) === 'ENOENT'
    const unreadable = {
      key: null,
      message: `${path} cannot be read (${toErrno(error) ?? 'unknown reason'}); the defaults are used.`,
    }
    const { settings } = readDocument({})
    return missing ? { raw: {}, settings, problems: [] } : { raw: {}, settings, problems: [unreadable], failure: error }
  }
  const raw = parse(text)
  if (raw !== null) {
    const current = migrate(raw)
    return { raw: current, ...readDocument(current) }
  }
  let message = `${path} is not valid JSON; the defaults are used.`
  if (owner) {
    const aside = `${path}.corrupt-${now()}`
    try {
      renameSync(path, aside)
      message = `${path} was not valid JSON. It is now ${aside}, and the defaults are used.`
    } catch (error) {
      throw toFileError(error, path)
    }
  }
  return { raw: {}, settings: readDocument({}).settings, problems: [{ key: null, message }] }
}

/** `settings.json`, read on first use. Updates are written one after the other. */
export function createSettings({ paths, owner = false, now = Date.now }: SettingsDeps): OpenSettings {
  const changes = createEmitter<Settings>()
  let loaded: Loaded | null = null
  let last: Promise<unknown> = Promise.resolve()
  const current = (): Loaded => (loaded ??= load(paths.settings, owner, now))

  const write = async (change: (loaded: Loaded) => Json): Promise<Settings> => {
    // Anew: a person may have edited the file since, and what cannot be read must not be replaced by defaults.
    loaded = load(paths.settings, owner, now)
    const { failure } = loaded
    if (failure !== undefined) throw toFileError(failure, paths.settings)
    const raw = change(loaded)
    await writePrivateFile(paths.settings, `${JSON.stringify(raw, null, 2)}\n`)
    loaded = { raw, ...readDocument(raw) }
    changes.emit(loaded.settings)
    return loaded.settings
  }
  const inTurn = (change: (loaded: Loaded) => Json): Promise<Settings> => {
    const result = last.then(() => write(change))
    last = result.catch(() => undefined)
    return result
  }
  return {
    read: () => current().settings,
    problems: () => current().problems,
    raw: () => current().raw,
    update: (change) =>
      inTurn(({ raw, settings }) => {
        const next = change(structuredClone(settings))
        checkSettings(next)
        return mergeDocument(raw, next)
      }),
    edit: (change) => inTurn(({ raw }) => change(structuredClone(raw))),
    subscribe: changes.subscribe,
  }
}
