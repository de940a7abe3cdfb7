import { describe, expect, it } from 'vitest'
import type { ChatMessage, GenerationEvent } from '../../../shared/contract'
import {
  applyEvent,
  endEarly,
  meterTone,
  newDraft,
  toPrompt,
  usedTokens,
  userMessage,
  withoutLastAnswer,
  type Draft,
} from './model'

const stamp = { id: 'm', createdAt: '2026-11-01T10:00:00.000Z' }
const finish: GenerationEvent = {
  type: 'finish',
  reason: 'stop',
  usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8, cached_tokens: null },
  timing: { first_token_ms: 100, total_ms: 400, tokens_per_second: 10 },
  model: 'org/model',
}

/** An answer after these events, each at its time in ms. */
function after(...events: [number, GenerationEvent][]): Draft {
  return events.reduce((draft, [at, event]) => applyEvent(draft, event, at), newDraft(stamp, 'org/model'))
}

const text = (value: string): GenerationEvent => ({ type: 'text', text: value })
const reasoning = (value: string): GenerationEvent => ({ type: 'reasoning', text: value })
const said = (role: ChatMessage['role'], content: string): ChatMessage => ({ ...userMessage(stamp, content), role })

describe('an answer as it grows', () => {
  it('collects text in order and ends with its figures', () => {
    const { message, waiting } = after([0, text('Hel')], [10, text('lo')], [20, finish])
    expect(message).toMatchObject({ content: 'Hello', state: 'complete', finish_reason: 'stop', usage: { completion_tokens: 3 } })
    expect(waiting).toBeNull()
  })

  it('keeps reasoning apart and measures it until the answer starts', () => {
    const { message, thinkingSince } = after([1000, reasoning('Let me ')], [2000, reasoning('see.')], [5100, text('Yes')])
    expect(message).toMatchObject({ reasoning: 'Let me see.', reasoning_ms: 4100, content: 'Yes' })
    expect(thinkingSince).toBeNull()
  })

  it('adds up the times when a model thinks again in between', () => {
    const { message } = after([0, reasoning('a')], [100, text('b')], [1000, reasoning('c')], [1050, finish])
    expect(message.reasoning_ms).toBe(150)
  })

  it('says what it waits for until something comes', () => {
    const loading = after([0, { type: 'state', state: 'loading', progress: 0.4 }])
    expect(loading.waiting).toEqual({ state: 'loading', progress: 0.4 })
    expect(applyEvent(loading, text('x'), 1).waiting).toBeNull()
  })

  it('does not change the draft it was given', () => {
    const draft = newDraft(stamp, 'org/model')
    const copy = structuredClone(draft)
    applyEvent(draft, text('x'), 1)
    expect(draft).toEqual(copy)
  })
})

describe('an answer that ends early', () => {
  const error = { code: 'engine_crashed', message: 'Out of memory.' } as const

  it('keeps its text when it was stopped, without an error', () => {
    expect(endEarly(after([0, text('Half')]), { type: 'stopped' }, 1)).toMatchObject({
      content: 'Half',
      state: 'interrupted',
      error: null,
    })
  })

  it('keeps its text and the reason when the engine fails', () => {
    expect(endEarly(after([0, text('Half')]), { type: 'failed', error }, 1)).toMatchObject({
      content: 'Half',
      state: 'interrupted',
      error,
    })
  })

  it('has failed when nothing came', () => {
    expect(endEarly(after(), { type: 'failed', error }, 1)).toMatchObject({ content: '', state: 'failed', error })
  })

  it('ends the time of thinking', () => {
    expect(endEarly(after([100, reasoning('Hm')]), { type: 'stopped' }, 400).reasoning_ms).toBe(300)
  })

  it('stays complete when the connection breaks after its end', () => {
    expect(endEarly(after([0, text('All')], [1, finish]), { type: 'failed', error }, 2)).toMatchObject({
      state: 'complete',
      error: null,
    })
  })
})

describe('the conversation for the model', () => {
  it('leaves out failed answers and joins the questions that then stand together', () => {
    const messages = [
      said('user', 'One'),
      said('assistant', ''),
      said('user', 'Two'),
      said('assistant', 'Yes'),
      said('user', 'Three'),
    ]
    expect(toPrompt(messages)).toEqual([
      { role: 'user', content: 'One\n\nTwo' },
      { role: 'assistant', content: 'Yes' },
      { role: 'user', content: 'Three' },
    ])
  })

  it('can be asked again from its last question', () => {
    const messages = [said('user', 'One'), said('assistant', 'A'), said('user', 'Two'), said('assistant', 'B')]
    expect(withoutLastAnswer(messages)?.map((message) => message.content)).toEqual(['One', 'A', 'Two'])
    expect(withoutLastAnswer([])).toBeNull()
  })

  it('fills the context as its last counted answer says', () => {
    const counted = after([0, finish]).message
    expect(usedTokens([said('user', 'x')])).toBeNull()
    expect(usedTokens([counted, said('user', 'x'), said('assistant', '')])).toBe(8)
  })

  it.each([
    [84, 'normal'],
    [85, 'warn'],
    [97, 'bad'],
  ])('%d %% of the context is %s', (used, tone) => expect(meterTone(used, 100)).toBe(tone))
})
