import type { AppContract, ModelSummary } from '../../../shared/contract'
import type { Client } from '../../../shared/rpc'
import { toFailure } from '../../lib/serialized'
import { modelKey } from './model'
import type { ModelsStore } from './store'

export interface ModelActions {
  /** Asks for the list again, and for the open detail. */
  refresh: () => Promise<void>
  /** @param also what stays selected beside it */
  select: (key: string | null, also?: readonly string[]) => Promise<void>
  /** Progress comes with the owner's state; here only the failure is kept. */
  load: (name: string) => Promise<void>
  unload: (name: string) => Promise<void>
  /** A pinned model is neither unloaded when idle nor to make room. Can be undone. */
  pin: (name: string, pinned: boolean) => Promise<void>
  /** When models were last used, as the owner knows it now. */
  refreshUsed: () => Promise<void>
}

export function createModelActions(
  client: Client<AppContract>,
  store: ModelsStore,
  onPinned: (name: string, pinned: boolean) => void = () => undefined,
): ModelActions {
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

  /** What is good to know and not worth waiting for, or worth an error. */
  const refreshUsed = async (): Promise<void> => {
    try {
      store.setState({ used: (await client.call('models.used', {})).used })
    } catch {
      // An owner of an older version: the column stays empty.
    }
  }
  const refreshFits = async (): Promise<void> => {
    try {
      const { models, limit_bytes: limitBytes } = await client.call('models.fits', {})
      store.setState({ limitBytes, fits: Object.fromEntries(models.map((fit) => [`${fit.root}|${fit.name}`, fit])) })
    } catch {
      // As above.
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
        void refreshFits()
        void refreshUsed()
        const { selected } = store.getState()
        if (selected !== null && find(selected) === undefined) store.setState({ selected: null, detail: null })
        else if (selected !== null) await showDetail(selected)
      } catch (error) {
        if (turn === refreshes) store.setState({ listError: toFailure(error) })
      }
    },
    select: async (key, also = []) => {
      store.setState({ also })
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
    refreshUsed,
    pin: async (name, pinned) => {
      try {
        await client.call('models.pin', { model: name, pinned })
        onPinned(name, pinned)
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
