import type { AppContract, ModelSummary } from '../../../shared/contract'
import type { Client } from '../../../shared/rpc'
import { toFailure } from '../../lib/serialized'
import { modelKey } from './model'
import type { ModelsStore } from './store'

export interface ModelActions {
  /** Asks for the list again, and for the open detail. */
  refresh: () => Promise<void>
  select: (key: string | null) => Promise<void>
  /** Progress comes with the owner's state; here only the failure is kept. */
  load: (name: string) => Promise<void>
  unload: (name: string) => Promise<void>
}

export function createModelActions(client: Client<AppContract>, store: ModelsStore): ModelActions {
  let refreshes = 0

  const find = (key: string): ModelSummary | undefined => store.getState().list?.models.find((model) => modelKey(model) === key)

  const showDetail = async (key: string): Promise<void> => {
    const model = find(key)
    if (model === undefined) return
    try {
      const data = await client.call('models.show', { model: model.name })
      if (store.getState().selected === key) store.setState({ detail: { key, data, error: null } })
    } catch (error) {
      if (store.getState().selected === key) store.setState({ detail: { key, data: null, error: toFailure(error) } })
    }
  }

  const setLoadError = (name: string, error: unknown): void => {
    const { [name]: _old, ...others } = store.getState().loadErrors
    const failure = error === null ? null : toFailure(error)
    store.setState({ loadErrors: failure === null ? others : { ...others, [name]: failure } })
  }

  return {
    refresh: async () => {
      const turn = ++refreshes
      try {
        const list = await client.call('models.list', {})
        if (turn !== refreshes) return
        store.setState({ list, listError: null })
        const { selected } = store.getState()
        if (selected !== null && find(selected) === undefined) store.setState({ selected: null, detail: null })
        else if (selected !== null) await showDetail(selected)
      } catch (error) {
        if (turn === refreshes) store.setState({ listError: toFailure(error) })
      }
    },
    select: async (key) => {
      if (store.getState().selected === key) return
      store.setState({ selected: key, detail: null })
      if (key !== null) await showDetail(key)
    },
    load: async (name) => {
      setLoadError(name, null)
      try {
        for await (const state of client.stream('models.load', { model: name })) {
          if (state.state === 'ready') break
        }
      } catch (error) {
        setLoadError(name, error)
      }
    },
    unload: async (name) => {
      setLoadError(name, null)
      try {
        await client.call('models.unload', { model: name })
      } catch (error) {
        setLoadError(name, error)
      }
    },
  }
}
