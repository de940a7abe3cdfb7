import { createStore, type StoreApi } from 'zustand/vanilla'

export interface ToastMessage {
  id: number
  text: string
  /** At most one, such as Undo. */
  action: { label: string; act: () => void } | null
}

export interface ToastState {
  shown: readonly ToastMessage[]
}

export type ToastStore = StoreApi<ToastState>

export interface Toasts {
  store: ToastStore
  show: (text: string, action?: ToastMessage['action']) => void
  end: (id: number) => void
}

const MOST = 3

/** What has just happened, in a line: at most three at once, the oldest goes first. */
export function createToasts(): Toasts {
  const store = createStore<ToastState>(() => ({ shown: [] }))
  let ids = 0
  return {
    store,
    show: (text, action = null) => store.setState(({ shown }) => ({ shown: [...shown, { id: ++ids, text, action }].slice(-MOST) })),
    end: (id) => store.setState(({ shown }) => ({ shown: shown.filter((toast) => toast.id !== id) })),
  }
}
