import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AppContract, PruneCategory, PrunePlan, StorageUsage } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import { toFailure } from '../../lib/serialized'

/** What the owner says of the disk, and what was chosen here. */
export interface StorageState {
  usage: StorageUsage | null
  plan: PrunePlan | null
  scanning: boolean
  error: SerializedError | null
  layout: 'map' | 'list'
  /** Key of the model whose space is shown beside the map. */
  selected: string | null
  /** Kinds of what can go that are to stay this time. */
  kept: readonly PruneCategory[]
  /** Keys of models that were chosen to go. */
  chosen: readonly string[]
  /** Keys of models whose revisions the list shows. */
  open: readonly string[]
}

export type StorageStore = StoreApi<StorageState>

export function createStorageStore(): StorageStore {
  return createStore<StorageState>(() => ({
    usage: null,
    plan: null,
    scanning: false,
    error: null,
    layout: 'map',
    selected: null,
    kept: [],
    chosen: [],
    open: [],
  }))
}

export interface StorageActions {
  /** Measures; one at a time, and once more when something changed meanwhile. */
  refresh: () => Promise<void>
  toggleCategory: (category: PruneCategory) => void
  toggleModel: (key: string) => void
  toggleOpen: (key: string) => void
}

const toggled = <T>(list: readonly T[], item: T): T[] =>
  list.includes(item) ? list.filter((entry) => entry !== item) : [...list, item]

export function createStorageActions(client: Client<AppContract>, store: StorageStore): StorageActions {
  let running: Promise<void> | null = null
  let again = false

  const measure = async (): Promise<void> => {
    store.setState({ scanning: true })
    try {
      const [usage, plan] = await Promise.all([client.call('storage.usage', {}), client.call('storage.prune_plan', {})])
      const keys = new Set(usage.models.map(({ root, name }) => `${root}|${name}`))
      const { selected, chosen, open } = store.getState()
      store.setState({
        usage,
        plan,
        error: null,
        selected: selected !== null && keys.has(selected) ? selected : null,
        chosen: chosen.filter((key) => keys.has(key)),
        open: open.filter((key) => keys.has(key)),
      })
    } catch (error) {
      store.setState({ error: toFailure(error) })
    } finally {
      store.setState({ scanning: false })
    }
  }

  const run = async (): Promise<void> => {
    do {
      again = false
      await measure()
    } while (again)
    running = null
  }

  return {
    refresh: () => {
      if (running !== null) again = true
      return (running ??= run())
    },
    toggleCategory: (category) => store.setState(({ kept }) => ({ kept: toggled(kept, category) })),
    toggleModel: (key) => store.setState(({ chosen }) => ({ chosen: toggled(chosen, key) })),
    toggleOpen: (key) => store.setState(({ open }) => ({ open: toggled(open, key) })),
  }
}
