import type { AppContract, ChatEvent, ChatSummary, GenerationEvent, SamplingParams, ThreadMessage } from '../../../shared/contract'
import { AppError, fromSerializedError } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import type { CliGenerator, CliRequest } from './generator'

/** A conversation of the window that goes on in the terminal: what is said here is kept there. */
export interface KeptChat {
  title: string
  model: string | null
  system: string
  params: SamplingParams
  messages: ThreadMessage[]
  generate: CliGenerator['generate']
}

/** As many as a model reads; the owner itself sends it all of them. */
const SHOWN = 500

/** The one that was changed last, pinned or not. @throws AppError chat_not_found when there is none */
async function newest(client: Client<AppContract>): Promise<ChatSummary> {
  const { chats } = await client.call('chats.list', { limit: 200 })
  const [first, ...rest] = chats
  if (first === undefined)
    throw new AppError('chat_not_found', 'There is no conversation yet.', { hint: 'Begin one in the window: "mlxk ui".' })
  return rest.reduce((last, chat) => (chat.updated_at > last.updated_at ? chat : last), first)
}

/** An answer's events in the words of a generation. @throws AppError what the answer failed of; cancelled when it was stopped */
async function* toGeneration(events: AsyncIterable<ChatEvent>, onQuestion: (id: string) => void): AsyncGenerator<GenerationEvent> {
  for await (const event of events) {
    if (event.type === 'begun') {
      if (event.question !== null) onQuestion(event.question.id)
    } else if (event.type === 'progress') {
      const { waiting, reasoning, content } = event
      if (waiting !== null && waiting.state !== 'sent') yield { type: 'state', state: waiting.state, progress: waiting.progress }
      if (reasoning !== '') yield { type: 'reasoning', text: reasoning }
      if (content !== '') yield { type: 'text', text: content }
    } else {
      const { error, state, finish_reason: reason, usage, timing, model } = event.answer
      if (error !== null) throw fromSerializedError(error)
      if (state !== 'complete' || usage === null) throw new AppError('cancelled', 'The answer was stopped.')
      const noTiming = { first_token_ms: null, total_ms: 0, tokens_per_second: null }
      yield { type: 'finish', reason: reason ?? 'stop', usage, timing: timing ?? noTiming, model: model ?? '' }
    }
  }
}

/**
 * Opens the conversation that was changed last. A question that is asked again is another version of its answer, and after everything was
 * forgotten (`/clear`) a new conversation begins.
 * @throws AppError chat_not_found, and what the owner's history throws
 */
export async function continueChat(client: Client<AppContract>): Promise<KeptChat> {
  const { id } = await newest(client)
  const { chat: detail, messages } = await client.call('chats.get', { chat: id, limit: SHOWN })
  const questions = messages.filter(({ role }) => role === 'user')
  let chat = id
  let asked = questions.length
  let last = { id: questions.at(-1)?.id ?? '', text: questions.at(-1)?.content ?? '' }

  const open = ({ model, text }: { model: string; text: string }, isRetry: boolean): AsyncIterable<ChatEvent> =>
    isRetry
      ? client.stream('chats.regenerate', { chat, message: last.id, model })
      : client.stream('chats.send', { chat, content: text, model })

  async function* generate({ model, messages: said, params }: CliRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    const system = said.find(({ role }) => role === 'system')?.content ?? ''
    const users = said.filter(({ role }) => role === 'user')
    const text = users.at(-1)?.content ?? ''
    const isRetry = users.length <= asked && text === last.text && last.id !== ''
    if (!isRetry && users.length === 1 && asked > 0) {
      chat = (await client.call('chats.create', { model })).id
      asked = 0
    }
    await client.call('chats.update', { chat, system_prompt: system, params })
    // Leaving the stream would leave the answer to go on.
    const stop = (): void => void client.call('chats.stop', { chat }).catch(() => undefined)
    signal.addEventListener('abort', stop, { once: true })
    try {
      yield* toGeneration(open({ model, text }, isRetry), (question) => {
        last = { id: question, text }
        asked += 1
      })
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }
  return { title: detail.title, model: detail.model, system: detail.system_prompt, params: detail.params, messages, generate }
}
