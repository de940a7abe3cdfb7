import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ScriptedModelSpec } from '../../../src/main/core/demo'
import type { ChatCompletion, ChatCompletionChunk } from '../../../src/shared/openai'
import { needsEngine } from '../../setup/needs'
import { caller, letters } from './models'
import { openGateway, type Gateway } from './support'

/** Models that end while somebody holds text back, because it might have become something else. */
const nearlyCalls = { name: 'test/nearly-calls', script: ['Almost <', 'tool_c'], template: caller.template }
const nearlyThinks = { name: 'test/nearly-thinks', thinking: ['Hm'], script: ['Well <', 'thi'] }
const cutEmoji = { name: 'test/cut-emoji', script: ['Hi ', Uint8Array.of(0xf0, 0x9f)] }
const space = { name: 'test/space', script: ['One', ' '] }

const endings: [string, ScriptedModelSpec, object, string][] = [
  ['the beginning of a stop text', letters, { stop: ['dx'] }, 'abcd'],
  ['the beginnings of several stop texts', letters, { stop: ['dx', 'cdy', 'abcde'] }, 'abcd'],
  [
    'the beginning of a tool call, with tools',
    nearlyCalls,
    { tools: [{ type: 'function', function: { name: 'f' } }] },
    'Almost <tool_c',
  ],
  ['the beginning of a tool call, without', nearlyCalls, {}, 'Almost <tool_c'],
  ['the beginning of a thought', nearlyThinks, {}, 'Well <thi'],
  ['half of an emoji', cutEmoji, {}, 'Hi \uFFFD'],
  ['half of an emoji, and the beginning of a stop text', cutEmoji, { stop: ['\uFFFD!'] }, 'Hi \uFFFD'],
  ['a space', space, {}, 'One '],
]

describe.skipIf(!needsEngine())('an answer that ends with', () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await openGateway()
    for (const spec of [letters, nearlyCalls, nearlyThinks, cutEmoji, space]) await gateway.write(spec)
  })
  afterAll(() => gateway?.close())

  async function ask(model: string, more: object): Promise<{ text: string; usage: unknown }> {
    const response = await fetch(`${gateway.api.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], ...more }),
    })
    const text = await response.text()
    expect([response.status, text]).toEqual([200, text])
    if (text.startsWith('{')) {
      const { choices, usage } = JSON.parse(text) as ChatCompletion
      expect(choices[0]?.finish_reason).toBe('stop')
      return { text: choices[0]?.message.content ?? '', usage }
    }
    const events = text.split('\n\n').filter((event) => event.startsWith('data: {'))
    const chunks = events.map((event) => JSON.parse(event.slice(6)) as ChatCompletionChunk)
    return {
      text: chunks.map(({ choices }) => (choices[0]?.delta as { content?: string } | undefined)?.content ?? '').join(''),
      usage: chunks.findLast(({ usage }) => usage != null)?.usage,
    }
  }

  it.each(endings)('%s is whole, streamed and not', async (_what, { name }, more, expected) => {
    const whole = await ask(name, more)
    const streamed = await ask(name, { ...more, stream: true, stream_options: { include_usage: true } })
    expect([whole.text, streamed.text]).toEqual([expected, expected])
    expect(whole.usage).toMatchObject({ completion_tokens: (streamed.usage as { completion_tokens: number }).completion_tokens })
  })
})
