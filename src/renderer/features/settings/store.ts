import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AppContract, Setting } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import { toFailure } from '../../lib/serialized'

export interface SettingsState {
  /** Null before they were read. */
  settings: Setting[] | null
  listError: SerializedError | null
  /** By key: why the last change from this window was refused. */
  errors: Readonly<Record<string, SerializedError | null>>
}

export type SettingsStore = StoreApi<SettingsState>

export function createSettingsStore(): SettingsStore {
  return createStore<SettingsState>(() => ({ settings: null, listError: null, errors: {} }))
}

export const findSetting = (settings: readonly Setting[] | null, key: string): Setting | null =>
  settings?.find((setting) => setting.key === key) ?? null

export interface SettingsActions {
  refresh: () => Promise<void>
  /** True when it was taken. */
  set: (key: string, value: unknown) => Promise<boolean>
  unset: (key: string) => Promise<boolean>
}

export function createSettingsActions(client: Client<AppContract>, store: SettingsStore): SettingsActions {
  const take = (changed: Setting): void => {
    const settings = store.getState().settings?.map((setting) => (setting.key === changed.key ? changed : setting)) ?? null
    store.setState({ settings })
  }
  const note = (key: string, error: SerializedError | null): void =>
    store.setState({ errors: { ...store.getState().errors, [key]: error } })
  const attempt = async (key: string, act: () => Promise<Setting>): Promise<boolean> => {
    note(key, null)
    try {
      take(await act())
      return true
    } catch (error) {
      note(key, toFailure(error))
      return false
    }
  }
  return {
    refresh: async () => {
      try {
        const { settings } = await client.call('config.list', {})
        store.setState({ settings, listError: null })
      } catch (error) {
        store.setState({ listError: toFailure(error) })
      }
    },
    set: (key, value) => attempt(key, () => client.call('config.set', { key, value })),
    unset: (key) => attempt(key, () => client.call('config.unset', { key })),
  }
}
