import { describe, expect, it } from 'vitest'
import type { ModelDetail, ModelSummary } from '../../../shared/contract'
import { AppError, toSerializedError } from '../../../shared/errors'
import { renderDocument } from './document'
import { projectHealth, projectList, projectShow } from './project'
import { publishedEnvelope, publishedFailure } from './published'

const model: ModelSummary = {
  name: 'org/model',
  hash: 'a'.repeat(40),
  size_bytes: 470,
  last_modified: '2026-11-22T16:09:06.123Z',
  framework: 'MLX',
  model_type: 'chat',
  capabilities: ['text-generation', 'chat'],
  health: 'healthy',
  runtime_compatible: true,
  reason: null,
  cached: true,
  origin: null,
  content_hash: null,
  hash_modified: null,
  clean: null,
  quantization: { bits: 4, group_size: 64, mode: 'affine', mixed: false },
  context: { tokens: 2048, source: 'config' },
  architecture: 'llama',
  dtype: 'bfloat16',
  parameters: null,
  memory: { weights_bytes: 1, kv_bytes_per_1k_tokens: null, kv_fixed_bytes: null },
  license: null,
  base_models: [],
  findings: [],
  root: { path: '/hub', kind: 'primary' },
}
const detail: ModelDetail = {
  model,
  snapshot_path: '/hub/x',
  files: [
    {
      path: 'sub/model.safetensors',
      size_bytes: 1200,
      kind: 'weights',
      blob: null,
      hash_state: 'not_checked',
      checked_at: null,
      shared_with: [],
    },
  ],
  config: { model_type: 'llama', quantization: { bits: 4, group_size: 64, mode: 'affine' } },
  metadata: { architecture: 'LlamaForCausalLM' },
  revisions: [],
}
const finding = { code: 'x', file: null, message: 'm', severity: 'error' as const, repairable: true }

function envelope(command: string, data: object, projected?: object): unknown {
  return JSON.parse(renderDocument('envelope', { command, data, projected, error: null }))
}

describe('form (a) is a closed projection of form (b)', () => {
  it('list has the published keys, times without milliseconds, and no quantization', () => {
    const full = { models: [model], count: 1, roots: [] }
    const published = publishedEnvelope('list').parse(envelope('list', full, projectList(full)))
    expect(published.data.models[0]!.last_modified).toBe('2026-11-22T16:09:06Z')
  })

  it.each([
    [{ files: false, config: false }, ['model', 'workspace_metadata', 'metadata']],
    [{ files: true, config: false }, ['model', 'workspace_metadata', 'files', 'metadata']],
    [{ files: false, config: true }, ['model', 'workspace_metadata', 'config', 'metadata']],
    [{ files: true, config: true }, ['model', 'workspace_metadata', 'files', 'metadata']],
  ])('show with %j has %j', (sections, keys) => {
    const { data } = publishedEnvelope('show').parse(envelope('show', detail, projectShow(detail, sections)))
    expect(Object.keys(data).sort()).toEqual([...keys].sort())
    expect(data.metadata === null).toBe(sections.files || sections.config)
    expect(data.model.quantization).toEqual({ bits: 4, group_size: 64, mode: 'affine' })
    if (sections.files) expect(data.files).toEqual([{ name: 'model.safetensors', size: '1.2KB', type: 'weights' }])
  })

  it('show leaves quantization out for a model that has none', () => {
    const plain = { ...detail, config: { model_type: 'llama' } }
    expect(projectShow(plain, { files: false, config: false }).model).not.toHaveProperty('quantization')
  })

  it('show has quantization in its metadata only where mlx-knife looks for it', () => {
    const metadata = { model_type: 'llama', quantization: '4bit' }
    const shown = (config: Record<string, unknown>): unknown =>
      projectShow({ ...detail, metadata, config }, { files: false, config: false })
    expect(shown({ quantization: { bits: 4 } })).toMatchObject({ metadata: { model_type: 'llama' } })
    expect(shown({ quantization: { bits: 4 } })).not.toHaveProperty('metadata.quantization')
    expect(shown({ quantization_config: { bits: 4 } })).toHaveProperty('metadata.quantization', '4bit')
  })

  it('health entries lose their findings', () => {
    const entry = { name: 'a', status: 'unhealthy' as const, reason: 'r', findings: [finding] }
    const full = { healthy: [], unhealthy: [entry], summary: { total: 1, healthy_count: 0, unhealthy_count: 1 } }
    const { data } = publishedEnvelope('health').parse(envelope('health', full, projectHealth(full)))
    expect(data.unhealthy).toEqual([{ name: 'a', status: 'unhealthy', reason: 'r' }])
  })
})

describe('documents', () => {
  const error = toSerializedError(
    new AppError('ambiguous_match', 'Two.', { hint: 'Say more.', data: { matches: ['a', 'b'], type: 'no' } }),
  )

  it('an error has type, message and hint, and its facts beside them, which cannot overwrite them', () => {
    const failure = publishedFailure.parse(JSON.parse(renderDocument('envelope', { command: 'show', data: null, error })))
    expect(failure.error).toEqual({ type: 'ambiguous_match', message: 'Two.', hint: 'Say more.', matches: ['a', 'b'] })
  })

  it('flat is the data of form (b) with error, null on success', () => {
    const result = { command: 'list', data: { models: [], extra: 1 }, projected: { models: [] }, error: null }
    expect(JSON.parse(renderDocument('flat', result))).toEqual({ models: [], extra: 1, error: null })
    expect(JSON.parse(renderDocument('flat', { command: null, data: null, error }))).toMatchObject({
      error: { type: 'ambiguous_match' },
    })
  })

  it('is indented by two, or on one line when the command goes on or streams', () => {
    const result = { command: 'serve', data: { url: 'u' }, error: null }
    expect(renderDocument('envelope', result)).toBe(
      '{\n  "status": "success",\n  "command": "serve",\n  "data": {\n    "url": "u"\n  },\n  "error": null\n}\n',
    )
    expect(renderDocument('envelope', result, true)).toBe(
      '{"status":"success","command":"serve","data":{"url":"u"},"error":null}\n',
    )
    expect(renderDocument('stream', result)).toBe(
      '{"type":"result","status":"success","command":"serve","data":{"url":"u"},"error":null}\n',
    )
  })
})
