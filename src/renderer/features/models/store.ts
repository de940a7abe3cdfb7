import { createStore, type StoreApi } from 'zustand/vanilla'
import type { LoadedModel, MemoryFit, ModelDetail, ModelList } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'
import type { Filter, GroupName, Sort } from './model'

/** What the owner says of models, and how this window looks at it. */
export interface ModelsState {
  list: ModelList | null
  listError: SerializedError | null
  loaded: LoadedModel[]
  /** Loads that failed in this window, by model name, until the next try. */
  loadErrors: Record<string, SerializedError>
  /** What each model takes of the memory, by key. */
  fits: Record<string, MemoryFit>
  limitBytes: number | null
  /** When models were last used here, by name. */
  used: Record<string, string>
  detail: { key: string; data: ModelDetail | null; error: SerializedError | null } | null
  /** The one whose details are shown. */
  selected: string | null
  /** Keys of models that are selected beside it. */
  also: readonly string[]
  filter: Filter
  search: string
  sort: Sort
  folded: readonly GroupName[]
}

export type ModelsStore = StoreApi<ModelsState>

export function createModelsStore(): ModelsStore {
  return createStore<ModelsState>(() => ({
    list: null,
    listError: null,
    loaded: [],
    loadErrors: {},
    fits: {},
    limitBytes: null,
    used: {},
    detail: null,
    selected: null,
    also: [],
    filter: 'all',
    search: '',
    sort: { key: 'name', descending: false },
    folded: [],
  }))
}
