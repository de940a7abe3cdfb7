import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AppContract, ChatMessage } from '../../../shared/contract'
import type { Client } from '../../../shared/rpc'
import { toSerializedError } from '../../../shared/errors'
import { applyEvent, endEarly, newDraft, toPrompt, userMessage, withoutLastAnswer, type AnswerEvent, type Draft } from './model'

/** One conversation that is not saved, and the answer that is being written for it. */
export interface ChatState {
  /** Finished messages only; each keeps its identity, so that a growing answer renders alone. */
  messages: ChatMessage[]
  draft: Draft | null
  /** Full name of the model to ask, null until one is chosen. */
  model: string | null
  input: string
  /** What `newChat` cleared, for Undo. */
  cleared: ChatMessage[] | null
}

export type ChatStore = StoreApi<ChatState>

export function createChatStore(): ChatStore {
  return createStore<ChatState>(() => ({ messages: [], draft: null, model: null, input: '', cleared: null }))
}

export interface ChatDeps {
  client: Client<AppContract>
  store: ChatStore
  now: () => number
  newId: () => string
  /** Runs `flush` soon; several events are shown together. */
  schedule: (flush: () => void) => void
}

export interface ChatActions {
  /** Sends what is typed, unless it is empty, an answer runs or no model is chosen. */
  send: () => Promise<void>
  stop: () => void
  /** Asks the last question again. */
  answerAgain: () => Promise<void>
  newChat: () => void
  undoNewChat: () => void
  setModel: (model: string | null) => void
  setInput: (text: string) => void
}

export function createChatActions({ client, store, now, newId, schedule }: ChatDeps): ChatActions {
  let running: AbortController | null = null

  const stamp = (): { id: string; createdAt: string } => ({ id: newId(), createdAt: new Date(now()).toISOString() })

  const finish = (message: ChatMessage): void => store.setState({ messages: [...store.getState().messages, message], draft: null })

  const answer = async (history: ChatMessage[], model: string): Promise<void> => {
    const controller = new AbortController()
    running = controller
    let draft = newDraft(stamp(), model)
    let scheduled = false
    store.setState({ messages: history, draft, cleared: null })

    const isCurrent = (): boolean => running === controller
    const flush = (): void => {
      scheduled = false
      if (isCurrent()) store.setState({ draft })
    }
    const add = (event: AnswerEvent): void => {
      draft = applyEvent(draft, event, now())
      if (scheduled) return
      scheduled = true
      schedule(flush)
    }

    let ended: ChatMessage
    try {
      const input = { model, messages: toPrompt(history), face: 'chat' as const }
      for await (const event of client.stream('chat.send', input, { signal: controller.signal })) add(event)
      // A stream that ends without `finish` lost its end.
      const error = toSerializedError(new Error('no finish'))
      ended = draft.message.state === 'complete' ? draft.message : endEarly(draft, { type: 'failed', error }, now())
    } catch (error) {
      const value = toSerializedError(error)
      const stopped = controller.signal.aborted || value.code === 'cancelled'
      ended = endEarly(draft, stopped ? { type: 'stopped' } : { type: 'failed', error: value }, now())
    }
    if (!isCurrent()) return
    running = null
    finish(ended)
  }

  const stop = (): void => running?.abort()

  return {
    stop,
    send: async () => {
      const { input, draft, model, messages } = store.getState()
      const content = input.trim()
      if (content === '' || draft !== null || model === null) return
      store.setState({ input: '' })
      await answer([...messages, userMessage(stamp(), content)], model)
    },
    answerAgain: async () => {
      const { draft, messages, model } = store.getState()
      const history = withoutLastAnswer(messages)
      if (draft === null && history !== null && model !== null) await answer(history, model)
    },
    newChat: () => {
      const { messages, draft } = store.getState()
      if (messages.length === 0 && draft === null) return
      const controller = running
      // No longer current: what the old stream still brings must not reach the new conversation.
      running = null
      controller?.abort()
      const kept = draft === null ? messages : [...messages, endEarly(draft, { type: 'stopped' }, now())]
      store.setState({ messages: [], draft: null, cleared: kept })
    },
    undoNewChat: () => {
      const { cleared, draft } = store.getState()
      if (cleared !== null && draft === null) store.setState({ messages: cleared, cleared: null })
    },
    setModel: (model) => store.setState({ model }),
    setInput: (input) => store.setState({ input }),
  }
}
