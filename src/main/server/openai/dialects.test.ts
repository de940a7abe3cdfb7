import { describe, expect, it } from 'vitest'
import type { GenerationEvent, TokenLogprob } from '../../../shared/contract'
import type { ChatCompletion, ChatCompletionChunk, TextCompletion } from '../../../shared/openai'
import { ask, bench, dataOf, errorOf, finish, post } from './test-bench'

/** What each event of an answer becomes on the wire, in both dialects, streamed and whole. */

const call = (index: number): GenerationEvent => ({
  type: 'tool_call',
  index,
  id: `c${index}`,
  name: `f${index}`,
  arguments: '{"a":1}',
})
const called = { ...finish, reason: 'tool_calls' } as GenerationEvent
const token = (text: string): TokenLogprob => ({ token: text, bytes: [...Buffer.from(text)], logprob: -0.5, top_logprobs: [] })

async function whole<T>(script: GenerationEvent[], body: object, path = '/v1/chat/completions'): Promise<T> {
  const response = await bench(script).api.request(path, post(body))
  expect(response.status).toBe(200)
  return (await response.json()) as T
}

async function chunks<T>(script: GenerationEvent[], body: object, path = '/v1/chat/completions'): Promise<T[]> {
  const data = dataOf(await (await bench(script).api.request(path, post({ ...body, stream: true }))).text())
  expect(data.pop()).toBe('[DONE]')
  return data as T[]
}

describe('tool calls', () => {
  it('whole: content is null when there are only calls, arguments are a text, finish_reason is tool_calls', async () => {
    const { choices } = await whole<ChatCompletion>([call(0), call(1), called], ask)
    expect(choices[0]).toEqual({
      index: 0,
      message: {
        role: 'assistant',
        content: null,
        tool_calls: [0, 1].map((n) => ({ id: `c${n}`, type: 'function', function: { name: `f${n}`, arguments: '{"a":1}' } })),
      },
      logprobs: null,
      finish_reason: 'tool_calls',
    })
  })

  it('keeps the text beside the calls', async () => {
    const { choices } = await whole<ChatCompletion>([{ type: 'text', text: 'Let me see.' }, call(0), called], ask)
    expect(choices[0]?.message.content).toBe('Let me see.')
  })

  it('streamed: id, type and name first, then the arguments, distinct indexes, an empty last delta', async () => {
    const deltas = (await chunks<ChatCompletionChunk>([call(0), call(1), called], ask)).map(({ choices }) => choices[0])
    expect(deltas.map((choice) => choice?.delta)).toEqual([
      { role: 'assistant', content: '' },
      { tool_calls: [{ index: 0, id: 'c0', type: 'function', function: { name: 'f0', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] },
      { tool_calls: [{ index: 1, id: 'c1', type: 'function', function: { name: 'f1', arguments: '' } }] },
      { tool_calls: [{ index: 1, function: { arguments: '{"a":1}' } }] },
      {},
    ])
    expect(deltas.at(-1)?.finish_reason).toBe('tool_calls')
  })
})

describe('several answers (n)', () => {
  it('whole: each with its index, the prompt counted once', async () => {
    const answer = await whole<ChatCompletion>([{ type: 'text', text: 'a' }, finish], { ...ask, n: 3 })
    expect(answer.choices.map(({ index, message }) => [index, message.content])).toEqual([
      [0, 'a'],
      [1, 'a'],
      [2, 'a'],
    ])
    expect(answer.usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 6, total_tokens: 11 })
  })

  it('streamed: every answer has its role and its finish, one usage chunk, one [DONE]', async () => {
    const body = { ...ask, n: 2, stream_options: { include_usage: true } }
    const data = await chunks<ChatCompletionChunk>([{ type: 'text', text: 'a' }, finish], body)
    for (const index of [0, 1]) {
      const own = data.flatMap(({ choices }) => choices.filter((choice) => choice.index === index))
      expect(own.map(({ delta }) => delta)).toEqual([{ role: 'assistant', content: '' }, { content: 'a' }, {}])
      expect(own.at(-1)?.finish_reason).toBe('stop')
    }
    expect(data.filter(({ choices }) => choices.length === 0)).toMatchObject([{ usage: { completion_tokens: 4 } }])
    expect(new Set(data.map(({ id }) => id)).size).toBe(1)
  })

  it('gives each its own seed, the first the one that was asked for', async () => {
    const { api, requests } = bench([finish])
    await api.request('/v1/chat/completions', post({ ...ask, n: 3, seed: 7 }))
    expect(requests.map(({ params }) => params.seed)).toEqual([7, 8, 9])
  })

  it('ends all when one fails, and leaves none behind', async () => {
    let open = 0
    const { api, activity } = bench(async function* () {
      const own = open
      open += 1
      try {
        yield { type: 'text', text: 'a' }
        if (own === 1) throw new Error('boom')
        yield { type: 'text', text: 'b' }
        yield finish
      } finally {
        open -= 1
      }
    })
    expect(await errorOf(await api.request('/v1/chat/completions', post({ ...ask, n: 3 })))).toMatchObject({ status: 500 })
    expect([open, activity.inFlight()]).toEqual([0, 0])
  })
})

describe('token probabilities', () => {
  const said: GenerationEvent = { type: 'text', text: 'ab', logprobs: [token('a'), token('b')] }

  it('stand beside their text in chats', async () => {
    const answer = await whole<ChatCompletion>([said, finish], { ...ask, logprobs: true })
    expect(answer.choices[0]?.logprobs).toEqual({ content: [token('a'), token('b')], refusal: null })
    const data = await chunks<ChatCompletionChunk>([said, finish], { ...ask, logprobs: true })
    expect(data[1]?.choices[0]).toMatchObject({ delta: { content: 'ab' }, logprobs: { content: [token('a'), token('b')] } })
  })

  it('have their old form in completions', async () => {
    const answer = await whole<TextCompletion>([said, finish], { model: 'chat', prompt: 'x', logprobs: 0 }, '/v1/completions')
    expect(answer.choices[0]?.logprobs).toEqual({
      tokens: ['a', 'b'],
      token_logprobs: [-0.5, -0.5],
      top_logprobs: null,
      text_offset: [0, 1],
    })
  })
})

describe('completions', () => {
  const body = { model: 'chat', prompt: 'Once', max_tokens: 9 }

  it.each(['/v1/completions', '/completions'])('%s answers with text, and asks with the prompt alone', async (path) => {
    const { api, requests } = bench([{ type: 'reasoning', text: 'hm' }, { type: 'text', text: ' upon' }, finish])
    const answer = (await (await api.request(path, post({ ...body, echo: true }))).json()) as TextCompletion
    expect(answer).toMatchObject({
      object: 'text_completion',
      model: 'org/chat',
      choices: [{ index: 0, text: 'Once upon', logprobs: null, finish_reason: 'stop' }],
      usage: { total_tokens: 7 },
    })
    expect(answer.id).toMatch(/^cmpl-/)
    expect(requests[0]).toMatchObject({ prompt: 'Once', messages: [], params: { max_tokens: 9 } })
  })

  it('streams the same text', async () => {
    const script: GenerationEvent[] = [{ type: 'text', text: ' upon' }, { type: 'text', text: ' a' }, finish]
    const data = await chunks<TextCompletion>(script, { ...body, echo: true }, '/v1/completions')
    expect(data.map(({ choices }) => choices[0]?.text)).toEqual(['Once', ' upon', ' a', ''])
    expect(data.at(-1)?.choices[0]?.finish_reason).toBe('stop')
    expect(data[0]).not.toHaveProperty('usage')
  })
})

describe('what a request asks for reaches the generator', () => {
  const tools = [
    { type: 'function', function: { name: 'f' } },
    { type: 'function', function: { name: 'g', strict: true } },
  ]
  it.each([
    [
      { tools },
      { tools: { choice: 'auto', parallel: true, definitions: [{ function: { name: 'f' } }, { function: { name: 'g' } }] } },
    ],
    [{ tools, tool_choice: 'required', parallel_tool_calls: false }, { tools: { choice: 'required', parallel: false } }],
    [
      { tools, tool_choice: { type: 'function', function: { name: 'g' } } },
      { tools: { choice: { name: 'g' }, definitions: [{ function: { name: 'g' } }] } },
    ],
    [{ reasoning_effort: 'none' }, { templateArguments: { enable_thinking: false } }],
    [{ reasoning_effort: 'high' }, { templateArguments: { enable_thinking: true, reasoning_effort: 'high' } }],
    [{ enable_thinking: false, chat_template_kwargs: { x: 1 } }, { templateArguments: { enable_thinking: false, x: 1 } }],
    [{ logprobs: true, top_logprobs: 2 }, { logprobs: { top: 2 } }],
    [{ logit_bias: { 5: -100 } }, { logitBias: { 5: -100 } }],
    [{ response_format: { type: 'json_object' } }, { responseFormat: { type: 'json_object' } }],
    [{ keep_alive: '10m' }, { keepAliveMs: 600_000 }],
    [{ keep_alive: 2.5 }, { keepAliveMs: 2500 }],
    [{ keep_alive: -1 }, { keepAliveMs: null }],
    [{ max_tokens: 5, max_completion_tokens: 6 }, { params: { max_tokens: 6 } }],
  ])('%j', async (more, expected) => {
    const { api, requests } = bench([finish])
    expect((await api.request('/v1/chat/completions', post({ ...ask, ...more }))).status).toBe(200)
    expect(requests[0]).toMatchObject(expected)
  })

  it.each([{ tools: [] }, { tools, tool_choice: 'none' }])('no tool at all with %j', async (more) => {
    const { api, requests } = bench([finish])
    await api.request('/v1/chat/completions', post({ ...ask, ...more }))
    expect(requests[0]).not.toHaveProperty('tools')
  })

  it.each([{ type: 'nonsense' }, { $ref: 'https://example.com/schema.json' }, { properties: 5 }, { pattern: '(' }])(
    'a schema that cannot be used is refused before anything is asked: %j',
    async (schema) => {
      const { api, requests } = bench([finish])
      const response_format = { type: 'json_schema', json_schema: { name: 'a', schema } }
      const refusal = await errorOf(await api.request('/v1/chat/completions', post({ ...ask, response_format })))
      expect(refusal).toMatchObject({ status: 400, param: 'response_format.json_schema.schema' })
      expect(requests).toEqual([])
    },
  )
})
