import { isObject, looksLikeHtml } from './json-file'

/** safetensors' own limit is 100 MB; no model comes near this one, and a wrong length must not cost memory. */
const MAX_HEADER_BYTES = 25_000_000

/** What the beginning of a safetensors file says about the whole. */
export type WeightHeader =
  | {
      state: 'ok'
      /** `__metadata__.format`: `mlx` or `pt`. */
      format: string | null
      /** dtype that holds most bytes, as safetensors names it: `BF16`, `U32`… */
      dtype: string | null
      /** Size that the file must have. */
      expectedBytes: number
      counts: WeightCounts
    }
  | { state: 'header_too_long'; claimedBytes: number }
  | { state: 'empty' | 'html' | 'invalid' | 'too_large' | 'unreadable' }

/** Elements of the tensors of a file. */
export interface WeightCounts {
  /** Of tensors that hold the weights themselves. */
  plain: number
  /**
   * Of tensors in which several weights share a 32-bit word, by how many bits one scale stands for (bits × group size). Scales and
   * biases of these are not counted: they are no weights.
   */
  packedWords: Record<string, number>
  /** As `packedWords`, for formats of other tools (`qweight`), which do not say the group. */
  foreignWords: number
}

/** Reads `length` bytes at `offset`, fewer at the end of the file. */
type ReadAt = (offset: number, length: number) => Buffer

function isOffset(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** Product of a shape; null when it is none. */
function countElements(tensor: unknown): number | null {
  const shape: unknown = isObject(tensor) ? tensor['shape'] : null
  if (!Array.isArray(shape)) return null
  let product = 1
  for (const size of shape) {
    if (!isOffset(size)) return null
    product *= size
  }
  return Number.isSafeInteger(product) ? product : null
}

function countWeights(header: Record<string, unknown>): WeightCounts {
  const counts: WeightCounts = { plain: 0, packedWords: {}, foreignWords: 0 }
  const isPacked = (name: string): boolean => {
    const weight = header[`${name}.weight`]
    return isObject(weight) && weight['dtype'] === 'U32' && `${name}.scales` in header
  }
  for (const [name, tensor] of Object.entries(header)) {
    const elements = name === '__metadata__' ? null : countElements(tensor)
    if (elements === null) continue
    const dot = name.lastIndexOf('.')
    const [layer, last] = [name.slice(0, Math.max(0, dot)), name.slice(dot + 1)]
    if (last === 'qweight') counts.foreignWords += elements
    else if (`${layer}.qweight` in header && last !== 'bias') continue
    else if (last === 'weight' && isPacked(layer)) {
      const scales = countElements(header[`${layer}.scales`]) ?? 0
      const key = String(scales === 0 ? 0 : Math.round((elements * 32) / scales))
      counts.packedWords[key] = (counts.packedWords[key] ?? 0) + elements
    } else if ((last === 'scales' || last === 'biases') && isPacked(layer)) continue
    else counts.plain += elements
  }
  return counts
}

function summarize(header: Record<string, unknown>, headerEnd: number): WeightHeader {
  const bytes = new Map<string, number>()
  let end = 0
  for (const [name, tensor] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const offsets = isObject(tensor) ? tensor['data_offsets'] : null
    const [from, to]: unknown[] = Array.isArray(offsets) ? offsets : []
    // Not larger than a number can count: 1e400 is valid JSON too.
    if (!isOffset(from) || !isOffset(to) || to < from) return { state: 'invalid' }
    const dtype = isObject(tensor) && typeof tensor['dtype'] === 'string' ? tensor['dtype'] : ''
    bytes.set(dtype, (bytes.get(dtype) ?? 0) + (to - from))
    end = Math.max(end, to)
  }
  const metadata = header['__metadata__']
  const format = isObject(metadata) && typeof metadata['format'] === 'string' ? metadata['format'] : null
  const [largest] = [...bytes].sort(([, a], [, b]) => b - a)
  return { state: 'ok', format, dtype: largest?.[0] ?? null, expectedBytes: headerEnd + end, counts: countWeights(header) }
}

/** The header of a safetensors file: eight bytes of length, JSON with the offsets of every tensor. Two bounded reads. */
export function readWeightHeader(sizeBytes: number, readAt: ReadAt): WeightHeader {
  if (sizeBytes === 0) return { state: 'empty' }
  const start = readAt(0, 64)
  if (looksLikeHtml(start.toString('latin1'))) return { state: 'html' }
  if (start.length < 8) return { state: 'invalid' }
  const length = start.readBigUInt64LE(0)
  if (length > BigInt(sizeBytes - 8)) return { state: 'header_too_long', claimedBytes: Number(length) }
  if (length > MAX_HEADER_BYTES) return { state: 'too_large' }
  const header = readAt(8, Number(length))
  try {
    const parsed: unknown = JSON.parse(header.toString('utf8'))
    return isObject(parsed) ? summarize(parsed, 8 + Number(length)) : { state: 'invalid' }
  } catch {
    return { state: 'invalid' }
  }
}
