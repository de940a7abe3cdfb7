import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Attachment, ChatSummary, SamplingParams, SearchHit, ThreadMessage } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'
import type { Draft } from './model'

/** The conversation that is shown, and the answer that is being written in it. */
export interface ChatState {
  /** Null: a new one, which is stored with its first question. */
  chatId: string | null
  title: string | null
  systemPrompt: string
  params: SamplingParams
  /** Finished messages of the shown branch; each keeps its identity, so that a growing answer renders alone. */
  messages: ThreadMessage[]
  /** Older ones can be read. */
  more: boolean
  /** A conversation is being read that is not shown yet. */
  opening: boolean
  draft: Draft | null
  /** Between the question and the first word from the owner. */
  asking: boolean
  /** What the last call refused. */
  problem: SerializedError | null
  /** Full name of the model to ask, null until one is chosen. */
  model: string | null
  input: string
  files: Attachment[]
  /** By model: whether its thinking can be switched; missing: not known. */
  thinkingSwitch: Readonly<Record<string, boolean>>
  /** A file that could not be attached, and why. */
  fileProblem: { name: string; reason: 'too_large' | 'not_text' | 'too_many' } | null
  /** The question that is being edited. */
  editing: string | null
}

/** The conversations there are. */
export interface ChatListState {
  /** Null before the first answer. */
  chats: ChatSummary[] | null
  next: string | null
  query: string
  /** What the query found; null without one. */
  hits: SearchHit[] | null
  problem: SerializedError | null
  /** A damaged history that was kept. */
  setAside: string | null
}

export type ChatStore = StoreApi<ChatState>
export type ChatListStore = StoreApi<ChatListState>

/** What a conversation begins with. */
export const emptyChat = {
  chatId: null,
  title: null,
  systemPrompt: '',
  params: {},
  messages: [],
  more: false,
  opening: false,
  draft: null,
  asking: false,
  problem: null,
  editing: null,
} satisfies Partial<ChatState>

export function createChatStore(): ChatStore {
  return createStore<ChatState>(() => ({ ...emptyChat, model: null, input: '', files: [], fileProblem: null, thinkingSwitch: {} }))
}

export function createChatListStore(): ChatListStore {
  return createStore<ChatListState>(() => ({
    chats: null,
    next: null,
    query: '',
    hits: null,
    problem: null,
    setAside: null,
  }))
}
