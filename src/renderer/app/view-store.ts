import { createStore, type StoreApi } from 'zustand/vanilla'
import type { WindowMemory } from '../lib/memory'

const views = ['models', 'discover', 'downloads', 'storage', 'chat', 'server', 'settings'] as const
export type View = (typeof views)[number]

export const settingsSections = ['appearance', 'engine', 'cache', 'downloads', 'server', 'shortcuts', 'privacy', 'about'] as const
export type SettingsSection = (typeof settingsSections)[number]

/** Where the person is in the window. */
export interface ViewState {
  view: View
  /** The sidebar as an overlay, where there is no room for it. */
  sidebarOpen: boolean
  /** The sidebar beside the content, where there is room. */
  sidebarShown: boolean
  detailShown: boolean
  /** In one column: the detail stands in place of the list. */
  detailOpen: boolean
  /** What wants the focus; whoever takes it sets this back to null. */
  focus: { target: 'search' | 'composer'; turn: number } | null
  switcherOpen: boolean
  /** The list of conversations as an overlay, where there is no room for it. */
  chatListOpen: boolean
  chatSettingsOpen: boolean
  paletteOpen: boolean
  settingsSection: SettingsSection
}

export type ViewStore = StoreApi<ViewState>

export function createViewStore(): ViewStore {
  return createStore<ViewState>(() => ({
    view: 'models',
    sidebarOpen: false,
    sidebarShown: true,
    detailShown: true,
    detailOpen: false,
    focus: null,
    switcherOpen: false,
    chatListOpen: false,
    chatSettingsOpen: false,
    paletteOpen: false,
    settingsSection: 'appearance',
  }))
}

type Place = Pick<ViewState, 'view' | 'settingsSection' | 'sidebarShown' | 'detailShown'>

/** Where the last window was; nothing of what is not understood. */
export function readPlace({ read }: Pick<WindowMemory, 'read'>): Partial<Place> {
  const words = (read('place') ?? '').split(' ')
  const view = views.find((name) => name === words[0])
  const settingsSection = settingsSections.find((name) => name === words[1])
  if (view === undefined || settingsSection === undefined) return {}
  return { view, settingsSection, sidebarShown: !words.includes('no-sidebar'), detailShown: !words.includes('no-detail') }
}

/** Begins where the last window was, and remembers from now on where this one is. */
export function keepPlace(store: ViewStore, memory: WindowMemory): void {
  store.setState(readPlace(memory))
  const toText = ({ view, settingsSection, sidebarShown, detailShown }: Place): string =>
    [view, settingsSection, ...(sidebarShown ? [] : ['no-sidebar']), ...(detailShown ? [] : ['no-detail'])].join(' ')
  store.subscribe((state, before) => {
    const text = toText(state)
    if (text !== toText(before)) memory.write('place', text)
  })
}

export interface ViewActions {
  go: (view: View) => void
  focus: (target: 'search' | 'composer') => void
  focusDone: () => void
  openSwitcher: (open: boolean) => void
  toggleSidebar: (asOverlay: boolean) => void
  toggleDetail: () => void
  openDetail: (open: boolean) => void
  openPalette: (open: boolean) => void
  openSettings: (section: SettingsSection) => void
}

export function createViewActions(store: ViewStore): ViewActions {
  let turns = 0
  return {
    go: (view) => store.setState({ view, sidebarOpen: false }),
    focus: (target) => store.setState({ focus: { target, turn: ++turns } }),
    focusDone: () => store.setState({ focus: null }),
    openSwitcher: (switcherOpen) => store.setState({ switcherOpen }),
    toggleSidebar: (asOverlay) =>
      store.setState(asOverlay ? { sidebarOpen: !store.getState().sidebarOpen } : { sidebarShown: !store.getState().sidebarShown }),
    toggleDetail: () => store.setState({ detailShown: !store.getState().detailShown }),
    openDetail: (detailOpen) => store.setState({ detailOpen }),
    openPalette: (paletteOpen) => store.setState({ paletteOpen }),
    openSettings: (settingsSection) => store.setState({ settingsSection, view: 'settings', sidebarOpen: false }),
  }
}
