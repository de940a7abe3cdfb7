import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const sha1 = (text) => createHash('sha1').update(text).digest('hex')

/** A valid safetensors file with one small tensor, different for each seed. */
function safetensors(seed) {
  const header = JSON.stringify({
    __metadata__: { format: 'mlx' },
    [`w${seed}`]: { dtype: 'F32', shape: [4], data_offsets: [0, 16] },
  })
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8)
  const file = Buffer.alloc(8 + padded.length + 16)
  file.writeBigUInt64LE(BigInt(padded.length), 0)
  file.write(padded, 8, 'latin1')
  return file
}

/** Writes `count` healthy models of ten files each into a Hugging Face cache, in the layout of Python's huggingface_hub. */
export function fillCache(hub, count) {
  rmSync(hub, { recursive: true, force: true })
  for (let index = 0; index < count; index += 1) {
    const repo = join(hub, `models--mlx-community--Bench-${String(index).padStart(4, '0')}-4bit`)
    const commit = sha1(`commit ${index}`)
    for (const folder of ['blobs', 'refs', `snapshots/${commit}`]) mkdirSync(join(repo, folder), { recursive: true })
    writeFileSync(join(repo, 'refs/main'), commit)
    const files = {
      'config.json': JSON.stringify({
        model_type: 'llama',
        hidden_size: 64 + index,
        max_position_embeddings: 8192,
        quantization: { group_size: 64, bits: 4 },
      }),
      'tokenizer.json': JSON.stringify({ version: '1.0', seed: index, model: { type: 'BPE', vocab: {}, merges: [] } }),
      'tokenizer_config.json': JSON.stringify({ chat_template: '{{ messages }}', seed: index }),
      'generation_config.json': JSON.stringify({ eos_token_id: index }),
      'special_tokens_map.json': JSON.stringify({ seed: index }),
      'README.md': `---\ntags: [mlx]\nlicense: apache-2.0\n---\n# Bench ${index}\n`,
      'model.safetensors.index.json': JSON.stringify({
        metadata: { total_size: 32 },
        weight_map: {
          [`w${index * 2}`]: 'model-00001-of-00002.safetensors',
          [`w${index * 2 + 1}`]: 'model-00002-of-00002.safetensors',
        },
      }),
      'model-00001-of-00002.safetensors': safetensors(index * 2),
      'model-00002-of-00002.safetensors': safetensors(index * 2 + 1),
      'merges.txt': `#version ${index}\n`,
    }
    for (const [name, data] of Object.entries(files)) {
      const blob = createHash(name.endsWith('.safetensors') ? 'sha256' : 'sha1')
        .update(`${name}\0`)
        .update(data)
        .digest('hex')
      writeFileSync(join(repo, 'blobs', blob), data)
      symlinkSync(`../../blobs/${blob}`, join(repo, 'snapshots', commit, name))
    }
  }
}
