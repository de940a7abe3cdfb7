import { useEffect } from 'react'
import { COMMAND_MESSAGE } from '../../shared/bridge'
import type { ModelSummary } from '../../shared/contract'
import { canChat, canRemove, canRepair, findLoaded, findSelected } from '../features/models/model'
import { baseUrl } from '../features/server/store'
import { copyText } from '../lib/clipboard'
import { SIDEBAR } from '../lib/use-media'
import type { WindowApp } from './create-window'
import { findCommand, type Command } from './shortcuts'

function selectedModel({ stores }: WindowApp) {
  const { list, selected, filter, search } = stores.models.getState()
  return findSelected(list?.models ?? [], selected, { filter, search })
}

function loadOrUnload(app: WindowApp): void {
  const model = selectedModel(app)
  if (model === null || app.stores.view.getState().view !== 'models') return
  const loaded = findLoaded(app.stores.models.getState().loaded, model.name)
  void (loaded === null ? app.models.load(model.name) : app.models.unload(model.name))
}

function withSelected(app: WindowApp, act: (model: ModelSummary) => boolean): boolean {
  const model = selectedModel(app)
  return model !== null && app.stores.view.getState().view === 'models' && act(model)
}

/** In a field ⌘⌫ is the field's. */
function isTyping(): boolean {
  return document.activeElement instanceof HTMLInputElement || document.activeElement instanceof HTMLTextAreaElement
}

/** What each command does; false when there is nothing to do here, so that the browser may have the key. */
const commands: Record<Command, (app: WindowApp) => boolean> = {
  models: ({ view }) => {
    view.go('models')
    return true
  },
  discover: ({ view }) => {
    view.go('discover')
    return true
  },
  downloads: ({ view }) => {
    view.go('downloads')
    return true
  },
  storage: ({ view }) => {
    view.go('storage')
    return true
  },
  chat: ({ openChat }) => {
    openChat(null)
    return true
  },
  settings: ({ view }) => {
    view.go('settings')
    return true
  },
  server: ({ view }) => {
    view.go('server')
    return true
  },
  search: ({ stores, view }) => {
    // Elsewhere the browser's own search finds more.
    if (!['models', 'discover', 'chat'].includes(stores.view.getState().view)) return false
    if (stores.view.getState().view === 'chat') stores.view.setState({ chatListOpen: true })
    view.focus('search')
    return true
  },
  search_chats: ({ stores, view }) => {
    view.go('chat')
    stores.view.setState({ chatListOpen: true })
    view.focus('search')
    return true
  },
  new_chat: ({ chat, openChat }) => {
    chat.newChat()
    openChat(null)
    return true
  },
  switch_model: ({ view }) => {
    view.go('chat')
    view.openSwitcher(true)
    return true
  },
  stop: ({ chat }) => {
    chat.stop()
    return true
  },
  sidebar: ({ view }) => {
    view.toggleSidebar(!window.matchMedia(SIDEBAR).matches)
    return true
  },
  detail: ({ stores, view }) => {
    if (stores.view.getState().view === 'chat') return false
    view.toggleDetail()
    return true
  },
  load_selected: (app) => {
    loadOrUnload(app)
    return true
  },
  chat_selected: (app) => {
    const model = selectedModel(app)
    if (app.stores.view.getState().view !== 'models' || model === null || !canChat(model)) return false
    app.openChat(model.name)
    return true
  },
  verify: (app) =>
    withSelected(app, (model) => {
      void app.care.verify([model.name])
      return true
    }),
  repair: (app) =>
    withSelected(app, (model) => {
      if (!canRepair(model)) return false
      void app.care.askRepair(model.name)
      return true
    }),
  remove: (app) =>
    withSelected(app, (model) => {
      if (!canRemove(model) || isTyping()) return false
      void app.removal.ask({ targets: [{ name: model.name, root: model.root.path, revision: null }], prune: null })
      return true
    }),
  reveal: (app) =>
    withSelected(app, (model) => {
      if (app.reveal === null) return false
      void app.reveal(model.name)
      return true
    }),
  copy_url: ({ stores }) => {
    const url = baseUrl(stores.server.getState().server)
    if (url !== null) void copyText(url)
    return url !== null
  },
}

const REGIONS = ['sidebar', 'toolbar', 'list', 'detail'] as const
const FOCUSABLE = 'button:not([tabindex="-1"]), input, textarea, [tabindex="0"]'

/** F6 and ⇧F6: from part to part of the window. */
function moveRegion(step: 1 | -1): void {
  const present = REGIONS.map((name) => document.querySelector<HTMLElement>(`[data-region="${name}"]`)).filter(
    (region) => region !== null,
  )
  const at = present.findIndex((region) => region.contains(document.activeElement))
  const next = present[(at + step + present.length) % present.length]
  const rows = next?.querySelector<HTMLElement>('[role="row"][tabindex="0"]')
  ;(rows ?? next?.querySelector<HTMLElement>(FOCUSABLE))?.focus()
}

/** The keys of the whole window. What a component handles itself does not come here. */
export function useShortcuts(app: WindowApp): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return
      if (event.key === 'F6') {
        event.preventDefault()
        moveRegion(event.shiftKey ? -1 : 1)
        return
      }
      if (event.key === 'Escape') {
        // It closes what is open first.
        if (document.querySelector('[data-popup-open], [role="dialog"], [role="alertdialog"]') !== null) return
        if (app.stores.chat.getState().draft !== null && app.stores.view.getState().view === 'chat') app.chat.stop()
        else if (app.stores.view.getState().detailOpen) app.view.openDetail(false)
        return
      }
      // A question is answered before anything else is done.
      if (document.querySelector('[role="alertdialog"]') !== null) return
      const command = findCommand(event, app.host)
      if (command !== null && commands[command](app)) event.preventDefault()
    }
    // The app's own menus ask the same things.
    const onMessage = (event: MessageEvent): void => {
      if (event.source !== window) return
      if (event.data === `${COMMAND_MESSAGE}:models`) commands.models(app)
      if (event.data === `${COMMAND_MESSAGE}:new_chat`) commands.new_chat(app)
    }
    window.addEventListener('keydown', onKeyDown)
    window.addEventListener('message', onMessage)
    return () => {
      window.removeEventListener('keydown', onKeyDown)
      window.removeEventListener('message', onMessage)
    }
  }, [app])
}
