import { createStore, type StoreApi } from 'zustand/vanilla'

export type View = 'models' | 'chat'

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
  /** Rises when something wants the search field, the composer or the model switcher to take the focus. */
  focus: { target: 'search' | 'composer' | 'switcher'; turn: number } | null
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
  }))
}

export interface ViewActions {
  go: (view: View) => void
  focus: (target: 'search' | 'composer' | 'switcher') => void
  toggleSidebar: (asOverlay: boolean) => void
  toggleDetail: () => void
  openDetail: (open: boolean) => void
}

export function createViewActions(store: ViewStore): ViewActions {
  return {
    go: (view) => store.setState({ view, sidebarOpen: false }),
    focus: (target) => store.setState({ focus: { target, turn: (store.getState().focus?.turn ?? 0) + 1 } }),
    toggleSidebar: (asOverlay) =>
      store.setState(asOverlay ? { sidebarOpen: !store.getState().sidebarOpen } : { sidebarShown: !store.getState().sidebarShown }),
    toggleDetail: () => store.setState({ detailShown: !store.getState().detailShown }),
    openDetail: (detailOpen) => store.setState({ detailOpen }),
  }
}
