import { createHash } from 'node:crypto'

/** What a healthy small model has beside its weights. */
export const modelFiles = {
  'config.json': '{"model_type": "llama", "hidden_size": 64, "max_position_embeddings": 8192}',
  'tokenizer.json': '{"version": "1.0", "model": {"type": "BPE", "vocab": {}, "merges": []}}',
  'tokenizer_config.json': '{"chat_template": "{{ messages }}"}',
}

/** Names of `count` shards, and the index that says which tensor is in which. */
export function shardNames(count) {
  const names = Array.from({ length: count }, (_, index) => `model-${pad(index + 1)}-of-${pad(count)}.safetensors`)
  const weightMap = Object.fromEntries(names.map((name) => [`w.${name}`, name]))
  return { names, index: { 'model.safetensors.index.json': JSON.stringify({ metadata: {}, weight_map: weightMap }) } }
}

const pad = (number) => String(number).padStart(5, '0')

/** A safetensors file of `size` bytes with one tensor, whose bytes differ by file and from mebibyte to mebibyte; made quickly. */
export function shard(name, size) {
  const header = JSON.stringify({ [`w.${name}`]: { dtype: 'U8', shape: [size - 136], data_offsets: [0, size - 136] } }).padEnd(128)
  const file = Buffer.allocUnsafe(size)
  file.writeBigUInt64LE(128n, 0)
  file.write(header, 8, 'latin1')
  for (let at = 136, block = 0; at < size; at += 2 ** 20, block += 1) {
    const end = Math.min(size, at + 2 ** 20)
    createHash('sha512').update(`${name} ${block}`).digest().copy(file, at)
    for (let filled = 64; at + filled < end; filled *= 2) file.copy(file, at + filled, at, Math.min(at + filled, end - filled))
  }
  return file
}
