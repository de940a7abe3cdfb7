import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { healthReport, modelList, type HealthEntry, type ModelSummary } from '../../../src/shared/contract'
import { mlxk } from '../../drivers/cli'
import {
  danglingLink,
  healthyFiles,
  interruptedDownload,
  lfsPointer,
  safetensorsFile,
  shardedFiles,
  truncatedShard,
  writeModel,
} from '../../fixtures/cache'
import { indexFile, INDEX, SHARD_1, SHARD_2, without, type Files } from '../../fixtures/health'
import { createHome, type TestHome } from '../cli/home'

/**
 * The rows E47–E83 of the reference, about health and what can run: all models in one cache, judged by one `mlxk health` and one
 * `mlxk list` of the built CLI.
 */

interface Row {
  row: string
  what: string
  write: Files | ((hub: string, name: string) => void)
  /** The first finding, `code file`; null for a model with which nothing is wrong. */
  finding: string | null
  /** Part of the sentence that people read. */
  says?: RegExp
  health?: 'healthy' | 'unhealthy'
  /** The name says something to the program, too. */
  name?: string
}

const single = 'model.safetensors'
const noWeights = (files: Files = healthyFiles()): Files => without(files, single)
const withConfig = (config: string): Files => healthyFiles({ 'config.json': config })
const vision = JSON.stringify({ model_type: 'gemma3', vision_config: { hidden_size: 4 } })
const torch: Files = {
  ...noWeights(),
  'pytorch_model-1.bin': 'x',
  'pytorch_model-2.bin': 'y',
  'pytorch_model.bin.index.json': indexFile({ a: 'pytorch_model-1.bin', b: 'pytorch_model-2.bin' }),
}

const healthRows: Row[] = [
  {
    row: 'E47',
    what: 'no config.json',
    write: without(healthyFiles(), 'config.json'),
    finding: 'config_missing config.json',
    says: /missing/,
  },
  {
    row: 'E47',
    what: 'a config.json that is no JSON',
    write: withConfig('{"a":'),
    finding: 'config_invalid config.json',
    says: /JSON/,
  },
  {
    row: 'E47',
    what: 'an empty config.json object',
    write: withConfig('{}'),
    finding: 'config_not_object config.json',
    says: /object|empty/,
  },
  {
    row: 'E47',
    what: 'a config.json that is a list',
    write: withConfig('[1]'),
    finding: 'config_not_object config.json',
    says: /object/,
  },
  { row: 'E48', what: 'only tokenizer and config', write: noWeights(), finding: 'weights_missing null', says: /No weight files/ },
  {
    row: 'E49',
    what: 'one shard of the index missing',
    write: without(shardedFiles(), SHARD_2),
    finding: `shard_missing ${SHARD_2}`,
    says: new RegExp(`1 of 2 .*${SHARD_2}`),
  },
  {
    row: 'E50',
    what: 'an index without any shard',
    write: without(shardedFiles(), SHARD_1, SHARD_2),
    finding: 'weights_missing null',
  },
  {
    row: 'E51',
    what: 'an index of other names',
    write: healthyFiles({ [INDEX]: indexFile({ a: SHARD_1 }) }),
    finding: `index_mismatch ${INDEX}`,
  },
  {
    row: 'E52',
    what: 'an empty shard',
    write: { ...shardedFiles(), [SHARD_2]: '' },
    finding: `weights_empty ${SHARD_2}`,
    says: /empty/,
  },
  {
    row: 'E52',
    what: 'a shard that is an LFS pointer',
    write: { ...shardedFiles(), [SHARD_2]: lfsPointer },
    finding: `lfs_pointer ${SHARD_2}`,
    says: /LFS/,
  },
  { row: 'E53', what: 'an index that is no JSON', write: { ...shardedFiles(), [INDEX]: '{' }, finding: `index_invalid ${INDEX}` },
  {
    row: 'E53',
    what: 'an index with an empty map',
    write: { ...shardedFiles(), [INDEX]: indexFile({}) },
    finding: `index_invalid ${INDEX}`,
  },
  {
    row: 'E54',
    what: 'shards without an index, one missing',
    write: { ...noWeights(), 'model-00002-of-00002.safetensors': safetensorsFile() },
    finding: `shard_missing ${SHARD_1}`,
  },
  { row: 'E54', what: 'all shards, no index', write: without(shardedFiles(), INDEX), finding: `index_missing ${INDEX}` },
  {
    row: 'E55',
    what: 'shards of two sets',
    write: { ...without(shardedFiles(), INDEX), 'model-00003-of-00003.safetensors': safetensorsFile() },
    finding: 'shard_totals null',
  },
  { row: 'E56', what: 'a whole PyTorch model with its index', write: torch, finding: null },
  {
    row: 'E56',
    what: 'a PyTorch model with a file of its index missing',
    write: without(torch, 'pytorch_model-2.bin'),
    finding: 'shard_missing pytorch_model-2.bin',
  },
  {
    row: 'E56',
    what: 'a PyTorch model with an empty file',
    write: { ...torch, 'pytorch_model-2.bin': '' },
    finding: 'weights_empty pytorch_model-2.bin',
  },
  {
    row: 'E57',
    what: 'a .partial beside one weight file',
    write: healthyFiles({ 'model.safetensors.partial': 'x' }),
    finding: 'partial_marker model.safetensors.partial',
  },
  { row: 'E57', what: 'a .tmp beside an index', write: { ...shardedFiles(), 'x.tmp': 'x' }, finding: 'partial_marker x.tmp' },
  {
    row: 'E58',
    what: 'a partial download, the link missing',
    write: (hub, name) => void interruptedDownload(hub, name),
    finding: 'download_incomplete null',
    says: new RegExp(SHARD_2),
  },
  {
    row: 'E59',
    what: 'an LFS pointer in a folder',
    write: healthyFiles({ 'sub/extra.bin': lfsPointer }),
    finding: 'lfs_pointer sub/extra.bin',
  },
  {
    row: 'E59',
    what: 'an LFS pointer beside an index',
    write: { ...shardedFiles(), 'tokenizer.json': lfsPointer },
    finding: 'lfs_pointer tokenizer.json',
  },
  {
    row: 'E59',
    what: 'other small text files',
    write: healthyFiles({ 'notes.txt': 'version 1 of the notes\n'.repeat(6) }),
    finding: null,
  },
  {
    row: 'E60',
    what: 'a truncated shard',
    write: (hub, name) => void truncatedShard(hub, name),
    finding: `safetensors_truncated ${SHARD_2}`,
    says: /\d+ bytes instead of \d+ bytes/,
  },
  {
    row: 'E61',
    what: 'a link to a blob that is gone',
    write: (hub, name) => void danglingLink(hub, name),
    finding: `link_dangling ${SHARD_2}`,
  },
  { row: 'E62', what: 'one .safetensors', write: healthyFiles(), finding: null },
  { row: 'E62', what: 'one .bin', write: { ...noWeights(), 'pytorch_model.bin': 'x' }, finding: null },
  { row: 'E62', what: 'one .gguf', write: { ...noWeights(), 'model.gguf': 'GGUF' }, finding: null },
  {
    row: 'E63',
    what: 'weights in a folder only',
    write: { ...noWeights(), 'sub/model.safetensors': safetensorsFile() },
    finding: null,
  },
  {
    row: 'E64',
    what: 'tokenizer_config.json without tokenizer.json',
    write: without(healthyFiles(), 'tokenizer.json'),
    finding: 'tokenizer_missing tokenizer.json',
  },
  {
    row: 'E64',
    what: 'no tokenizer at all',
    write: without(healthyFiles(), 'tokenizer.json', 'tokenizer_config.json'),
    finding: null,
  },
  {
    row: 'E64b',
    what: 'tokenizer.model in its place',
    write: { ...without(healthyFiles(), 'tokenizer.json'), 'tokenizer.model': 'spm' },
    finding: null,
  },
  {
    row: 'E65',
    what: 'a vision model without a processor',
    write: withConfig(vision),
    finding: 'processor_missing preprocessor_config.json',
  },
  {
    row: 'E65',
    what: 'a vision model with a broken processor',
    write: { ...withConfig(vision), 'preprocessor_config.json': '{' },
    finding: 'json_invalid preprocessor_config.json',
  },
  {
    row: 'E65',
    what: 'a vision model with preprocessor_config.json',
    write: { ...withConfig(vision), 'preprocessor_config.json': '{"a":1}' },
    finding: null,
  },
  {
    row: 'E65',
    what: 'a vision model with processor_config.json',
    write: { ...withConfig(vision), 'processor_config.json': '{"a":1}' },
    finding: null,
  },
  { row: 'E66', what: 'a broken GGUF model', write: { ...noWeights(), 'model.gguf': '' }, finding: 'weights_empty model.gguf' },
  {
    row: 'E71',
    what: 'an index that leads out of the model',
    write: { ...shardedFiles(), [INDEX]: indexFile({ a: '../../x.safetensors' }) },
    finding: `index_escapes ${INDEX}`,
  },
]

/** What nothing but the given files tells anything about. */
const bare = (config: Record<string, unknown>, weights: string | Buffer = safetensorsFile(16, { format: 'pt' })): Files => ({
  'config.json': JSON.stringify(config),
  [single]: weights,
})
const renamed = (files: Files, name: string): Files => ({ ...noWeights(files), [name]: safetensorsFile() })

interface RuntimeRow {
  row: string
  what: string
  write: Files
  name?: string
  expected: Partial<Omit<ModelSummary, 'reason'>> & { reason?: RegExp | null }
}

const runtimeRows: RuntimeRow[] = [
  {
    row: 'E72',
    what: 'unhealthy, legacy and of another framework',
    write: { 'config.json': '{"model_type":"x"}', 'weights.00.safetensors': lfsPointer },
    expected: { health: 'unhealthy', runtime_compatible: false, reason: /LFS/ },
  },
  {
    row: 'E73',
    what: 'GGUF',
    write: { 'config.json': '{"model_type":"llama"}', 'model.gguf': 'GGUF' },
    expected: { framework: 'GGUF', runtime_compatible: false, reason: /GGUF/ },
  },
  {
    row: 'E73',
    what: 'PyTorch, also of legacy names',
    write: { 'config.json': '{"model_type":"llama"}', 'pytorch_model-00001.safetensors': safetensorsFile(16, {}) },
    expected: { framework: 'PyTorch', runtime_compatible: false, reason: /PyTorch/ },
  },
  {
    row: 'E74',
    what: 'weights.00.safetensors',
    write: renamed(healthyFiles(), 'weights.00.safetensors'),
    expected: { health: 'healthy', runtime_compatible: false, reason: /old naming/ },
  },
  {
    row: 'E74',
    what: 'pytorch_model-00001.safetensors',
    write: renamed(healthyFiles(), 'pytorch_model-00001.safetensors'),
    expected: { health: 'healthy', runtime_compatible: false, reason: /old naming/ },
  },
  {
    row: 'E74',
    what: 'a modern file beside them',
    write: healthyFiles({ 'weights.00.safetensors': safetensorsFile() }),
    expected: { runtime_compatible: true },
  },
  {
    row: 'E76',
    what: 'no model_type',
    write: healthyFiles({ 'config.json': '{"quantization":{"bits":4}}' }),
    expected: { runtime_compatible: false, reason: /model_type/ },
  },
  {
    row: 'E77',
    what: 'a tag',
    write: { ...bare({ model_type: 'llama' }), 'README.md': '---\ntags:\n- mlx\n---\n' },
    expected: { framework: 'MLX', runtime_compatible: true },
  },
  {
    row: 'E77',
    what: 'library_name',
    write: { ...bare({ model_type: 'llama' }), 'README.md': '---\nlibrary_name: mlx\n---\n' },
    expected: { framework: 'MLX', runtime_compatible: true },
  },
  {
    row: 'E77',
    what: 'a quantization key',
    write: bare({ model_type: 'llama', quantization: { bits: 4 } }),
    expected: { framework: 'MLX', runtime_compatible: true },
  },
  {
    row: 'E77',
    what: 'none of them',
    write: bare({ model_type: 'llama' }),
    expected: { framework: 'PyTorch', runtime_compatible: false },
  },
  {
    row: 'E78',
    what: 'empty vision_config and null audio_config',
    write: healthyFiles({ 'config.json': '{"model_type":"llama","vision_config":{},"audio_config":null}' }),
    expected: { capabilities: ['text-generation', 'chat'] },
  },
  {
    row: 'E78',
    what: 'null vision_config',
    write: healthyFiles({ 'config.json': '{"model_type":"llama","vision_config":null}' }),
    expected: { capabilities: ['text-generation', 'chat'] },
  },
]

let home: TestHome
let report: Map<string, HealthEntry>
let listed: Map<string, ModelSummary>
const nameOf = ({ row }: { row: string }, index: number): string => `row/${row.toLowerCase()}-${index}`
const indexed = <T>(rows: T[]): (T & { index: number })[] => rows.map((row, index) => ({ ...row, index }))
const full = async (args: string[], env: Record<string, string> = {}): Promise<unknown> => {
  const { stdout, stderr, code } = await mlxk([...args, '--json=full'], { env: { ...home.env, ...env } })
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  return (JSON.parse(stdout) as { data: unknown }).data
}

beforeAll(async () => {
  home = createHome()
  for (const { index, write, ...row } of indexed(healthRows)) {
    const name = nameOf(row, index)
    if (typeof write === 'function') write(home.hub, name)
    else writeModel(home.hub, name, { files: write })
  }
  for (const { index, write, ...row } of indexed(runtimeRows)) writeModel(home.hub, nameOf(row, index), { files: write })
  const { healthy, unhealthy } = healthReport.parse(await full(['health']))
  report = new Map([...healthy, ...unhealthy].map((entry) => [entry.name, entry]))
  listed = new Map(modelList.parse(await full(['list'])).models.map((model) => [model.name, model]))
})
afterAll(() => home.remove())

describe('health', () => {
  test.each(indexed(healthRows))('$row $what', ({ index, row, finding, says }) => {
    const entry = report.get(nameOf({ row }, index))
    const [first] = entry?.findings ?? []
    expect(first === undefined ? null : `${first.code} ${first.file}`).toBe(finding)
    expect(entry?.status).toBe(finding === null ? 'healthy' : 'unhealthy')
    expect(entry?.reason).toMatch(says ?? /./)
    // The one verdict, wherever it is asked for.
    const model = listed.get(nameOf({ row }, index))
    expect(model?.health).toBe(entry?.status)
    if (finding !== null) expect(model).toMatchObject({ runtime_compatible: false, reason: entry?.reason })
  })

  test('E47 the three kinds of bad config.json have three reasons', () => {
    const reasons = indexed(healthRows)
      .filter(({ row }) => row === 'E47')
      .map(({ row, index }) => report.get(nameOf({ row }, index))?.reason)
    expect(new Set(reasons).size).toBeGreaterThanOrEqual(3)
  })
})

describe('health, told by its command', () => {
  let own: TestHome
  beforeAll(() => {
    own = createHome()
    writeModel(own.hub, 'org/m', { commit: 'a'.repeat(40) })
    writeModel(own.hub, 'org/m', { commit: 'b'.repeat(40), ref: null, files: healthyFiles({ [single]: lfsPointer }) })
  })
  afterAll(() => own.remove())
  const json = async (...args: string[]) => {
    const { stdout, code } = await mlxk([...args, '--json'], { env: own.env })
    return { code, ...(JSON.parse(stdout) as { data: Record<string, unknown> | null; error: { type: string } | null }) }
  }

  test('E67 the revision that was named is the one that is judged, by health and by show', async () => {
    expect(await json('health', 'org/m@bbb')).toMatchObject({ data: { unhealthy: [{ reason: expect.stringContaining('LFS') }] } })
    expect(await json('show', 'org/m@bbb')).toMatchObject({ data: { model: { hash: 'b'.repeat(40), health: 'unhealthy' } } })
    expect(await json('health', 'org/m@aaa')).toMatchObject({ data: { summary: { healthy_count: 1 } } })
    expect(await json('show', 'org/m@aaa')).toMatchObject({ data: { model: { hash: 'a'.repeat(40), health: 'healthy' } } })
  })

  test('E68 a named model that is not there is an error', async () => {
    expect(await json('health', 'nowhere')).toMatchObject({ code: 1, error: { type: 'model_not_found' } })
  })

  test('E69 one model has no summary line, two have', async () => {
    const human = async (...args: string[]) => (await mlxk(['health', ...args], { env: own.env })).stdout
    expect(await human('org/m')).toMatch(/^healthy {3}org\/m — [^\n]+\n$/)
    expect(await human()).not.toContain('Summary')
    writeModel(own.hub, 'org/n')
    expect(await human()).toContain('Summary: total 2, healthy 2, unhealthy 0')
  })

  test('E70 a download that runs is incomplete, and its other half is read without a fault', async () => {
    const { repo, snapshot } = interruptedDownload(own.hub, 'org/running')
    expect(await json('health', 'org/running')).toMatchObject({
      code: 0,
      data: { unhealthy: [{ reason: expect.stringMatching(/download/i) }] },
    })
    // What a downloader does next: another partial, a file without its link, a link that was just taken away.
    writeFileSync(join(repo, 'blobs', `${'ef'.repeat(32)}.incomplete`), '')
    unlinkSync(join(snapshot, 'tokenizer.json'))
    mkdirSync(join(repo, 'snapshots', 'c'.repeat(40)))
    expect(await json('health', 'org/running')).toMatchObject({ code: 0, data: { summary: { unhealthy_count: 1 } } })
  })
})

describe('what can run', () => {
  test.each(indexed(runtimeRows))('$row $what', ({ index, row, expected: { reason, ...expected } }) => {
    const model = listed.get(nameOf({ row }, index))
    expect(model).toMatchObject(expected)
    if (reason instanceof RegExp) expect(model?.reason).toMatch(reason)
  })
})
