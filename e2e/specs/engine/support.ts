import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeScriptedModel, type ScriptedModelSpec, type WrittenRepo } from '../../../src/main/core/demo'
import {
  createEnginePool,
  type EngineChunk,
  type EngineLease,
  type EnginePool,
  openEngineStream,
} from '../../../src/main/core/engine'
import type { EnginePoolDeps } from '../../../src/main/core/engine'
import type { ResolvedModel } from '../../../src/main/core/models/types'
import { currentPlatform, dataPaths, findLayout, type DataPaths } from '../../../src/main/core/system'
import { ensureTestEngine } from '../../setup/engine'

export interface EngineBench {
  root: string
  paths: DataPaths
  pool: EnginePool
  model: (spec: ScriptedModelSpec) => Promise<ResolvedModel>
}

/** A pool over the real engine, in a folder of its own. */
export async function openBench(more: Partial<EnginePoolDeps> = {}): Promise<EngineBench> {
  const root = mkdtempSync(join(tmpdir(), 'mlxk-engine-'))
  const platform = currentPlatform(process.env)
  const paths = dataPaths({ MLXK_HOME: join(root, 'data') }, platform)
  const python = await ensureTestEngine()
  const pool = createEnginePool({
    environment: { python: () => Promise.resolve(python) },
    env: process.env,
    platform,
    paths,
    layout: findLayout(import.meta.dirname),
    ...more,
  })
  return { root, paths, pool, model: (spec) => writeModel(join(root, 'hub'), spec) }
}

async function writeModel(hub: string, spec: ScriptedModelSpec): Promise<ResolvedModel> {
  return modelOf(hub, await writeScriptedModel(hub, spec), spec.contextLength)
}

/** A model on disk as the catalog would resolve it. */
export function modelOf(hub: string, written: WrittenRepo, contextLength = 4096): ResolvedModel {
  return {
    name: written.name,
    hash: written.commit,
    snapshotPath: written.snapshotPath,
    summary: {
      name: written.name,
      hash: written.commit,
      size_bytes: 20_000,
      last_modified: '2026-01-01T00:00:00Z',
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
      quantization: null,
      context: { tokens: contextLength, source: 'config' },
      architecture: 'llama',
      dtype: 'float32',
      parameters: null,
      memory: { weights_bytes: 1, kv_bytes_per_1k_tokens: null, kv_fixed_bytes: null },
      license: null,
      base_models: [],
      findings: [],
      root: { path: hub, kind: 'primary' },
    },
  }
}

/** Long enough for a machine that runs other tests as well. */
export const soon = (): AbortSignal => AbortSignal.timeout(55_000)

export interface Answer {
  text: string
  finish: string | null
  usage: EngineChunk['usage'] | null
  progress: number
}

export async function ask(
  lease: EngineLease,
  body: Record<string, unknown>,
  path: '/v1/chat/completions' | '/v1/completions' = '/v1/chat/completions',
): Promise<Answer> {
  const answer: Answer = { text: '', finish: null, usage: null, progress: 0 }
  const messages = path === '/v1/completions' ? {} : { messages: [{ role: 'user', content: 'Hi' }] }
  for await (const event of openEngineStream(lease, path, { ...messages, max_tokens: 50, ...body }, soon())) {
    if (event.type === 'progress') answer.progress += 1
    else {
      const choice = event.chunk.choices[0]
      answer.text += choice?.delta?.content ?? choice?.text ?? ''
      answer.finish = choice?.finish_reason ?? answer.finish
      answer.usage = event.chunk.usage ?? answer.usage
    }
  }
  return answer
}
