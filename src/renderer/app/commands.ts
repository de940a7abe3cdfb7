import type { ModelSummary } from '../../shared/contract'
import { hasEnded } from '../features/downloads/model'
import { canChat, canRemove, canRepair, findAllSelected, findLoaded, findSelected } from '../features/models/model'
import { baseUrl } from '../features/server/store'
import { copyText } from '../lib/clipboard'
import { SIDEBAR } from '../lib/use-media'
import type { WindowApp } from './create-window'
import type { Command } from './shortcuts'

/** A row that has the focus and is not selected is what a key means: it gets selected first, as by its menu. */
function takeFocused({ stores, models }: WindowApp): void {
  const { selected, also } = stores.models.getState()
  const row = document.activeElement?.closest<HTMLElement>('#model-list [data-key]')
  const key = row?.dataset['key']
  if (key !== undefined && key !== selected && !also.includes(key)) void models.select(key)
}

function selectedModel({ stores }: WindowApp) {
  const { list, selected, filter, search } = stores.models.getState()
  return findSelected(list?.models ?? [], selected, { filter, search })
}

function loadOrUnload(app: WindowApp): void {
  takeFocused(app)
  const model = selectedModel(app)
  if (model === null || app.stores.view.getState().view !== 'models') return
  const loaded = findLoaded(app.stores.models.getState().loaded, model.name)
  void (loaded === null ? app.models.load(model.name) : app.models.unload(model.name))
}

/** What is selected in the list of models, one or several. */
function allSelected({ stores }: WindowApp): ModelSummary[] {
  const { list, selected, also, filter, search } = stores.models.getState()
  return findAllSelected(list?.models ?? [], { selected, also }, { filter, search })
}

function withSelected(app: WindowApp, act: (model: ModelSummary) => boolean): boolean {
  takeFocused(app)
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
  chat_selected: (app) =>
    withSelected(app, (model) => {
      if (!canChat(model)) return false
      app.openChat(model.name)
      return true
    }),
  verify: (app) =>
    withSelected(app, () => {
      void app.care.verify(allSelected(app).map(({ name }) => name))
      return true
    }),
  repair: (app) =>
    withSelected(app, (model) => {
      if (!canRepair(model)) return false
      void app.care.askRepair(model.name)
      return true
    }),
  remove: (app) =>
    withSelected(app, () => {
      const removable = allSelected(app).filter(canRemove)
      if (removable.length === 0 || isTyping()) return false
      const targets = removable.map((model) => ({ name: model.name, root: model.root.path, revision: null }))
      void app.removal.ask({ targets, prune: null })
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
  palette: ({ stores, view }) => {
    view.openPalette(!stores.view.getState().paletteOpen)
    return true
  },
  download: ({ view }) => {
    view.go('discover')
    view.focus('search')
    return true
  },
  server_start: ({ server }) => {
    void server.start()
    return true
  },
  server_stop: ({ server }) => {
    void server.stop()
    return true
  },
  pause_all: ({ downloads }) => {
    void downloads.pause(null)
    return true
  },
  resume_all: ({ downloads }) => {
    void downloads.resume(null)
    return true
  },
}

const onModels = (app: WindowApp): ModelSummary | null => (app.stores.view.getState().view === 'models' ? selectedModel(app) : null)
const openDownloads = ({ stores }: WindowApp) =>
  (stores.downloads.getState().downloads ?? []).filter((download) => !hasEnded(download))
const isStopped = ({ stores }: WindowApp): boolean => {
  const { server } = stores.server.getState()
  return server !== null && server.state !== 'ready' && server.state !== 'starting'
}
const never = (): boolean => false

/** Where a command has something to do; one that is not named here always has. */
const offered: Partial<Record<Command, (app: WindowApp) => boolean>> = {
  // The palette is open already, and what moves the focus inside of a view is nearer there.
  palette: never,
  search: never,
  stop: ({ stores }) => stores.chat.getState().draft !== null,
  detail: ({ stores }) => stores.view.getState().view === 'models',
  load_selected: (app) => onModels(app) !== null,
  chat_selected: (app) => {
    const model = onModels(app)
    return model !== null && canChat(model)
  },
  verify: (app) => onModels(app) !== null,
  repair: (app) => {
    const model = onModels(app)
    return model !== null && canRepair(model)
  },
  remove: (app) => {
    const model = onModels(app)
    return model !== null && canRemove(model)
  },
  reveal: (app) => app.reveal !== null && onModels(app) !== null,
  copy_url: ({ stores }) => baseUrl(stores.server.getState().server) !== null,
  server_start: isStopped,
  server_stop: (app) => app.stores.server.getState().server !== null && !isStopped(app),
  pause_all: (app) => openDownloads(app).some(({ state }) => state !== 'paused'),
  resume_all: (app) => openDownloads(app).some(({ state }) => state === 'paused'),
}

/** Does a command; false when there was nothing to do, so that a browser may have the key. */
export const runCommand = (app: WindowApp, command: Command): boolean => commands[command](app)

/** What can be done now, in the order in which a list of it is read. */
export const commandsOffered = (app: WindowApp): Command[] =>
  (Object.keys(commands) as Command[]).filter((command) => offered[command]?.(app) ?? true)
