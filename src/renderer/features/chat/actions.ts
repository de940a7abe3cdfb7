import type { Attachment, AppContract, ChatEvent, ChatThread, SamplingParams } from '../../../shared/contract'
import { toSerializedError, type SerializedError } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import { addProgress, mergeThread, toDraft, type Draft } from './model'
import { emptyChat, type ChatStore } from './store'

/** A slider moves many times a second, and a prompt is typed letter by letter. */
const SETTLED_MS = 300

export interface ChatDeps {
  client: Client<AppContract>
  store: ChatStore
  /** Runs `flush` soon; several events are shown together. */
  schedule: (flush: () => void) => void
  /** Another conversation is shown; null: a new one. */
  onShown: (chat: string | null) => void
}

export interface ChatActions {
  /** Sends what is typed, unless it is empty, an answer is being written or no model is chosen. */
  send: () => Promise<void>
  stop: () => void
  /** Another version of an answer (the last one without `message`), by another model when one is named. */
  regenerate: (message?: string, model?: string) => Promise<void>
  edit: (message: string, content: string) => Promise<void>
  /** Opens the last question for editing; false when there is none. */
  editLast: () => boolean
  setEditing: (message: string | null) => void
  showBranch: (message: string) => Promise<void>
  /** A conversation of its own with everything up to a message, which is shown then. */
  branch: (message: string) => Promise<void>
  newChat: () => void
  open: (chat: string) => Promise<void>
  readOlder: () => Promise<void>
  /** Something of the conversations has changed, here or elsewhere: shows it, and follows an answer that is being written. */
  refresh: () => Promise<void>
  configure: (settings: { systemPrompt?: string; params?: SamplingParams }) => void
  setModel: (model: string | null) => void
  /** Asks what can be chosen with a model. */
  learn: (model: string) => Promise<void>
  setInput: (text: string) => void
  setFiles: (files: Attachment[]) => void
}

/** The page that is read at once. */
const PAGE = 60
const OLDER_PAGE = 200

export function createChatActions({ client, store, schedule, onShown }: ChatDeps): ChatActions {
  /** The stream that this window listens to. Leaving it does not end the answer. */
  let listening: AbortController | null = null

  const set = store.setState
  let unsaved: { chat: string; timer: ReturnType<typeof setTimeout> } | null = null
  const leave = (): void => {
    const before = listening
    listening = null
    before?.abort()
  }
  const isShown = (chat: string | null): boolean => store.getState().chatId === chat

  const show = ({ chat, messages: page, more }: ChatThread, keep: boolean): void => {
    const shown = keep ? store.getState().messages : []
    const finished = page.flatMap((message) => {
      if (message.state !== 'streaming') return [message]
      // Being written: the stream tells it. Else its end could not be stored: what is on the screen is more, if it is there.
      return chat.answering ? [] : [shown.find(({ id }) => id === message.id) ?? { ...message, state: 'interrupted' as const }]
    })
    const { messages, keptOlder } = mergeThread(shown, finished)
    set({
      chatId: chat.id,
      title: chat.title,
      // What is being changed here is newer than what the owner knows.
      ...(unsaved === null ? { systemPrompt: chat.system_prompt, params: chat.params } : {}),
      messages,
      more: keptOlder ? store.getState().more : more,
      opening: false,
    })
  }
  /** Tells the owner the settings that were changed last. */
  const saveSettings = async (): Promise<void> => {
    if (unsaved === null) return
    const { chat, timer } = unsaved
    clearTimeout(timer)
    unsaved = null
    if (!isShown(chat)) return
    const { systemPrompt, params } = store.getState()
    await client.call('chats.update', { chat, system_prompt: systemPrompt, params }).catch(fail)
  }
  const fail = (error: unknown, restore: { input?: string; files?: Attachment[] } = {}): void => {
    const value: SerializedError = toSerializedError(error)
    set({ ...restore, asking: false, opening: false, ...(value.code === 'cancelled' ? {} : { problem: value }) })
  }

  /** Shows the events of one answer. @returns whether its end was heard @throws what the stream throws before `begun` */
  const listen = async (events: AsyncIterable<ChatEvent>, controller: AbortController): Promise<boolean> => {
    const isCurrent = (): boolean => listening === controller
    let draft: Draft | null = null
    let scheduled = false
    const flush = (): void => {
      scheduled = false
      if (isCurrent() && draft !== null) set({ draft })
    }
    try {
      for await (const event of events) {
        if (!isCurrent()) return false
        if (event.type === 'begun') {
          draft = toDraft(event.answer)
          const { messages } = store.getState()
          // Of an edited question or a regenerated answer, what stood in its place goes.
          const parent = event.question?.parent_id ?? event.answer.parent_id
          const at = event.question !== null && parent === null ? 0 : messages.findIndex(({ id }) => id === parent) + 1
          const above = messages.slice(0, at)
          set({
            messages: event.question === null ? above : [...above, event.question],
            // What it answers may not have been read yet.
            ...(parent !== null && at === 0 ? { more: true } : {}),
            draft,
            asking: false,
            title: event.chat.title,
            problem: null,
          })
        } else if (event.type === 'progress' && draft !== null) {
          draft = addProgress(draft, event)
          if (scheduled) continue
          scheduled = true
          schedule(flush)
        } else if (event.type === 'end') {
          const { messages } = store.getState()
          listening = null
          draft = null
          set({ messages: [...messages, event.answer], draft: null, title: event.chat.title })
          return true
        }
      }
    } catch (error) {
      if (draft === null) throw error
      if (!isCurrent()) return false
      listening = null
      const value = toSerializedError(error)
      if (value.code === 'connection_lost') {
        // The answer may go on without us: it stays as far as it came until the owner tells more.
        set({ draft, problem: value })
        return false
      }
      // It was written but not stored, as on a full disk: what came is shown, with why it will not be there later.
      const message = { ...draft.message, state: 'interrupted' as const, error: value }
      set({ messages: [...store.getState().messages, message], draft: null })
    }
    if (isCurrent()) listening = null
    return false
  }

  /** Follows an answer that another window asked for, or this one before it lost its owner. */
  const follow = async (chat: string): Promise<void> => {
    if (listening !== null) return
    const controller = new AbortController()
    listening = controller
    try {
      await listen(client.stream('chats.watch', { chat }, { signal: controller.signal }), controller)
      if (isShown(chat) && listening === null && store.getState().draft !== null) {
        // It ended between two looks.
        show(await client.call('chats.get', { chat, limit: PAGE }), true)
        set({ draft: null })
      }
    } catch {
      if (listening === controller) listening = null
    }
  }

  const ask = async (
    start: (signal: AbortSignal) => AsyncIterable<ChatEvent>,
    restore: { input?: string; files?: Attachment[] } = {},
  ): Promise<void> => {
    const controller = new AbortController()
    leave()
    listening = controller
    set({ asking: true, problem: null, editing: null })
    await saveSettings()
    try {
      await listen(start(controller.signal), controller)
    } catch (error) {
      // Whoever has gone to another conversation keeps what is typed there.
      if (listening !== controller) return
      listening = null
      fail(error, restore)
    }
  }

  const isBusy = (): boolean => {
    const { draft, asking } = store.getState()
    return draft !== null || asking
  }

  /** The conversation that is shown, stored if it was not yet. */
  const ensureChat = async (): Promise<string> => {
    const { chatId, model, systemPrompt, params } = store.getState()
    if (chatId !== null) return chatId
    const { id } = await client.call('chats.create', {
      ...(model === null ? {} : { model }),
      system_prompt: systemPrompt,
      params,
    })
    set({ chatId: id })
    onShown(id)
    return id
  }

  const read = async (chat: string, keep: boolean): Promise<void> => {
    const thread = await client.call('chats.get', { chat, limit: PAGE })
    if (!isShown(chat)) return
    show(thread, keep)
    // A model that this conversation asked before is the one it goes on with; whether it is still there is seen elsewhere.
    if (!keep && thread.chat.model !== null) set({ model: thread.chat.model })
    if (thread.chat.answering) void follow(chat)
    else if (listening === null && store.getState().draft !== null) set({ draft: null })
  }

  const openChat = async (chat: string): Promise<void> => {
    if (isShown(chat)) return
    void saveSettings()
    leave()
    set({ ...emptyChat, chatId: chat, opening: true })
    onShown(chat)
    try {
      await read(chat, false)
    } catch (error) {
      if (!isShown(chat)) return
      set({ ...emptyChat })
      onShown(null)
      fail(error)
    }
  }

  return {
    send: async () => {
      const { input, files, model } = store.getState()
      const content = input.trim()
      if ((content === '' && files.length === 0) || isBusy() || model === null) return
      set({ input: '', files: [], fileProblem: null, asking: true, problem: null })
      let chat: string
      try {
        chat = await ensureChat()
      } catch (error) {
        fail(error, { input, files })
        return
      }
      const call = { chat, content, attachments: files, model }
      await ask((signal) => client.stream('chats.send', call, { signal }), { input, files })
    },
    stop: () => {
      const { chatId } = store.getState()
      if (chatId !== null) void client.call('chats.stop', { chat: chatId }).catch(() => undefined)
    },
    regenerate: async (message, other) => {
      const { chatId: chat, messages, model: chosen } = store.getState()
      const target = message ?? messages.at(-1)?.id
      const model = other ?? chosen
      if (chat === null || target === undefined || model === null || isBusy()) return
      if (other !== undefined) set({ model: other })
      await ask((signal) => client.stream('chats.regenerate', { chat, message: target, model }, { signal }))
    },
    edit: async (message, content) => {
      const { chatId: chat, model } = store.getState()
      if (chat === null || model === null || content.trim() === '' || isBusy()) return
      await ask((signal) => client.stream('chats.edit', { chat, message, content: content.trim(), model }, { signal }))
    },
    editLast: () => {
      const last = store.getState().messages.findLast(({ role }) => role === 'user')
      if (last === undefined || isBusy()) return false
      set({ editing: last.id })
      return true
    },
    setEditing: (editing) => set({ editing }),
    showBranch: async (message) => {
      const { chatId: chat } = store.getState()
      if (chat === null || isBusy()) return
      try {
        const thread = await client.call('chats.show_branch', { chat, message })
        if (isShown(chat)) show(thread, true)
      } catch (error) {
        fail(error)
      }
    },
    branch: async (message) => {
      const { chatId: chat } = store.getState()
      if (chat === null || isBusy()) return
      try {
        await openChat((await client.call('chats.branch', { chat, message })).id)
      } catch (error) {
        fail(error)
      }
    },
    newChat: () => {
      void saveSettings()
      leave()
      set({ ...emptyChat })
      onShown(null)
    },
    open: openChat,
    readOlder: async () => {
      const { chatId: chat, messages, more } = store.getState()
      const first = messages[0]
      if (chat === null || first === undefined || !more) return
      set({ more: false })
      try {
        const page = await client.call('chats.get', { chat, before: first.id, limit: OLDER_PAGE })
        if (isShown(chat) && store.getState().messages[0] === first)
          set({ messages: [...page.messages, ...store.getState().messages], more: page.more })
      } catch {
        // Scrolling up again asks again.
        if (isShown(chat)) set({ more: true })
      }
    },
    refresh: async () => {
      const { chatId: chat } = store.getState()
      if (chat === null || listening !== null || store.getState().opening) return
      await read(chat, true).catch((error: unknown) => {
        if (isShown(chat) && toSerializedError(error).code === 'chat_not_found') {
          set({ ...emptyChat })
          onShown(null)
        }
      })
    },
    configure: ({ systemPrompt, params }) => {
      set({ ...(systemPrompt === undefined ? {} : { systemPrompt }), ...(params === undefined ? {} : { params }) })
      const { chatId: chat } = store.getState()
      if (chat === null) return
      if (unsaved !== null) clearTimeout(unsaved.timer)
      unsaved = { chat, timer: setTimeout(() => void saveSettings(), SETTLED_MS) }
    },
    learn: async (model) => {
      const known = await client.call('chat.abilities', { model }).catch(() => null)
      set(({ thinkingSwitch: before }) => ({ thinkingSwitch: { ...before, [model]: known?.thinking_switch ?? false } }))
    },
    setModel: (model) => set({ model }),
    setInput: (input) => set({ input }),
    setFiles: (files) => set({ files }),
  }
}
