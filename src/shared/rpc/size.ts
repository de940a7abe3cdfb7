/** More values than any real call has; each may become an issue of its own when the input is checked, a thousand times its size. */
const MAX_VALUES = 250_000

/**
 * True when a value would need more than `limit` bytes, roughly as JSON, or is made of more than `MAX_VALUES` values. Walks without
 * recursion and stops at the limit, so that deep, huge or cyclic values (structured clones may be cyclic) cost no more than the limit.
 */
export function isLargerThan(value: unknown, limit: number): boolean {
  const open: unknown[] = [value]
  let size = 0
  let values = 0
  while (open.length > 0) {
    const item = open.pop()
    size += 2
    values += 1
    if (typeof item === 'string') size += item.length
    else if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) size += item.byteLength
    else if (Array.isArray(item)) {
      if (values + item.length > MAX_VALUES || size + item.length * 2 > limit) return true
      for (const part of item) open.push(part)
    } else if (typeof item === 'object' && item !== null) {
      for (const [key, part] of Object.entries(item)) {
        size += key.length + 3
        open.push(part)
      }
    }
    if (size > limit || values > MAX_VALUES) return true
  }
  return false
}
