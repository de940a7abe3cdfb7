import { describe, expect, it, vi } from 'vitest'
import type { GenerationEvent } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { channel, fakeClient } from '../../testing/fake-client'
import { createChatActions, createChatStore } from './store'

const finish: GenerationEvent = {
  type: 'finish',
  reason: 'stop',
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, cached_tokens: null },
  timing: { first_token_ms: 1, total_ms: 2, tokens_per_second: 3 },
  model: 'org/model',
}

function setUp() {
  const store = createChatStore()
  store.setState({ model: 'org/model' })
  const answers = channel<GenerationEvent>()
  const signals: AbortSignal[] = []
  const flushes: (() => void)[] = []
  const { client, asked } = fakeClient(
    {},
    {
      'chat.send': (_input, signal) => {
        signals.push(signal)
        return answers.events
      },
    },
  )
  let id = 0
  const chat = createChatActions({
    client,
    store,
    now: () => 1_000,
    newId: () => String(++id),
    schedule: (flush) => void flushes.push(flush),
  })
  const state = () => store.getState()
  const ask = (text: string) => {
    chat.setInput(text)
    return chat.send()
  }
  /** Lets the stream's events through, then shows them as the clock would. */
  const settle = async () => {
    await vi.waitFor(() => expect(flushes.length).toBeGreaterThan(0))
    for (const flush of flushes.splice(0)) flush()
  }
  return { chat, state, ask, answers, asked, signals, settle }
}

describe('chat', () => {
  it('shows the question at once, the answer as it grows, and keeps both when it is done', async () => {
    const { state, ask, answers, settle } = setUp()
    const done = ask(' Hello ')
    expect(state().messages.map((message) => message.content)).toEqual(['Hello'])
    expect(state().input).toBe('')
    const question = state().messages[0]

    answers.send({ type: 'text', text: 'Hi' })
    await settle()
    expect(state().draft?.message.content).toBe('Hi')

    answers.send(finish)
    answers.end()
    await done
    expect(state().draft).toBeNull()
    expect(state().messages.map((message) => [message.role, message.content, message.state])).toEqual([
      ['user', 'Hello', 'complete'],
      ['assistant', 'Hi', 'complete'],
    ])
    // A finished message keeps its identity, so it is not rendered again.
    expect(state().messages[0]).toBe(question)
  })

  it('Stop ends the call and keeps what came', async () => {
    const { chat, state, ask, answers, signals, settle } = setUp()
    const done = ask('Hello')
    answers.send({ type: 'text', text: 'Half' })
    await settle()
    chat.stop()
    await done
    expect(signals[0]?.aborted).toBe(true)
    expect(state().messages.at(-1)).toMatchObject({ content: 'Half', state: 'interrupted', error: null })
  })

  it('an error is kept with the answer, and the question can be asked again', async () => {
    const { chat, state, ask, answers, asked } = setUp()
    const done = ask('Hello')
    answers.fail(new AppError('engine_load_failed', 'It did not load.', { hint: 'Try another model.' }))
    await done
    expect(state().messages.at(-1)).toMatchObject({
      state: 'failed',
      error: { code: 'engine_load_failed', hint: 'Try another model.' },
    })

    const again = chat.answerAgain()
    expect(state().messages.map((message) => message.content)).toEqual(['Hello'])
    answers.send(finish)
    answers.end()
    await again
    expect(asked).toHaveLength(2)
    expect(asked[1]).toEqual(asked[0])
  })

  it('a stream that ends without its end is an error, not an answer', async () => {
    const { state, ask, answers } = setUp()
    const done = ask('Hello')
    answers.end()
    await done
    expect(state().messages.at(-1)?.state).toBe('failed')
  })

  it('sends nothing while an answer runs, without text or without a model', async () => {
    const { chat, state, ask, asked, answers } = setUp()
    await ask('   ')
    chat.setModel(null)
    await ask('Hello')
    expect(asked).toEqual([])
    chat.setModel('org/model')
    const done = chat.send()
    await ask('Second')
    expect(state().input).toBe('Second')
    answers.end()
    await done
    expect(asked).toHaveLength(1)
  })

  it('a new chat ends the running answer, which reaches nobody; Undo brings the old one back', async () => {
    const { chat, state, ask, answers, settle } = setUp()
    const done = ask('Hello')
    answers.send({ type: 'text', text: 'Half' })
    await settle()
    chat.newChat()
    await done
    expect(state()).toMatchObject({ messages: [], draft: null })
    chat.undoNewChat()
    expect(state().messages.map((message) => message.content)).toEqual(['Hello', 'Half'])
    expect(state().cleared).toBeNull()
  })
})
