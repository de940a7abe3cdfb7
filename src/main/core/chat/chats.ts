import type { AppContract, Attachment, Handlers } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { Generator } from '../generation/types'
import { newMessage } from './answer'
import type { History } from './history'
import { titleOf, toPrompt } from './prompt'
import type { StoredMessage } from './rows'
import { createRuns } from './runs'
import { readJsonFile, toJsonFile, toMarkdown } from './transfer'

export interface ChatsDeps {
  /** Opens nothing by itself: the file is read with the first call. */
  open: (isAnswering: (chat: string) => boolean) => History
  generator: Generator
  now: () => number
  newId: () => string
  onUnforeseen: (error: unknown) => void
  /** The list of conversations has changed. */
  onChange: () => void
}

type ChatCalls = Pick<Handlers<AppContract>, Extract<keyof AppContract, `chats.${string}`>>

/** Everything that `chats.*` of the contract can do. */
export interface Chats {
  calls: ChatCalls
  /**
   * Ends the answers that are being written and lets go of the file, which may be removed then. Every call is refused with `busy` until what
   * this returns is called: a file that is opened again while it goes would take with it what is written next.
   */
  release: () => Promise<() => void>
  /** Ends the answers that are being written, keeps what has come, and closes the file. */
  close: () => Promise<void>
}

interface Asked {
  chat: string
  model?: string | undefined
}

export function createChats({ open, generator, now, newId, onUnforeseen, onChange }: ChatsDeps): Chats {
  const runs = createRuns({ history: () => history, generator, now, onUnforeseen, onChange })
  const history = open(runs.isRunning)
  let closed = false

  const checkFree = (chat: string): void => {
    if (closed) throw new AppError('server_shutdown', 'MLX Knife is quitting.')
    if (runs.isRunning(chat))
      throw new AppError('busy', 'An answer is being written in this conversation.', {
        hint: 'Wait until it has ended, or stop it.',
      })
  }
  const modelFor = ({ chat, model }: Asked): string => {
    const chosen = model ?? history.detail(chat).model
    if (chosen === null)
      throw new AppError('invalid_input', 'No model was named for this conversation.', { hint: 'Choose a model, then ask again.' })
    return chosen
  }
  const summary = (chat: string) => {
    const { system_prompt: _prompt, params: _params, ...rest } = history.detail(chat)
    return rest
  }

  /** Stores the question, when it is new, and an empty answer under it, then lets the model write it. */
  const ask = (asked: Asked, question: StoredMessage, isNew: boolean): void => {
    const { chat } = asked
    const model = modelFor(asked)
    const answer: StoredMessage = { ...newMessage(newId(), 'assistant', question.id, now()), state: 'streaming', model }
    const above = question.parent_id === null ? [] : history.branch(chat, question.parent_id)
    history.add(chat, isNew ? [question, answer] : [answer])
    const title = history.isNamed(chat) || question.parent_id !== null ? null : titleOf(question)
    const { system_prompt: systemPrompt, params } = history.update(chat, {
      model,
      ...(title === null ? {} : { title, named: false }),
    })
    const request = { model, messages: toPrompt(systemPrompt, [...above, question]), params, face: 'chat' as const }
    runs.start(chat, isNew ? question : null, answer, request)
  }
  const newQuestion = (parent: string | null, content: string, attachments: Attachment[]): StoredMessage => {
    if (content.trim() === '' && attachments.length === 0)
      throw new AppError('invalid_input', 'A question needs words or a file.', { hint: 'Write something, then send it.' })
    return { ...newMessage(newId(), 'user', parent, now()), content, attachments }
  }
  const tell = (chat: string, signal: AbortSignal) => runs.watch(chat, signal, () => summary(chat))

  async function* send({ content, attachments, ...asked }: InputOfParsed<'chats.send'>, { signal }: { signal: AbortSignal }) {
    checkFree(asked.chat)
    const end = history.thread(asked.chat, { limit: 1 }).messages.at(-1)
    ask(asked, newQuestion(end?.id ?? null, content, attachments), true)
    yield* tell(asked.chat, signal)
  }
  async function* edit({ message, content, ...asked }: InputOfParsed<'chats.edit'>, { signal }: { signal: AbortSignal }) {
    checkFree(asked.chat)
    const first = history.message(asked.chat, message)
    if (first.role !== 'user')
      throw new AppError('invalid_input', 'Only a question can be edited.', { hint: 'Ask for another answer instead.' })
    ask(asked, newQuestion(first.parent_id, content, first.attachments), true)
    yield* tell(asked.chat, signal)
  }
  async function* regenerate({ message, ...asked }: InputOfParsed<'chats.regenerate'>, { signal }: { signal: AbortSignal }) {
    checkFree(asked.chat)
    const given = history.message(asked.chat, message)
    const question = given.role === 'user' ? given : history.message(asked.chat, given.parent_id ?? '')
    ask(asked, question, false)
    yield* tell(asked.chat, signal)
  }
  async function* exportText({ chat, format }: InputOfParsed<'chats.export'>) {
    if (format === 'markdown') {
      if (chat === undefined)
        throw new AppError('invalid_input', 'Markdown is written for one conversation.', { hint: 'Export all of them as JSON.' })
      const { messages, ...rest } = history.exported(chat)
      const shown = new Set(history.branch(chat, null).map(({ id }) => id))
      for (const text of toMarkdown(
        rest,
        messages.filter(({ id }) => shown.has(id)),
      ))
        yield { text }
      return
    }
    const chosen = chat === undefined ? history.ids() : [chat]
    // One at a time: what is exported may be more than fits into memory.
    const each = function* () {
      for (const id of chosen) yield history.exported(id)
    }
    for (const text of toJsonFile(each(), now())) yield { text }
  }
  /** A change that all windows must hear of. */
  const changed = <T>(value: T): T => {
    onChange()
    return value
  }

  return {
    calls: {
      'chats.list': async (page) => ({ ...history.list(page), set_aside: history.setAsidePath() }),
      'chats.search': async ({ query, limit }) => ({ hits: history.search(query, limit) }),
      'chats.get': async ({ chat, ...page }) => history.thread(chat, page),
      'chats.create': async (values) => changed(history.create(values)),
      'chats.update': async ({ chat, ...values }) => changed(history.update(chat, values)),
      'chats.delete': async ({ chat }) => {
        await runs.stop(chat)
        history.remove(chat)
        return changed({})
      },
      'chats.restore': async ({ chat }) => changed(history.restore(chat)),
      'chats.branch': async ({ chat, message }) => {
        checkFree(chat)
        const { title, model: asked, system_prompt: prompt, params } = history.detail(chat)
        const copied = history.branch(chat, history.message(chat, message).id)
        const made = history.create({ title, ...(asked === null ? {} : { model: asked }), system_prompt: prompt, params })
        const names = new Map(copied.map(({ id }) => [id, newId()]))
        history.add(
          made.id,
          copied.map((each): StoredMessage => {
            return { ...each, id: names.get(each.id) ?? newId(), parent_id: names.get(each.parent_id ?? '') ?? null }
          }),
        )
        return changed(history.detail(made.id))
      },
      'chats.show_branch': async ({ chat, message }) => {
        checkFree(chat)
        history.showBranch(chat, message)
        return history.thread(chat, { limit: 60 })
      },
      'chats.send': send,
      'chats.edit': edit,
      'chats.regenerate': regenerate,
      'chats.watch': ({ chat }, { signal }) => tell(history.detail(chat).id, signal),
      'chats.stop': async ({ chat }) => {
        await runs.stop(chat)
        return {}
      },
      'chats.export': exportText,
      'chats.import': async ({ text }) => changed(history.import(readJsonFile(text))),
    },
    release: async () => {
      await runs.close()
      runs.forget()
      const letGo = history.hold()
      return () => {
        letGo()
        onChange()
      }
    },
    close: async () => {
      closed = true
      await runs.close()
      history.close()
    },
  }
}

/** A call's input as its handler gets it. */
type InputOfParsed<K extends keyof ChatCalls> = Parameters<ChatCalls[K]>[0]
