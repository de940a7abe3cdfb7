import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  foreignFiles,
  healthyFiles,
  healthyModel,
  interruptedDownload,
  lfsPointerModel,
  noRefs,
  safetensorsFile,
  shardedFiles,
  truncatedShard,
  writeModel,
} from '../../fixtures/cache'

const config = (more: object): string =>
  JSON.stringify({ ...(JSON.parse(String(healthyFiles()['config.json'])) as object), ...more })
const without = (files: Record<string, string | Buffer>, path: string): Record<string, string | Buffer> =>
  Object.fromEntries(Object.entries(files).filter(([name]) => name !== path))

/** Models of every kind that mlx-knife can read without losing its list. */
export function writePlainCache(hub: string): void {
  foreignFiles(hub)
  healthyModel(hub)
  noRefs(hub)
  truncatedShard(hub)
  interruptedDownload(hub)
  lfsPointerModel(hub)
  writeModel(hub, 'org/sharded-4bit', { files: shardedFiles() })
  writeModel(hub, 'org/regular-4bit', { regular: true })
  writeModel(hub, 'org/sub-folder', { files: { ...healthyFiles(), 'extra/deep/notes.txt': 'deep' } })
  writeModel(hub, 'org/both-quantizations', {
    files: healthyFiles({ 'config.json': config({ quantization_config: { group_size: 64, bits: 4 } }) }),
  })
  writeModel(hub, 'org/mixed-quantization', {
    files: healthyFiles({
      'config.json': config({ quantization: { group_size: 64, bits: 4, mode: 'affine', lm_head: { group_size: 64, bits: 8 } } }),
    }),
  })
  writeModel(hub, 'org/base', {
    files: healthyFiles({
      'tokenizer_config.json': '{"model_max_length":2048}',
      'config.json': config({ quantization: undefined }),
    }),
  })
  writeModel(hub, 'org/unknown-architecture', { files: healthyFiles({ 'config.json': config({ model_type: 'no_such_type' }) }) })
  writeModel(hub, 'org/unmarked', {
    files: without(healthyFiles({ 'config.json': config({ quantization: undefined }) }), 'README.md'),
  })
  writeModel(hub, 'org/torch', {
    files: { 'config.json': '{"model_type":"bert","architectures":["BertModel"]}', 'pytorch_model.bin': Buffer.alloc(64, 1) },
  })
  writeModel(hub, 'org/gguf', { files: { 'config.json': '{"model_type":"llama"}', 'model-q4.gguf': Buffer.alloc(64, 1) } })
  writeModel(hub, 'org/legacy', {
    files: { ...without(healthyFiles(), 'model.safetensors'), 'weights.00.safetensors': safetensorsFile() },
  })
  writeModel(hub, 'org/no-weights', { files: without(healthyFiles(), 'model.safetensors') })
  writeModel(hub, 'org/no-config', { files: without(healthyFiles(), 'config.json') })
  writeModel(hub, 'org/no-tokenizer', { files: without(healthyFiles(), 'tokenizer.json') })
  writeModel(hub, 'org/html-config', { files: healthyFiles({ 'config.json': '<!doctype html>' }) })
  writeModel(hub, 'org/no-index', { files: without(shardedFiles(), 'model.safetensors.index.json') })
  const two = writeModel(hub, 'org/two-revisions', { files: healthyFiles() })
  const newer = writeModel(hub, 'org/two-revisions', {
    files: without(shardedFiles(), 'model-00002-of-00002.safetensors'),
    ref: null,
  })
  rmSync(join(newer.snapshot, 'README.md'))
  writeFileSync(join(two.repo, 'refs', 'main'), two.commit)
}
