import type { Appearance, LoadedModel, StateFrame } from '../../shared/contract'
import { createConnection, sleep, type Connection } from '../api/connection'
import type { OpenLink } from '../api/transport'
import { createAccountActions, createAccountStore, type AccountActions, type AccountStore } from '../features/account/store'
import { chooseChatModel } from '../features/chat/choose-model'
import { createChatActions, type ChatActions } from '../features/chat/actions'
import { createChatListActions, type ChatListActions } from '../features/chat/list-actions'
import { createChatListStore, createChatStore, type ChatListStore, type ChatStore } from '../features/chat/store'
import { createDiscoverActions, createDiscoverStore, type DiscoverActions, type DiscoverStore } from '../features/discover/store'
import { createDownloadActions, createDownloadsStore, type DownloadActions, type DownloadsStore } from '../features/downloads/store'
import { downloadNotes } from '../features/downloads/notes'
import { createEngineActions, createEngineStore, type EngineActions, type EngineStore } from '../features/engine/store'
import { createFirstRunActions, createFirstRunStore, type FirstRunActions, type FirstRunStore } from '../features/first-run/store'
import { createModelActions, type ModelActions } from '../features/models/actions'
import { createCareActions, createCareStore, type CareActions, type CareStore } from '../features/models/care'
import { splitOwner } from '../features/models/model'
import { createUpdateActions, createUpdatesStore, type UpdateActions, type UpdatesStore } from '../features/models/updates'
import { createModelsStore, type ModelsStore } from '../features/models/store'
import {
  createActivityActions,
  createActivityStore,
  type ActivityActions,
  type ActivityStore,
} from '../features/server/activity-store'
import { createServerActions, createServerStore, type ServerActions, type ServerStore } from '../features/server/store'
import { createSettingsActions, createSettingsStore, type SettingsActions, type SettingsStore } from '../features/settings/store'
import { createRemovalActions, type RemovalActions } from '../features/removal/actions'
import { createRemovalStore, type RemovalStore } from '../features/removal/store'
import { createStorageActions, createStorageStore, type StorageActions, type StorageStore } from '../features/storage/store'
import type { Formatters } from '../lib/format'
import type { Messages } from '../lib/messages'
import type { WindowMemory } from '../lib/memory'
import { saveFile } from '../lib/save-file'
import type { Host } from './shortcuts'
import { createSpeech, keepAppearance, readAppearance, type SpeechStore } from './speech'
import { createToasts, type Toasts } from './toasts'
import { createViewActions, createViewStore, keepPlace, type ViewActions, type ViewStore } from './view-store'

/** Everything a component may need: one store per domain, their actions, words and numbers. */
export interface WindowApp {
  host: Host
  t: Messages
  format: Formatters
  speech: SpeechStore
  connection: Connection
  stores: {
    account: AccountStore
    models: ModelsStore
    care: CareStore
    updates: UpdatesStore
    chat: ChatStore
    chats: ChatListStore
    engine: EngineStore
    firstRun: FirstRunStore
    server: ServerStore
    activity: ActivityStore
    settings: SettingsStore
    storage: StorageStore
    discover: DiscoverStore
    downloads: DownloadsStore
    removal: RemovalStore
    view: ViewStore
  }
  account: AccountActions
  models: ModelActions
  care: CareActions
  updates: UpdateActions
  chat: ChatActions
  chats: ChatListActions
  engine: EngineActions
  firstRun: FirstRunActions
  server: ServerActions
  activity: ActivityActions
  settings: SettingsActions
  storage: StorageActions
  discover: DiscoverActions
  downloads: DownloadActions
  removal: RemovalActions
  toasts: Toasts
  view: ViewActions
  /** Shows a model's folder in the system's file manager; null where there is no such way, as in a browser. */
  reveal: ((model: string) => Promise<void>) | null
  /** Opens the chat, with a model when one is named. */
  openChat: (model: string | null) => void
}

export interface WindowDeps {
  openLink: OpenLink
  onRefused: () => void
  host: Host
  /** Of the system's language. */
  messages: Messages
  /** For numbers and dates in a language. */
  localeOf: (language: string) => string
  /** What the window remembers of the one before it. */
  memory: WindowMemory
  /** Of the app's bridge. */
  reveal?: ((model: string) => Promise<void>) | undefined
}

/** What comes in one burst is shown at once. The owner tells at most ten times a second. */
const FLUSH_MS = 8

/** Wires the window once. Main owns the state; the frames of its watch are mirrored into the stores here and nowhere else. */
export function createWindow({ openLink, onRefused, host, messages, localeOf, memory, reveal }: WindowDeps): WindowApp {
  const stores = {
    account: createAccountStore(),
    models: createModelsStore(),
    care: createCareStore(),
    updates: createUpdatesStore(),
    chat: createChatStore(),
    chats: createChatListStore(),
    engine: createEngineStore(),
    firstRun: createFirstRunStore(),
    server: createServerStore(),
    activity: createActivityStore(),
    settings: createSettingsStore(),
    storage: createStorageStore(),
    discover: createDiscoverStore(),
    downloads: createDownloadsStore(),
    removal: createRemovalStore(),
    view: createViewStore(),
  }
  keepPlace(stores.view, memory)
  const speech = createSpeech({ messages, localeOf })
  const show = (appearance: Appearance): void => {
    stores.settings.setState({ appearance })
    speech.speak(appearance.language)
  }
  show(readAppearance(memory))
  const follow = (appearance: Appearance | undefined): void => {
    if (appearance === undefined) return
    show(appearance)
    keepAppearance(memory, appearance)
  }
  const { format, t } = speech.store.getState()
  const words = (): Messages => speech.store.getState().t
  const seen = { instance: '', revision: -1, chats: -1 }
  let afterFrame = (): void => undefined

  const mirrorLoaded = (loaded: LoadedModel[]): void => {
    const before = stores.models.getState().loaded
    stores.models.setState({ loaded })
    // What is not loaded any more is remembered by the owner alone.
    if (before.some(({ name }) => !loaded.some((model) => model.name === name))) void models.refreshUsed()
  }

  const mirror = ({ changes }: StateFrame): void => {
    const { app, server, engine, jobs, demo, loaded } = changes
    if (app !== undefined) stores.server.setState({ app })
    if (server !== undefined) stores.server.setState({ server })
    if (engine !== undefined || jobs !== undefined || demo !== undefined)
      stores.engine.setState({ ...(engine && { engine }), ...(jobs && { jobs }), ...(demo && { demo }) })
    if (loaded !== undefined) mirrorLoaded(loaded)
    downloads.mirror(changes.downloads)
    follow(changes.appearance)
    const instance = app?.instance_id ?? seen.instance
    const revision = changes.models?.revision ?? seen.revision
    const stale = instance !== seen.instance || revision !== seen.revision
    const chatsRevision = changes.chats?.revision ?? seen.chats
    const chatsStale = instance !== seen.instance || chatsRevision !== seen.chats
    Object.assign(seen, { instance, revision, chats: chatsRevision })
    if (stale) void models.refresh().then(chooseModel).then(storage.refresh)
    if (chatsStale) refreshChats()
    afterFrame()
  }

  const connection = createConnection({ openLink, onFrame: mirror, onRefused, sleep })
  const { client } = connection
  const toasts = createToasts()
  const view = createViewActions(stores.view)
  const models = createModelActions(client, stores.models, (name, pinned) => {
    const { short } = splitOwner(name)
    toasts.show(pinned ? words().care.didPin(short) : words().care.didUnpin(short), {
      label: words().common.undo,
      act: () => void models.pin(name, !pinned),
    })
  })
  const care = createCareActions({
    client,
    store: stores.care,
    refresh: () => models.refresh(),
    t: () => words().care,
    tell: toasts.show,
  })
  const showFolder = async (model: string): Promise<void> => {
    try {
      await reveal?.(model)
    } catch (error) {
      toasts.show(words().care.revealFailed(error instanceof Error ? error.message : ''))
    }
  }
  const storage = createStorageActions(client, stores.storage)
  const removal = createRemovalActions({
    client,
    store: stores.removal,
    loaded: () => stores.models.getState().loaded,
    t: () => words().removal,
    tell: toasts.show,
    formatBytes: (bytes) => speech.store.getState().format.disk(bytes),
  })
  const chat = createChatActions({
    client,
    store: stores.chat,
    schedule: (flush) => setTimeout(flush, FLUSH_MS),
    onShown: (id) => memory.write('chat.open', id ?? ''),
  })
  const chats = createChatListActions({
    client,
    store: stores.chats,
    onRemove: (id) => {
      const isShown = stores.chat.getState().chatId === id
      if (isShown) chat.newChat()
      return isShown
    },
    onRestored: (id) => {
      // Whoever has gone to another conversation stays there.
      if (stores.chat.getState().chatId === null) void chat.open(id)
    },
    onDone: (done) => {
      if ('imported' in done) toasts.show(words().chat.imported(done.imported))
      else toasts.show(words().chat.deleted(done.deleted), { label: words().common.undo, act: done.undo })
    },
    save: saveFile,
  })
  let firstChats = true
  const refreshChats = (): void => {
    void chats.refresh()
    const last = memory.read('chat.open') ?? ''
    if (firstChats && last !== '' && stores.chat.getState().chatId === null) void chat.open(last)
    else void chat.refresh()
    firstChats = false
  }

  /** Keeps the chat's model one that is there and can answer. */
  const chooseModel = (): void => {
    const { list, loaded } = stores.models.getState()
    if (list === null) return
    const { model } = stores.chat.getState()
    const demo = stores.engine.getState().demo?.models ?? []
    chat.setModel(chooseChatModel({ models: list.models, loaded, current: model, lastUsed: memory.read('chat.model'), demo }))
  }
  stores.chat.subscribe(({ draft, model }, before) => {
    // A conversation goes on with the model it asked before, if that is still there.
    if (model !== before.model) chooseModel()
    if (draft !== null && before.draft === null && draft.message.model !== null) memory.write('chat.model', draft.message.model)
  })

  const openChat = (model: string | null): void => {
    if (model !== null) chat.setModel(model)
    view.go('chat')
    view.focus('composer')
  }
  const notes = downloadNotes({
    t: t.downloads,
    undo: t.common.undo,
    tell: toasts.show,
    openChat,
    goDownloads: () => view.go('downloads'),
    isShown: () => stores.view.getState().view === 'downloads',
    resume: (id) => void downloads.resume(id),
  })
  const downloads = createDownloadActions({
    client,
    store: stores.downloads,
    every: (ms, act) => {
      const timer = setInterval(act, ms)
      return () => clearInterval(timer)
    },
    ...notes,
  })
  const discover = createDiscoverActions({
    client,
    store: stores.discover,
    add: downloads.add,
    later: (ms, act) => {
      const timer = setTimeout(act, ms)
      return () => clearTimeout(timer)
    },
  })
  const firstRun = createFirstRunActions({
    client,
    store: stores.firstRun,
    memory,
    add: downloads.add,
    whyRefused: () => stores.downloads.getState().error,
  })
  const engine = createEngineActions(client, stores.engine, (model) => {
    if (model !== null) chat.setModel(model)
    if (stores.firstRun.getState().progress.begun) firstRun.leave(true)
    // Whoever has gone on to something else is not pulled away from it.
    if (stores.view.getState().view === 'models') openChat(model)
  })
  afterFrame = engine.onState

  return {
    host,
    t,
    format,
    speech: speech.store,
    connection,
    stores,
    models,
    care,
    reveal: reveal === undefined ? null : showFolder,
    chat,
    chats,
    engine,
    firstRun,
    server: createServerActions(client, stores.server),
    activity: createActivityActions(client, stores.activity),
    updates: createUpdateActions({
      client,
      store: stores.updates,
      onStarted: (name) =>
        toasts.show(words().care.update.started(splitOwner(name).short), {
          label: words().discover.show,
          act: () => view.go('downloads'),
        }),
    }),
    account: createAccountActions(client, stores.account),
    settings: createSettingsActions(client, stores.settings, () => {
      chat.newChat()
      stores.activity.setState({ requests: [], lines: [] })
      memory.clear()
      // The first steps were taken, whoever is forgotten.
      firstRun.leave(true)
    }),
    storage,
    discover,
    downloads,
    removal,
    toasts,
    view,
    openChat,
  }
}
