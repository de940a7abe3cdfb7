import { describe, expect, it, vi } from 'vitest'
import type { ChatEvent, ChatThread } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { aChat, aChatDetail, aMessage } from '../../testing/chats'
import { channel, fakeClient } from '../../testing/fake-client'
import { createChatActions } from './actions'
import { createChatStore } from './store'

const progress = (content: string): ChatEvent => ({
  type: 'progress',
  waiting: null,
  thinking: false,
  reasoning_ms: null,
  content,
  reasoning: '',
})
const question = aMessage('q', { content: 'Hello' })
const answer = aMessage('a', { role: 'assistant', parent_id: 'q', content: '', state: 'streaming' })
const begun: ChatEvent = { type: 'begun', chat: aChat('c', { title: 'Hello' }), question, answer }
const end = (content: string, more = {}): ChatEvent => ({
  type: 'end',
  chat: aChat('c', { title: 'Hello' }),
  answer: { ...answer, content, state: 'complete', ...more },
})

function setUp(thread: Partial<ChatThread> = {}) {
  const store = createChatStore()
  store.setState({ model: 'org/model' })
  const sent = channel<ChatEvent>()
  const watched = channel<ChatEvent>()
  const signals: AbortSignal[] = []
  const flushes: (() => void)[] = []
  const shown: (string | null)[] = []
  const page: ChatThread = { chat: aChatDetail('c'), messages: [], more: false, ...thread }
  const told = (_input: unknown, signal: AbortSignal) => {
    signals.push(signal)
    return sent.events
  }
  const { client, asked } = fakeClient(
    {
      'chats.create': () => aChatDetail('c'),
      'chats.get': () => page,
      'chats.show_branch': () => page,
      'chats.stop': () => ({}),
      'chats.update': () => aChatDetail('c'),
    },
    { 'chats.send': told, 'chats.regenerate': told, 'chats.edit': told, 'chats.watch': () => watched.events },
  )
  const chat = createChatActions({
    client,
    store,
    schedule: (flush) => void flushes.push(flush),
    onShown: (id) => void shown.push(id),
  })
  const ask = (text: string) => {
    chat.setInput(text)
    return chat.send()
  }
  return { chat, store, state: () => store.getState(), sent, watched, asked, signals, flushes, shown, ask, page }
}

const settle = async (bench: ReturnType<typeof setUp>) => {
  await vi.waitFor(() => expect(bench.flushes.length).toBeGreaterThan(0))
  for (const flush of bench.flushes.splice(0)) flush()
}

describe('asking', () => {
  it('stores the conversation with its first question, shows the answer as it grows, and keeps the finished messages as they are', async () => {
    const bench = setUp()
    const done = bench.ask(' Hello ')
    expect(bench.state()).toMatchObject({ input: '', asking: true })
    bench.sent.send(begun)
    bench.sent.send(progress('Good '))
    await settle(bench)
    const [first] = bench.state().messages
    expect(bench.state()).toMatchObject({ chatId: 'c', asking: false, draft: { message: { content: 'Good ' } } })
    bench.sent.send(end('Good day.'))
    bench.sent.end()
    await done
    expect(bench.state()).toMatchObject({ draft: null, title: 'Hello' })
    expect(bench.state().messages.map(({ content }) => content)).toEqual(['Hello', 'Good day.'])
    expect(bench.state().messages[0]).toBe(first)
    expect(bench.shown).toEqual(['c'])
    expect(bench.asked.map(([name]) => name)).toEqual(['chats.create', 'chats.send'])
    expect(bench.asked[1]?.[1]).toEqual({ chat: 'c', content: 'Hello', attachments: [], model: 'org/model' })
  })

  it('does nothing without words or files, without a model, or while an answer is written', async () => {
    const bench = setUp()
    await bench.ask('  ')
    bench.chat.setModel(null)
    await bench.ask('Hello')
    expect(bench.asked).toEqual([])
    bench.chat.setModel('org/model')
    bench.chat.setFiles([{ name: 'a.txt', text: 'x' }])
    void bench.ask('')
    bench.sent.send(begun)
    await vi.waitFor(() => expect(bench.state().draft).not.toBe(null))
    await bench.ask('Two')
    expect(bench.asked.filter(([name]) => name === 'chats.send')).toHaveLength(1)
  })

  it('that is refused gives back what was typed, with why', async () => {
    const bench = setUp()
    const done = bench.ask('Hello')
    bench.sent.fail(new AppError('disk_full', 'There is no space left.'))
    await done
    expect(bench.state()).toMatchObject({ input: 'Hello', asking: false, draft: null, problem: { code: 'disk_full' } })
  })

  it('keeps what has come when the owner goes away, and shows what it wrote when it is there again', async () => {
    const bench = setUp({ messages: [question, { ...answer, content: 'Good', state: 'interrupted' }] })
    const done = bench.ask('Hello')
    bench.sent.send(begun)
    bench.sent.send(progress('Good'))
    await settle(bench)
    bench.sent.fail(new AppError('connection_lost', 'gone'))
    await done
    expect(bench.state()).toMatchObject({ draft: { message: { content: 'Good' } }, problem: { code: 'connection_lost' } })
    await bench.chat.refresh()
    expect(bench.state().draft).toBe(null)
    expect(bench.state().messages.map(({ state }) => state)).toEqual(['complete', 'interrupted'])
  })

  it('shows an answer that could not be stored with why, and keeps it on the screen', async () => {
    const bench = setUp({ messages: [question, { ...answer, content: 'Go' }] })
    const done = bench.ask('Hello')
    bench.sent.send(begun)
    bench.sent.send(progress('Good day'))
    await settle(bench)
    bench.sent.fail(new AppError('disk_full', 'There is no space left.'))
    await done
    const whole = { content: 'Good day', state: 'interrupted', error: { code: 'disk_full' } }
    expect(bench.state()).toMatchObject({ draft: null, asking: false, messages: [{ id: 'q' }, whole] })
    await bench.chat.refresh()
    expect(bench.state().messages).toMatchObject([{ id: 'q' }, whole])
  })

  it('stops by telling the owner, and leaves without stopping', async () => {
    const bench = setUp()
    void bench.ask('Hello')
    bench.sent.send(begun)
    await vi.waitFor(() => expect(bench.state().draft).not.toBe(null))
    bench.chat.stop()
    await vi.waitFor(() => expect(bench.asked.at(-1)?.[0]).toBe('chats.stop'))
    expect(bench.signals[0]?.aborted).toBe(false)
    bench.chat.newChat()
    expect(bench.signals[0]?.aborted).toBe(true)
    expect(bench.state()).toMatchObject({ chatId: null, messages: [], draft: null })
    bench.sent.send(end('late'))
    await Promise.resolve()
    expect(bench.state().messages).toEqual([])
    expect(bench.asked.filter(([name]) => name === 'chats.stop')).toHaveLength(1)
  })
})

describe('a conversation that is there', () => {
  const old = [question, { ...answer, content: 'One', state: 'complete' as const }]

  it('is opened with its settings and its model, and an answer that is being written is followed', async () => {
    const chat = aChatDetail('c', { answering: true, model: 'org/other', system_prompt: 'S', params: { top_p: 0.5 } })
    const bench = setUp({ chat, messages: [question, answer] })
    await bench.chat.open('c')
    expect(bench.state()).toMatchObject({ chatId: 'c', model: 'org/other', systemPrompt: 'S', params: { top_p: 0.5 } })
    expect(bench.state().messages.map(({ id }) => id)).toEqual(['q'])
    bench.watched.send({ ...begun, answer: { ...answer, content: 'So far' } })
    await vi.waitFor(() => expect(bench.state().draft?.message.content).toBe('So far'))
    bench.watched.send(end('So far so good'))
    bench.watched.end()
    await vi.waitFor(() => expect(bench.state().messages).toHaveLength(2))
  })

  it('shows another version in place of the old one', async () => {
    const bench = setUp({ messages: old })
    await bench.chat.open('c')
    void bench.chat.regenerate('a', 'org/other')
    bench.sent.send({ ...begun, question: null, answer: { ...answer, id: 'a2' } })
    await vi.waitFor(() => expect(bench.state().draft?.message.id).toBe('a2'))
    expect(bench.state().messages.map(({ id }) => id)).toEqual(['q'])
    expect(bench.state().model).toBe('org/other')
    expect(bench.asked.at(-1)).toEqual(['chats.regenerate', { chat: 'c', message: 'a', model: 'org/other' }])
  })

  it('shows an edited question in place of the old one', async () => {
    const bench = setUp({ messages: old })
    await bench.chat.open('c')
    expect(bench.chat.editLast()).toBe(true)
    expect(bench.state().editing).toBe('q')
    void bench.chat.edit('q', 'Better')
    bench.sent.send({
      ...begun,
      question: { ...question, id: 'q2', content: 'Better' },
      answer: { ...answer, id: 'a2', parent_id: 'q2' },
    })
    await vi.waitFor(() => expect(bench.state().draft).not.toBe(null))
    expect(bench.state()).toMatchObject({ editing: null, messages: [{ id: 'q2' }] })
  })

  it('is read upwards page by page, and never twice at once', async () => {
    const bench = setUp({ messages: old, more: true })
    await bench.chat.open('c')
    bench.page.messages = [aMessage('older')]
    bench.page.more = false
    await Promise.all([bench.chat.readOlder(), bench.chat.readOlder()])
    expect(bench.state().messages.map(({ id }) => id)).toEqual(['older', 'q', 'a'])
    expect(bench.state().more).toBe(false)
    expect(bench.asked.filter(([name]) => name === 'chats.get')).toHaveLength(2)
  })
})
