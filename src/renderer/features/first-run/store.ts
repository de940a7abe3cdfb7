import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AppContract, HubModel } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import type { WindowMemory } from '../../lib/memory'
import { toFailure } from '../../lib/serialized'
import type { DownloadActions } from '../downloads/store'
import { freshProgress, readProgress, recommend, type Progress, type SkippableStep } from './model'

export interface FirstRunState {
  progress: Progress
  /** Null: not asked, or nothing fits. */
  offer: HubModel | null
  search: 'off' | 'busy' | 'nothing' | 'done'
  error: SerializedError | null
  /** Of this machine; null until it is known. */
  memoryBytes: number | null
}

export type FirstRunStore = StoreApi<FirstRunState>

export function createFirstRunStore(): FirstRunStore {
  return createStore<FirstRunState>(() => ({
    progress: freshProgress,
    offer: null,
    search: 'off',
    error: null,
    memoryBytes: null,
  }))
}

export interface FirstRunActions {
  /** To be called when the page is seen: goes on where the last window was. */
  open: () => void
  /** Something was begun here: the page stays until it is left. */
  begin: () => void
  skip: (step: SkippableStep, skipped: boolean) => void
  /** Leaves for the table of models; false brings the page back. */
  leave: (left: boolean) => void
  /** Asks the Hub for one model that suits this machine. */
  find: () => Promise<void>
  fetch: (name: string) => Promise<void>
}

const ASKED_FOR = 30

export function createFirstRunActions(deps: {
  client: Client<AppContract>
  store: FirstRunStore
  memory: WindowMemory
  add: DownloadActions['add']
  /** Why the last download was refused. */
  whyRefused: () => SerializedError | null
}): FirstRunActions {
  const { client, store, memory } = deps
  store.setState({ progress: readProgress(memory.read('first-run')) })

  const change = (part: Partial<Progress>): void => {
    const progress = { ...store.getState().progress, ...part }
    store.setState({ progress })
    memory.write('first-run', JSON.stringify(progress))
  }
  const find = async (): Promise<void> => {
    change({ begun: true, asked: true })
    store.setState({ search: 'busy', error: null })
    try {
      const { models } = await client.call('hub.search', {
        owner: 'mlx-community',
        tags: ['conversational'],
        fits: true,
        limit: ASKED_FOR,
      })
      const offer = recommend(models)
      store.setState({ offer, search: offer === null ? 'nothing' : 'done' })
    } catch (error) {
      store.setState({ search: 'off', error: toFailure(error) })
    }
  }
  return {
    open: () => {
      const { progress, search, memoryBytes } = store.getState()
      if (memoryBytes === null)
        client.call('engine.memory', {}).then(
          ({ total_bytes: total }) => store.setState({ memoryBytes: total }),
          () => undefined,
        )
      if (progress.asked && progress.wanted === null && search === 'off') void find()
    },
    begin: () => change({ begun: true }),
    skip: (step, skipped) => change({ begun: true, skipped: { ...store.getState().progress.skipped, [step]: skipped } }),
    leave: (left) => change({ left, begun: false, ...(left ? {} : { skipped: { engine: false, model: false } }) }),
    find,
    fetch: async (name) => {
      store.setState({ error: null })
      const added = await deps.add({ model: name })
      if (added !== null) change({ begun: true, wanted: name })
      else store.setState({ error: deps.whyRefused() })
    },
  }
}
