import type { AppContract, ChatSummary, SearchHit } from '../../../shared/contract'
import type { Client } from '../../../shared/rpc'
import { toFailure } from '../../lib/serialized'
import { splitImport } from './import-file'
import type { ChatListStore } from './store'

export interface ChatListDeps {
  client: Client<AppContract>
  store: ChatListStore
  /** A conversation is being deleted: it must not be shown any more. @returns whether it was */
  onRemove: (chat: string) => boolean
  /** One that was shown is there again. */
  onRestored: (chat: string) => void
  /** Says that a conversation was deleted, with a way back; or how many an import brought. */
  onDone: (done: { deleted: string; undo: () => void } | { imported: number }) => void
  /** Gives a file to the person. */
  save: (name: string, text: string, type: string) => void
}

export interface ChatListActions {
  /** Reads the list anew, as far as it was read. */
  refresh: () => Promise<void>
  readMore: () => Promise<void>
  search: (query: string) => Promise<void>
  /** Where words stand in the conversations, without changing what the list shows; nothing when it cannot be asked. */
  find: (query: string, limit: number) => Promise<SearchHit[]>
  rename: (chat: string, title: string) => Promise<void>
  pin: (chat: string, pinned: boolean) => Promise<void>
  remove: (chat: ChatSummary) => Promise<void>
  /** One conversation, or all of them without one. */
  exportChats: (format: 'json' | 'markdown', chat?: ChatSummary) => Promise<void>
  importText: (text: string) => Promise<void>
}

const PAGE = 50
const MOST = 200

/** A name that every file system takes. */
export function fileNameOf(title: string): string {
  const name = title
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}._-]+/gu, ' ')
    .trim()
    .slice(0, 60)
    .trim()
  return name.replace(/^[. ]+/, '') || 'chat'
}

export function createChatListActions({ client, store, onRemove, onRestored, onDone, save }: ChatListDeps): ChatListActions {
  const set = store.setState
  let turn = 0

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      set({ problem: toFailure(error) })
    }
  }
  const search = async (query: string): Promise<void> => {
    const mine = ++turn
    set({ query, ...(query.trim() === '' ? { hits: null } : {}) })
    if (query.trim() === '') return
    await attempt(async () => {
      const { hits } = await client.call('chats.search', { query: query.trim().slice(0, 200) })
      // An answer that a newer question has overtaken says nothing.
      if (mine === turn) set({ hits })
    })
  }
  const refresh = (): Promise<void> =>
    attempt(async () => {
      const shown = store.getState().chats?.length ?? 0
      const limit = Math.min(MOST, Math.max(PAGE, shown))
      const { chats, next, set_aside: setAside } = await client.call('chats.list', { limit })
      set({ chats, next, setAside, problem: null })
      const { query } = store.getState()
      if (query.trim() !== '') await search(query)
    })

  return {
    refresh,
    search,
    find: async (query, limit) => {
      const plain = query.trim().slice(0, 200)
      if (plain === '') return []
      try {
        return (await client.call('chats.search', { query: plain, limit })).hits
      } catch {
        return []
      }
    },
    readMore: () =>
      attempt(async () => {
        const { next } = store.getState()
        if (next === null) return
        set({ next: null })
        const page = await client.call('chats.list', { limit: PAGE, after: next })
        const chats = store.getState().chats ?? []
        const known = new Set(chats.map(({ id }) => id))
        set({ chats: [...chats, ...page.chats.filter(({ id }) => !known.has(id))], next: page.next })
      }),
    rename: (chat, title) =>
      attempt(async () => {
        if (title.trim() === '') return
        await client.call('chats.update', { chat, title: title.trim().slice(0, 200) })
        await refresh()
      }),
    pin: (chat, pinned) =>
      attempt(async () => {
        await client.call('chats.update', { chat, pinned })
        await refresh()
      }),
    remove: (chat) =>
      attempt(async () => {
        const wasShown = onRemove(chat.id)
        await client.call('chats.delete', { chat: chat.id })
        const undo = (): Promise<void> =>
          attempt(async () => {
            await client.call('chats.restore', { chat: chat.id })
            if (wasShown) onRestored(chat.id)
            await refresh()
          })
        onDone({ deleted: chat.title, undo: () => void undo() })
        await refresh()
      }),
    exportChats: (format, chat) =>
      attempt(async () => {
        const parts: string[] = []
        const input = { format, ...(chat === undefined ? {} : { chat: chat.id }) }
        for await (const { text } of client.stream('chats.export', input)) parts.push(text)
        const name = chat === undefined ? 'mlx-knife-chats' : fileNameOf(chat.title)
        const [ending, type] = format === 'json' ? ['json', 'application/json'] : ['md', 'text/markdown']
        save(`${name}.${ending}`, parts.join(''), type)
      }),
    importText: (text) =>
      attempt(async () => {
        let imported = 0
        for (const part of splitImport(text)) imported += (await client.call('chats.import', { text: part })).chats
        set({ problem: null })
        onDone({ imported })
        await refresh()
      }),
  }
}
