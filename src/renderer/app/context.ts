import { createContext, useContext } from 'react'
import { useStore, type StoreApi } from 'zustand'
import type { AccountState } from '../features/account/store'
import type { CareState } from '../features/models/care'
import type { ChatListState, ChatState } from '../features/chat/store'
import type { DiscoverState } from '../features/discover/store'
import type { DownloadsState } from '../features/downloads/store'
import type { EngineStoreState } from '../features/engine/store'
import type { FirstRunState } from '../features/first-run/store'
import type { ModelsState } from '../features/models/store'
import type { ActivityState } from '../features/server/activity-store'
import type { ServerState } from '../features/server/store'
import type { SettingsState } from '../features/settings/store'
import type { RemovalState } from '../features/removal/store'
import type { StorageState } from '../features/storage/store'
import type { UpdatesState } from '../features/models/updates'
import type { WindowApp } from './create-window'
import type { ViewState } from './view-store'

export const WindowContext = createContext<WindowApp | null>(null)

export function useWindow(): WindowApp {
  const app = useContext(WindowContext)
  if (app === null) throw new Error('A component stands outside of the window')
  return app
}

function useFrom<S, T>(pick: (app: WindowApp) => StoreApi<S>, select: (state: S) => T): T {
  return useStore(pick(useWindow()), select)
}

export const useModels = <T>(select: (state: ModelsState) => T): T => useFrom((app) => app.stores.models, select)
export const useChat = <T>(select: (state: ChatState) => T): T => useFrom((app) => app.stores.chat, select)
export const useChats = <T>(select: (state: ChatListState) => T): T => useFrom((app) => app.stores.chats, select)
export const useEngine = <T>(select: (state: EngineStoreState) => T): T => useFrom((app) => app.stores.engine, select)
export const useServer = <T>(select: (state: ServerState) => T): T => useFrom((app) => app.stores.server, select)
export const useActivity = <T>(select: (state: ActivityState) => T): T => useFrom((app) => app.stores.activity, select)
export const useSettings = <T>(select: (state: SettingsState) => T): T => useFrom((app) => app.stores.settings, select)
export const useView = <T>(select: (state: ViewState) => T): T => useFrom((app) => app.stores.view, select)
export const useStorage = <T>(select: (state: StorageState) => T): T => useFrom((app) => app.stores.storage, select)
export const useDiscover = <T>(select: (state: DiscoverState) => T): T => useFrom((app) => app.stores.discover, select)
export const useDownloads = <T>(select: (state: DownloadsState) => T): T => useFrom((app) => app.stores.downloads, select)
export const useRemoval = <T>(select: (state: RemovalState) => T): T => useFrom((app) => app.stores.removal, select)
export const useAccount = <T>(select: (state: AccountState) => T): T => useFrom((app) => app.stores.account, select)
export const useCare = <T>(select: (state: CareState) => T): T => useFrom((app) => app.stores.care, select)
export const useUpdates = <T>(select: (state: UpdatesState) => T): T => useFrom((app) => app.stores.updates, select)
export const useFirstRun = <T>(select: (state: FirstRunState) => T): T => useFrom((app) => app.stores.firstRun, select)
