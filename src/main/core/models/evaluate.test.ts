import { mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ModelSummary } from '../../../shared/contract'
import { modelDetail, modelSummary } from '../../../shared/contract/models'
import { healthyFiles, lfsPointer, noRefs, safetensorsFile, writeModel } from '../../../../e2e/fixtures/cache'
import { scanRoots, type ScannedRepo } from '../cache'
import { toDetail } from './detail'
import { evaluateRepo } from './evaluate'
import { toFileKind } from './identity'

type Files = Record<string, string | Buffer>
let hub: string

beforeEach(() => {
  hub = mkdtempSync(join(tmpdir(), 'mlxk-models-'))
  return () => rmSync(hub, { recursive: true, force: true })
})

function scanOne(): ScannedRepo {
  const [repo] = scanRoots([{ path: hub, kind: 'primary', rule: 'default' }]).roots[0]?.repos ?? []
  if (repo === undefined) throw new Error('no repo was found')
  return repo
}

function summarize(files: Files, name = 'org/model'): ModelSummary {
  writeModel(hub, name, { files })
  return evaluateRepo(scanOne(), null).summary
}

/** A model that nothing but the given files tells anything about. */
const bare = (files: Files = {}, config: Record<string, unknown> = { model_type: 'llama' }): Files => ({
  'config.json': JSON.stringify(config),
  'model.safetensors': safetensorsFile(16, { format: 'pt' }),
  ...files,
})

describe('framework', () => {
  test.each<[string, Files, string, string]>([
    ['mlx-community', bare(), 'mlx-community/x', 'MLX'],
    ['a tag in the card (E77)', bare({ 'README.md': '---\ntags:\n- mlx\n---' }), 'org/x', 'MLX'],
    ['library_name in the card (E77)', bare({ 'README.md': '---\nlibrary_name: mlx\n---' }), 'org/x', 'MLX'],
    ['a quantization block (E77)', bare({}, { quantization: { bits: 4 } }), 'org/x', 'MLX'],
    ['weights marked by the converter', bare({ 'model.safetensors': safetensorsFile() }), 'org/x', 'MLX'],
    ['safetensors of another tool', bare(), 'org/x', 'PyTorch'],
    ['the word in the middle of the name', bare(), 'foo/mlx-community', 'PyTorch'],
    ['gguf', { 'config.json': '{"a":1}', 'x.gguf': 'GGUF' }, 'org/x', 'GGUF'],
    ['nothing', { 'config.json': '{"a":1}' }, 'org/x', 'Unknown'],
  ])('%s', (_name, files, name, framework) => {
    expect(summarize(files, name).framework).toBe(framework)
  })
})

describe('type and capabilities', () => {
  const chat = { 'tokenizer_config.json': '{"chat_template":"x"}', 'tokenizer.json': '{}' }
  test.each<[string, Files, string, string, string[]]>([
    ['no template', bare(), 'o/m', 'base', ['text-generation']],
    ['a template', bare(chat), 'o/m', 'chat', ['text-generation', 'chat']],
    ['a template file', bare({ 'chat_template.jinja': 'x' }), 'o/m', 'chat', ['text-generation', 'chat']],
    [
      'a template in tokenizer.json (E42)',
      bare({ 'tokenizer.json': '{"chat_template":"x"}' }),
      'o/m',
      'chat',
      ['text-generation', 'chat'],
    ],
    ['an instruct name', bare(), 'o/M-Instruct', 'chat', ['text-generation', 'chat']],
    ['bert', bare({}, { model_type: 'bert' }), 'o/m', 'embedding', ['embeddings']],
    ['an embedding decoder', bare({}, { model_type: 'qwen3' }), 'o/Qwen3-Embedding-0.6B', 'embedding', ['embeddings']],
    ['whisper', bare({}, { model_type: 'whisper' }), 'o/m', 'audio', ['audio', 'audio-translate-en']],
    ['whisper for English only', bare({}, { model_type: 'whisper' }), 'o/whisper-tiny.en', 'audio', ['audio']],
    ['whisper turbo', bare({}, { model_type: 'whisper' }), 'o/whisper-large-v3-turbo', 'audio', ['audio']],
    ['another audio model', bare({}, { model_type: 'voxtral' }), 'o/m', 'audio', ['audio']],
    ['vision', bare(chat, { model_type: 'gemma3', vision_config: { a: 1 } }), 'o/m', 'chat', ['text-generation', 'chat', 'vision']],
    [
      'empty vision and audio blocks (E78)',
      bare({}, { vision_config: {}, audio_config: null }),
      'o/m',
      'base',
      ['text-generation'],
    ],
    ['audio beside text', bare({}, { audio_config: { a: 1 } }), 'o/m', 'base', ['text-generation', 'audio']],
  ])('%s', (_name, files, name, type, capabilities) => {
    expect(summarize(files, name)).toMatchObject({ model_type: type, capabilities })
  })
})

describe('numbers', () => {
  test.each<[string, Record<string, unknown>, unknown]>([
    [
      'MLX',
      { quantization: { bits: 4, group_size: 64, mode: 'affine' } },
      { bits: 4, group_size: 64, mode: 'affine', mixed: false },
    ],
    [
      'another tool',
      { quantization_config: { bits: 8, quant_method: 'gptq' } },
      { bits: 8, group_size: null, mode: 'gptq', mixed: false },
    ],
    [
      'layers of other bits',
      { quantization: { bits: 4, group_size: 64, 'model.embed_tokens': { bits: 8, group_size: 64 } } },
      { bits: 4, group_size: 64, mode: null, mixed: true },
    ],
    [
      'a layer that is left out',
      { quantization: { bits: 4, group_size: 64, lm_head: false } },
      { bits: 4, group_size: 64, mode: null, mixed: true },
    ],
    ['none', {}, null],
    ['nonsense', { quantization: { bits: 'four' } }, null],
    ['per layer only', { quantization: { layer: { bits: 4 } } }, null],
  ])('quantization of %s', (_name, config, quantization) => {
    expect(summarize(bare({}, { model_type: 'llama', ...config })).quantization).toEqual(quantization)
  })

  test('dtype from the config, the nested config, else the weights', () => {
    expect(summarize(bare({}, { torch_dtype: 'torch.bfloat16' }), 'a/1').dtype).toBe('bfloat16')
    rmSync(hub, { recursive: true })
    expect(summarize(bare({}, { text_config: { dtype: 'float16' } }), 'a/2').dtype).toBe('float16')
    rmSync(hub, { recursive: true })
    expect(summarize(bare(), 'a/3').dtype).toBe('float32')
  })

  test('last_modified is the folder in UTC to the second (E40)', () => {
    const { repo } = writeModel(hub, 'a/b')
    utimesSync(repo, new Date(), new Date('2025-03-30T01:02:03.900Z'))
    expect(evaluateRepo(scanOne(), null).summary.last_modified).toBe('2025-03-30T01:02:03Z')
  })
})

describe('runtime', () => {
  const mlx = (files: Files = {}, config: Record<string, unknown> = { model_type: 'llama' }): Files =>
    bare({ 'model.safetensors': safetensorsFile(), ...files }, config)
  const renamed = (name: string): Files => {
    const { 'model.safetensors': weights, ...rest } = mlx()
    return { ...rest, [name]: weights ?? '' }
  }

  test('a healthy MLX text model runs, without a reason', () => {
    expect(summarize(mlx())).toMatchObject({ health: 'healthy', runtime_compatible: true, reason: null })
  })

  test.each<[string, Files, string, string]>([
    ['another framework (E73)', { ...bare(), 'weights.00.safetensors': safetensorsFile(1, {}) }, 'o/m', 'MLX models'],
    ['custom code', mlx({}, { model_type: 'x', model_file: 'evil.py' }), 'o/m', 'model_file'],
    ['an embedding model', mlx({}, { model_type: 'bert' }), 'o/m', 'embeddings'],
    ['an audio model', mlx({}, { model_type: 'whisper' }), 'o/m', 'audio'],
    ['legacy names (E74)', renamed('weights.00.safetensors'), 'o/m', 'mlx_lm does not load'],
    ['no model_type (E76)', mlx({}, { hidden_size: 1 }), 'o/m', 'model_type'],
  ])('%s does not run, and says why', (_name, files, name, reason) => {
    expect(summarize(files, name)).toMatchObject({
      health: 'healthy',
      runtime_compatible: false,
      reason: expect.stringContaining(reason),
    })
  })

  test('legacy names beside a modern file pass (E74)', () => {
    expect(summarize({ ...mlx(), 'weights.00.safetensors': safetensorsFile() }).runtime_compatible).toBe(true)
  })

  test('unhealthy comes first, whatever else is wrong (E72)', () => {
    const files = { ...bare({}, { model_file: 'x.py' }), 'model.safetensors': lfsPointer }
    expect(summarize(files)).toMatchObject({
      health: 'unhealthy',
      runtime_compatible: false,
      reason: expect.stringContaining('LFS'),
    })
  })

  test('why it does not run comes before what only other tools mind', () => {
    writeModel(hub, 'o/m', { files: bare(), ref: null })
    const { summary } = evaluateRepo(scanOne(), null)
    expect(summary).toMatchObject({
      health: 'healthy',
      reason: expect.stringContaining('PyTorch'),
      findings: [{ code: 'ref_missing' }],
    })
  })

  test('a missing ref is a reason, but no obstacle', () => {
    noRefs(hub)
    expect(evaluateRepo(scanOne(), null).summary).toMatchObject({
      health: 'healthy',
      runtime_compatible: true,
      reason: expect.stringContaining('refs/main'),
    })
  })
})

describe('snapshots', () => {
  const old = 'a'.repeat(40)
  const fresh = 'b'.repeat(40)
  const broken = healthyFiles({ 'model.safetensors': lfsPointer })

  test('an interrupted newer revision does not hide the complete refs/main (E34)', () => {
    writeModel(hub, 'o/m', { commit: old })
    const { snapshot } = writeModel(hub, 'o/m', { commit: fresh, files: broken, ref: null })
    utimesSync(snapshot, new Date(), new Date(Date.now() + 60_000))
    expect(evaluateRepo(scanOne(), null).summary).toMatchObject({ hash: old, health: 'healthy', reason: null })
  })

  test('a complete older revision stands in for a broken refs/main', () => {
    writeModel(hub, 'o/m', { commit: old, ref: null })
    writeModel(hub, 'o/m', { commit: fresh, files: broken })
    expect(evaluateRepo(scanOne(), null).summary).toMatchObject({ hash: old, health: 'healthy' })
  })

  test('a revision that was asked for is judged itself (E67), one that is gone is never replaced (E19)', () => {
    writeModel(hub, 'o/m', { commit: old })
    writeModel(hub, 'o/m', { commit: fresh, files: broken, ref: null })
    expect(evaluateRepo(scanOne(), fresh).summary).toMatchObject({ hash: fresh, health: 'unhealthy' })
    expect(evaluateRepo(scanOne(), 'c'.repeat(40))).toMatchObject({ snapshot: null, summary: { hash: null, health: 'unhealthy' } })
  })

  test('a snapshot that is no commit has no hash, and the same verdict (E35)', () => {
    writeModel(hub, 'mlx-community/m', { commit: 'main', ref: null })
    expect(evaluateRepo(scanOne(), null).summary).toMatchObject({ hash: null, health: 'healthy', runtime_compatible: true })
  })
})

describe('shapes', () => {
  test.each<[string, Files]>([
    ['healthy', healthyFiles()],
    [
      'with a hostile config',
      healthyFiles({
        'config.json': '{"model_type":7,"architectures":"x","quantization":[],"vision_config":"y","max_position_embeddings":{}}',
      }),
    ],
    ['empty', {}],
  ])('summary and detail of a model that is %s keep the contract', (_name, files) => {
    writeModel(hub, 'org/model', { files })
    const evaluation = evaluateRepo(scanOne(), null)
    expect(modelSummary.parse(evaluation.summary)).toEqual(evaluation.summary)
    expect(modelDetail.parse(toDetail(evaluation))).toEqual(toDetail(evaluation))
  })

  test('detail lists files with kinds, the revisions with their refs, and the config as it is', () => {
    const { commit } = writeModel(hub, 'org/model')
    const detail = toDetail(evaluateRepo(scanOne(), null))
    expect(detail.files.map(({ path, kind }) => `${path} ${kind}`)).toEqual([
      'README.md readme',
      'config.json config',
      'model.safetensors weights',
      'tokenizer.json tokenizer',
      'tokenizer_config.json tokenizer',
    ])
    expect(detail.revisions).toEqual([
      {
        hash: commit,
        refs: ['main'],
        chosen: true,
        files: detail.files.length,
        size_bytes: detail.model.size_bytes,
        shared_bytes: 0,
      },
    ])
    expect(detail.config).toMatchObject({ model_type: 'llama', vocab_size: 300 })
    expect(detail.metadata).toEqual({
      model_type: 'llama',
      architecture: 'LlamaForCausalLM',
      quantization: '4bit',
      context_length: 2048,
      vocab_size: 300,
      hidden_size: 64,
      num_attention_heads: 4,
      num_hidden_layers: 2,
    })
  })

  test.each([
    ['sub/model.gguf', 'weights'],
    ['vocab.json', 'tokenizer'],
    ['chat_template.jinja', 'tokenizer'],
    ['generation_config.json', 'config'],
    ['training_args.bin', 'other'],
    ['LICENSE', 'other'],
  ])('%s is %s', (path, kind) => {
    expect(toFileKind(path)).toBe(kind)
  })
})
