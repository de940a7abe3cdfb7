import type { LoadedModel, ModelSummary } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { WireModel, WireModelList } from '../../../shared/openai'
import type { EnginePool } from '../../core/engine/types'
import type { ModelCatalog } from '../../core/models/types'

export interface ModelsDeps {
  catalog: Pick<ModelCatalog, 'list' | 'resolve'>
  pool: Pick<EnginePool, 'list'>
}

/** Every model that a chat request can name, the loaded ones first. Never asks Python. */
export async function listWireModels({ catalog, pool }: ModelsDeps): Promise<WireModelList> {
  const { models } = await catalog.list()
  const loaded = loadedNames(pool.list())
  const data = models.filter(isServable).map((model) => toWireModel(model, loaded.has(model.name)))
  return { object: 'list', data: data.sort((a, b) => Number(b.state === 'loaded') - Number(a.state === 'loaded')) }
}

/** One of them, by its id or any name that resolves to it. @throws AppError model_not_found and what `ModelCatalog.resolve` throws */
export async function showWireModel(deps: ModelsDeps, id: string): Promise<WireModel> {
  const { data } = await listWireModels(deps)
  const exact = data.find((model) => model.id === id)
  if (exact !== undefined) return exact
  const { name } = await deps.catalog.resolve(id)
  const resolved = data.find((model) => model.id === name)
  if (resolved === undefined) throw new AppError('model_not_found', `The model "${id}" cannot be used for chat.`)
  return resolved
}

function isServable(model: ModelSummary): boolean {
  return model.health === 'healthy' && model.runtime_compatible && !model.capabilities.includes('embeddings')
}

function loadedNames(models: readonly LoadedModel[]): Set<string> {
  return new Set(models.filter(({ state }) => state === 'ready').map(({ name }) => name))
}

function toWireModel(model: ModelSummary, loaded: boolean): WireModel {
  const slash = model.name.indexOf('/')
  return {
    id: model.name,
    object: 'model',
    created: Math.floor(Date.parse(model.last_modified) / 1000),
    owned_by: slash > 0 ? model.name.slice(0, slash) : 'local',
    // Two names of one number: clients that look for a context length know one or the other.
    context_length: model.context.tokens,
    max_model_len: model.context.tokens,
    size_bytes: model.size_bytes,
    quantization: model.quantization,
    state: loaded ? 'loaded' : 'not-loaded',
  }
}
