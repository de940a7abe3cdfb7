/** One place where two documents differ. */
export interface Difference {
  /** Keys from the top, lists as `[]`: `data.models[].reason`. */
  path: string
  /** Of the model around it; null outside of any. */
  model: string | null
  kind: 'only in ours' | 'only in theirs' | 'type' | 'value'
  theirs: unknown
  ours: unknown
}

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const typeOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value)
const nameOf = (value: unknown): string | null => (isObject(value) && typeof value['name'] === 'string' ? value['name'] : null)

/** Null is a value of these, not another type: mlx-knife's schema says so. */
const NULLABLE = /\.(reason|hash|metadata|config|system)$/

/**
 * Everything in which two JSON documents differ. Lists of things with a name are paired by it, whatever their order; other lists by
 * position.
 */
export function compare(theirs: unknown, ours: unknown, path = '', model: string | null = null): Difference[] {
  const found = (kind: Difference['kind']): Difference[] => [{ path, model, kind, theirs, ours }]
  if (Array.isArray(theirs) && Array.isArray(ours)) return compareLists(theirs, ours, path, model)
  if (isObject(theirs) && isObject(ours)) return compareObjects(theirs, ours, path, model)
  if (theirs === ours) return []
  const sameType = typeOf(theirs) === typeOf(ours) || ((theirs === null || ours === null) && NULLABLE.test(path))
  return found(sameType ? 'value' : 'type')
}

function compareObjects(theirs: Json, ours: Json, path: string, around: string | null): Difference[] {
  const model = nameOf(ours) ?? nameOf(ours['model']) ?? around
  return [...new Set([...Object.keys(theirs), ...Object.keys(ours)])].flatMap((key): Difference[] => {
    const place = path === '' ? key : `${path}.${key}`
    if (!(key in ours)) return [{ path: place, model, kind: 'only in theirs', theirs: theirs[key], ours: undefined }]
    if (!(key in theirs)) return [{ path: place, model, kind: 'only in ours', theirs: undefined, ours: ours[key] }]
    return compare(theirs[key], ours[key], place, model)
  })
}

function compareLists(theirs: unknown[], ours: unknown[], path: string, model: string | null): Difference[] {
  const keys = (list: unknown[]): string[] => list.map((item, index) => nameOf(item) ?? String(index))
  const pair = (list: unknown[]): Map<string, unknown> => new Map(keys(list).map((key, index) => [key, list[index]]))
  const [left, right] = [pair(theirs), pair(ours)]
  const place = `${path}[]`
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((key): Difference[] => {
    const [a, b] = [left.get(key), right.get(key)]
    const around = nameOf(b ?? a) ?? model
    if (!right.has(key)) return [{ path: place, model: around, kind: 'only in theirs', theirs: a, ours: undefined }]
    if (!left.has(key)) return [{ path: place, model: around, kind: 'only in ours', theirs: undefined, ours: b }]
    return compare(a, b, place, around)
  })
}
