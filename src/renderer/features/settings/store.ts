import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Appearance, AppContract, Place, PrivateKind, Setting } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import { asFailure, toFailure } from '../../lib/serialized'

export interface SettingsState {
  /** Null before they were read. */
  settings: Setting[] | null
  listError: SerializedError | null
  /** By key: why the last change from this window was refused. */
  errors: Readonly<Record<string, SerializedError | null>>
  appearance: Appearance
  /** Where this program keeps its data; null before that was asked. */
  data: { root: string; places: readonly Place[] } | null
  /** What could not be deleted last. */
  forgetError: SerializedError | null
}

export const systemAppearance: Appearance = { theme: 'system', language: 'system' }

export type SettingsStore = StoreApi<SettingsState>

export function createSettingsStore(): SettingsStore {
  return createStore<SettingsState>(() => ({
    settings: null,
    listError: null,
    errors: {},
    appearance: systemAppearance,
    data: null,
    forgetError: null,
  }))
}

export const findSetting = (settings: readonly Setting[] | null, key: string): Setting | null =>
  settings?.find((setting) => setting.key === key) ?? null

export interface SettingsActions {
  refresh: () => Promise<void>
  /** True when it was taken. */
  set: (key: string, value: unknown) => Promise<boolean>
  unset: (key: string) => Promise<boolean>
  /** The demo models, which are made or removed with the setting. */
  setDemo: (on: boolean) => Promise<void>
  refreshPlaces: () => Promise<void>
  /** Deletes all that is about the person, here and with the owner. Bytes that are free now; null when it did not get through. */
  forget: () => Promise<number | null>
}

/** @param onForgotten what the window itself remembers goes too */
export function createSettingsActions(
  client: Client<AppContract>,
  store: SettingsStore,
  onForgotten: () => void = () => undefined,
): SettingsActions {
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
  const refresh = async (): Promise<void> => {
    try {
      const { settings } = await client.call('config.list', {})
      store.setState({ settings, listError: null })
    } catch (error) {
      store.setState({ listError: toFailure(error) })
    }
  }
  const refreshPlaces = async (): Promise<void> => {
    try {
      store.setState({ data: await client.call('app.places', {}) })
    } catch {
      // The list of settings tells of a connection that is lost.
    }
  }
  return {
    refresh,
    refreshPlaces,
    forget: async () => {
      store.setState({ forgetError: null })
      try {
        const what = (store.getState().data?.places ?? []).filter((place) => place.private).map((place) => place.what)
        const { failed, freed_bytes: freed } = await client.call('app.forget', { what: what as PrivateKind[] })
        onForgotten()
        store.setState({ forgetError: asFailure(failed[0]?.error ?? null) })
        await Promise.all([refresh(), refreshPlaces()])
        return freed
      } catch (error) {
        store.setState({ forgetError: toFailure(error) })
        return null
      }
    },
    set: (key, value) => attempt(key, () => client.call('config.set', { key, value })),
    unset: (key) => attempt(key, () => client.call('config.unset', { key })),
    setDemo: async (on) => {
      note('demo.enabled', null)
      try {
        await client.call(on ? 'demo.enable' : 'demo.remove', {})
      } catch (error) {
        note('demo.enabled', toFailure(error))
      }
      await refresh()
    },
  }
}
