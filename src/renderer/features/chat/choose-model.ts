import type { LoadedModel, ModelSummary } from '../../../shared/contract'
import { canChat, findLoaded } from '../models/model'

export interface ModelChoice {
  models: readonly ModelSummary[]
  loaded: readonly LoadedModel[]
  /** The model of the conversation now, null before one was chosen. */
  current: string | null
  /** The model that was asked last, in this window or one before it. */
  lastUsed: string | null
  /** The demo's models, the one to begin with first: another of them may never end its answer. */
  demo: readonly string[]
}

/** When a model in memory was last of use, in ms; 0 when nobody knows. */
function usedAt({ last_used_at: used, loaded_at: loaded }: LoadedModel): number {
  return Date.parse(used ?? loaded ?? '') || 0
}

/** The model in memory that was used last: it answers at once. */
function inMemory({ loaded, lastUsed }: ModelChoice, able: readonly ModelSummary[]): string | null {
  const ready = able.flatMap(({ name }) => findLoaded(loaded, name) ?? [])
  if (ready.some(({ name }) => name === lastUsed)) return lastUsed
  return ready.sort((a, b) => usedAt(b) - usedAt(a))[0]?.name ?? null
}

/** Somebody's own models before the demo's, those made for a conversation before plain text models, the newest first. */
function mostSensible({ demo }: ModelChoice, able: readonly ModelSummary[]): string | null {
  const rank = (model: ModelSummary): number[] => [
    model.root.kind === 'demo' ? 1 : 0,
    model.root.kind === 'demo' && demo.includes(model.name) ? demo.indexOf(model.name) : demo.length,
    model.capabilities.includes('chat') ? 0 : 1,
    -(Date.parse(model.last_modified) || 0),
  ]
  const ranked = able.map((model) => ({ name: model.name, rank: rank(model) }))
  ranked.sort((a, b) => a.rank.map((value, at) => value - (b.rank[at] ?? 0)).find((difference) => difference !== 0) ?? 0)
  return ranked[0]?.name ?? null
}

/** The model that Chat offers: the one of the conversation while it can answer, else a loaded one, the last used, a sensible one. */
export function chooseChatModel(choice: ModelChoice): string | null {
  const able = choice.models.filter(canChat)
  const isAble = (name: string | null): boolean => able.some((model) => model.name === name)
  if (isAble(choice.current)) return choice.current
  return inMemory(choice, able) ?? (isAble(choice.lastUsed) ? choice.lastUsed : mostSensible(choice, able))
}
