import { AppError } from '../../../shared/errors'
import { SETTINGS_VERSION } from './document'
import { allFields, isJson, nameOf, type Field, type Json } from './fields'

/** The setting of that name. @throws AppError usage, with the nearest name as hint */
export function findField(key: string): Field {
  const field = allFields.find((each) => nameOf(each) === key)
  if (field !== undefined) return field
  const nearest = nearestName(key)
  throw new AppError('usage', `There is no setting "${key.slice(0, 100)}".`, {
    hint: nearest === null ? 'See "mlxk config list".' : `Did you mean "${nearest}"?`,
    data: { key: key.slice(0, 100), nearest },
  })
}

/** Typed text as a setting's value. @throws AppError invalid_setting, naming what it may hold */
export function readSetting(field: Field, text: string): unknown {
  const value = field.parse(text)
  if (field.isValid(value)) return value
  throw new AppError('invalid_setting', `${nameOf(field)} must be ${field.allowed}, not "${text.slice(0, 100)}".`, {
    data: { key: nameOf(field), value: text.slice(0, 100), allowed: field.allowed },
  })
}

/** The file's object with one setting changed, or left out where `value` is undefined. Everything else stays as it was. */
export function changeSetting(raw: Json, field: Field, value: unknown): Json {
  const section = raw[field.section]
  const { [field.key]: _, ...rest } = isJson(section) ? section : {}
  const changed = value === undefined ? rest : { ...rest, [field.key]: value }
  const version = typeof raw['version'] === 'number' ? raw['version'] : SETTINGS_VERSION
  return { ...raw, version, [field.section]: changed }
}

/** By the letters they share; also `port` for `server.port`, and `server.prot`. */
function nearestName(key: string): string | null {
  const typed = key.trim().toLowerCase().replaceAll('-', '_').slice(0, 60)
  const tail = (name: string): string => name.slice(name.indexOf('.') + 1)
  let best: { name: string; distance: number } | null = null
  for (const name of allFields.map(nameOf)) {
    const distance = Math.min(editDistance(typed, name), typed.includes('.') ? Infinity : editDistance(typed, tail(name)))
    if (best === null || distance < best.distance) best = { name, distance }
  }
  return best !== null && best.distance <= Math.max(2, Math.floor(typed.length / 3)) ? best.name : null
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, swap))
    }
    row = next
  }
  return row[b.length] ?? 0
}
