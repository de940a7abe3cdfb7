import { describe, expect, it } from 'vitest'
import { aChat, aMessage } from '../../testing/chats'
import { addProgress, groupChats, mergeThread, meterTone, presetOf, toDraft, usedTokens } from './model'

const progress = { type: 'progress', waiting: null, thinking: false, reasoning_ms: null, content: '', reasoning: '' } as const

describe('an answer that is being written', () => {
  it('waits, thinks, then speaks; what came stays', () => {
    let draft = toDraft(aMessage('a', { role: 'assistant', state: 'streaming', content: '' }))
    expect(draft.waiting).toEqual({ state: 'sent', progress: null })
    draft = addProgress(draft, { ...progress, thinking: true, reasoning: 'Hm' })
    expect(draft).toMatchObject({ waiting: null, thinking: true, message: { reasoning: 'Hm', content: '' } })
    draft = addProgress(draft, { ...progress, reasoning_ms: 400, content: 'Yes' })
    draft = addProgress(draft, { ...progress, reasoning_ms: 400, content: '.' })
    expect(draft.message).toMatchObject({ reasoning: 'Hm', reasoning_ms: 400, content: 'Yes.' })
  })

  it('that was found in the middle waits for nothing', () => {
    expect(toDraft(aMessage('a', { content: 'Half' })).waiting).toBe(null)
  })
})

describe('a thread that is read again', () => {
  it('keeps the older messages and the identity of those that are the same', () => {
    const shown = ['a', 'b', 'c', 'd'].map((id) => aMessage(id))
    const page = [aMessage('c'), aMessage('d', { content: 'longer' }), aMessage('e')]
    const { messages, keptOlder } = mergeThread(shown, page)
    expect(keptOlder).toBe(true)
    expect(messages.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(messages[2]).toBe(shown[2])
    expect(messages[3]).toBe(page[1])
  })

  it('is what it is when another branch is shown', () => {
    expect(mergeThread([aMessage('a'), aMessage('b')], [aMessage('a'), aMessage('x')]).messages.map(({ id }) => id)).toEqual([
      'a',
      'x',
    ])
    expect(mergeThread([aMessage('a')], []).messages).toEqual([])
  })
})

it('the list has pinned ones, then today, yesterday and earlier; midnight is what divides them', () => {
  const now = new Date(2026, 10, 12, 0, 30).getTime()
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour).toISOString()
  const chats = [
    aChat('p', { pinned: true, updated_at: at(1, 1) }),
    aChat('t', { updated_at: at(12, 0) }),
    aChat('y', { updated_at: at(11, 23) }),
    aChat('z', { updated_at: at(11, 0) }),
    aChat('e', { updated_at: at(10, 23) }),
  ]
  expect(groupChats(chats, now).map(({ period, chats: inside }) => [period, inside.map(({ id }) => id).join('')])).toEqual([
    ['pinned', 'p'],
    ['today', 't'],
    ['yesterday', 'yz'],
    ['earlier', 'e'],
  ])
})

it('presets are known by their parameters, whatever the token limit', () => {
  expect(presetOf({})).toBe('default')
  expect(presetOf({ temperature: 0.2, top_p: 0.9, max_tokens: 10 })).toBe('precise')
  expect(presetOf({ temperature: 0.21, top_p: 0.9 })).toBe(null)
})

it('the context is filled by what the last counted answer says, and warned of before it is full', () => {
  const usage = { prompt_tokens: 8, completion_tokens: 2, total_tokens: 10, cached_tokens: null }
  expect(usedTokens([aMessage('a')])).toBe(null)
  expect(usedTokens([aMessage('a', { usage }), aMessage('b')])).toBe(10)
  expect([0.84, 0.85, 0.96, 0.97].map((fraction) => meterTone(fraction * 100, 100))).toEqual(['normal', 'warn', 'warn', 'bad'])
})
