import type { Setting } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { Env } from '../system'
import { changeSetting, findField } from './change'
import { nameOf, type Field } from './fields'
import { explainSettings, type ExplainedSetting } from './precedence'
import type { OpenSettings } from './store'

/** The settings as people see and change them, one at a time. */
export interface SettingsManager {
  list: () => Setting[]
  /** @throws AppError usage */
  get: (key: string) => Setting
  /** @throws AppError usage, invalid_setting, file errors */
  set: (key: string, value: unknown) => Promise<Setting>
  /** @throws AppError usage, file errors */
  unset: (key: string) => Promise<Setting>
}

function toSetting({ key, value, source, variable, inFile, fallback, field, problem }: ExplainedSetting): Setting {
  return {
    key,
    summary: field.summary,
    value,
    source,
    variable,
    variables: [...field.variables],
    in_file: inFile !== undefined,
    file_value: inFile ?? null,
    default: fallback,
    allowed: field.allowed,
    takes_effect: field.takesEffect,
    problem,
  }
}

/** @param env whose variables go before the file */
export function createSettingsManager(settings: OpenSettings, env: Env): SettingsManager {
  const list = (): Setting[] => explainSettings(env, settings.read(), settings.raw()).map(toSetting)
  const get = (key: string): Setting => {
    const name = nameOf(findField(key))
    const found = list().find((each) => each.key === name)
    if (found === undefined) throw new AppError('usage', `There is no setting "${name}".`)
    return found
  }
  const change = async (field: Field, value: unknown): Promise<Setting> => {
    await settings.edit((raw) => changeSetting(raw, field, value))
    return get(nameOf(field))
  }
  return {
    list,
    get,
    set: async (key, value) => {
      const field = findField(key)
      if (value === undefined || !field.isValid(value)) {
        throw new AppError('invalid_setting', `${key} must be ${field.allowed}.`, { data: { key, allowed: field.allowed } })
      }
      return change(field, value)
    },
    unset: (key) => Promise.resolve().then(() => change(findField(key), undefined)),
  }
}
