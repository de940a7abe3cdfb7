import type { Quantization } from '../../../shared/contract'
import { isObject, type SnapshotFacts } from '../health'

type Config = Record<string, unknown>

function integer(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : null
}

/** MLX writes `quantization`, other tools only `quantization_config`. */
function findBlock(config: Config): (Config & { bits: number }) | null {
  const found = [config['quantization'], config['quantization_config']].find(
    (entry): entry is Config & { bits: number } => isObject(entry) && integer(entry['bits']) !== null,
  )
  return found ?? null
}

/** What single layers have instead; `false` stands for no quantization at all. */
function overridesOf(block: Config): (Config | false)[] {
  return Object.values(block).filter((entry): entry is Config | false => entry === false || isObject(entry))
}

/** Bits, group and mode of most layers, and whether others differ. */
export function readQuantization(config: Config): Quantization | null {
  const block = findBlock(config)
  if (block === null) return null
  const mode = block['mode'] ?? block['quant_method']
  const mixed = overridesOf(block).some((layer) => layer === false || (layer['bits'] !== undefined && layer['bits'] !== block.bits))
  return { bits: block.bits, group_size: integer(block['group_size']), mode: typeof mode === 'string' ? mode : null, mixed }
}

/** Bits per weight of tensors by how many bits share a scale. Layers of their own may have another product of bits and group. */
function bitsByProduct(block: Config & { bits: number }): Map<number, number> {
  const group = integer(block['group_size']) ?? 64
  const products = new Map([[block.bits * group, block.bits]])
  for (const layer of overridesOf(block)) {
    if (layer === false) continue
    const bits = integer(layer['bits']) ?? block.bits
    const product = bits * (integer(layer['group_size']) ?? group)
    if (!products.has(product)) products.set(product, bits)
  }
  return products
}

/**
 * Number of weights: as the index says (mlx_lm writes it), else counted in the headers of the safetensors files; null when a file is
 * missing its header or the weights are packed in an unknown way.
 */
export function countParameters(facts: SnapshotFacts, config: Config): number | null {
  const index = facts.json['model.safetensors.index.json']
  const metadata = index.state === 'ok' ? index.value['metadata'] : null
  const said = isObject(metadata) ? integer(metadata['total_parameters']) : null
  if (said !== null && Number.isSafeInteger(said)) return said
  const block = findBlock(config)
  const products = block === null ? new Map<number, number>() : bitsByProduct(block)
  const paths = Object.keys(facts.weights)
  // Files beside the model's own, such as adapters, hold other weights.
  const loaded = paths.filter((path) => /^model[^/]*\.safetensors$/.test(path))
  let sum = 0
  for (const path of loaded.length > 0 ? loaded : paths) {
    const header = facts.weights[path]
    if (header?.state !== 'ok') return null
    const { plain, packedWords, foreignWords } = header.counts
    sum += plain
    for (const [product, words] of Object.entries(packedWords)) {
      const bits = products.get(Number(product)) ?? block?.bits ?? null
      if (bits === null) return null
      sum += (words * 32) / bits
    }
    if (foreignWords > 0 && block === null) return null
    if (block !== null) sum += (foreignWords * 32) / block.bits
  }
  const total = Math.round(sum)
  return total > 0 && Number.isSafeInteger(total) ? total : null
}
