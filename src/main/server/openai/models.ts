import type { LoadedModel, ModelSummary } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { WireModel, WireModelList } from '../../../shared/openai'
import type { EnginePool } from '../../core/engine/types'
import type { ModelCatalog, ResolvedModel } from '../../core/models/types'

export interface ModelsDeps {
  /** All models of the caches. */
  listModels: () => Promise<readonly ModelSummary[]>
  catalog: Pick<ModelCatalog, 'resolve'>
  pool: Pick<EnginePool, 'list'>
}

/** Every model that a chat request can name, the loaded ones first. Never asks Python. */
export async function listWireModels({ listModels, pool }: Omit<ModelsDeps, 'catalog'>): Promise<WireModelList> {
  const models = await listModels()
  const loaded = loadedNames(pool.list())
  const data = models.filter(isServable).map((model) => toWireModel(model, loaded.has(model.name)))
  return { object: 'list', data: data.sort((a, b) => Number(b.state === 'loaded') - Number(a.state === 'loaded')) }
}

/** One of them, by its id or any name that resolves to it. @throws AppError model_not_found and what `ModelCatalog.resolve` throws */
export async function showWireModel(deps: ModelsDeps, id: string): Promise<WireModel> {
  const { data } = await listWireModels(deps)
  const exact = data.find((model) => model.id === id)
  if (exact !== undefined) return exact
  const { name } = await resolveModel(deps, id)
  const resolved = data.find((model) => model.id === name)
  if (resolved === undefined) throw new AppError('model_not_found', `The model "${id}" cannot be used for chat.`)
  return resolved
}

/**
 * The model that a request means. `default` is the loaded one that was used last, else the only one there is.
 * @throws AppError model_not_found, ambiguous_match and what `ModelCatalog.resolve` throws
 */
export async function resolveModel({ catalog, listModels, pool }: ModelsDeps, id: string): Promise<ResolvedModel> {
  if (id !== 'default') return catalog.resolve(id)
  const loaded = pool.list().filter(({ state }) => state === 'ready')
  const last = loaded.sort((a, b) => (b.last_used_at ?? '').localeCompare(a.last_used_at ?? ''))[0]
  if (last !== undefined) return catalog.resolve(last.name)
  const names = (await listModels()).filter(isServable).map(({ name }) => name)
  const only = names[0]
  if (only !== undefined && names.length === 1) return catalog.resolve(only)
  throw only === undefined
    ? new AppError('model_not_found', 'There is no model that can answer.', { hint: 'See "mlxk list --all".' })
    : new AppError('ambiguous_match', 'No model is loaded, so "default" could be any.', {
        hint: 'Name one of them.',
        data: { candidates: names.slice(0, 20) },
      })
}

/** Whether a request can name it. */
export function isServable(model: ModelSummary): boolean {
  return model.health === 'healthy' && model.runtime_compatible && model.capabilities.includes('text-generation')
}

function loadedNames(models: readonly LoadedModel[]): Set<string> {
  return new Set(models.filter(({ state }) => state === 'ready').map(({ name }) => name))
}

function toWireModel(model: ModelSummary, loaded: boolean): WireModel {
  const slash = model.name.indexOf('/')
  const context = model.context.tokens
  return {
    id: model.name,
    object: 'model',
    created: Math.floor(Date.parse(model.last_modified) / 1000),
    owned_by: slash > 0 ? model.name.slice(0, slash) : 'local',
    // Three places of one number: clients that look for a context length know one of them.
    context_length: context,
    max_model_len: context,
    meta: { context_length: context },
    size_bytes: model.size_bytes,
    quantization: model.quantization,
    type: model.capabilities.includes('vision') ? 'vlm' : 'llm',
    capabilities: model.capabilities,
    state: loaded ? 'loaded' : 'not-loaded',
  }
}
