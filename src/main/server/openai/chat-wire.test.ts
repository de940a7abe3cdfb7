import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatCompletionChunk } from '../../../shared/openai'
import { chatDialect } from './chat-wire'
import { heartbeat } from './dialect'

const head = { id: 'chatcmpl-1', created: 1, model: 'org/model' }

function parse(text: string): string[] {
  const data: string[] = []
  createParser({ onEvent: (event) => data.push(event.data) }).feed(text)
  return data
}

describe('the encoding of a stream', () => {
  it('brings every text through as one event, line breaks and control characters included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = new TextEncoder().encode(chatDialect.encodeEvent(head, 0, { type: 'text', text }))
        const [data, ...more] = parse(new TextDecoder().decode(bytes))
        expect(more).toEqual([])
        expect((JSON.parse(data ?? '') as ChatCompletionChunk).choices[0]?.delta).toEqual({ content: text })
      }),
    )
  })

  it('is silent about states and comments', () => {
    expect(chatDialect.encodeEvent(head, 0, { type: 'state', state: 'loading', progress: 1 })).toBe('')
    expect(parse(heartbeat)).toEqual([])
  })
})
