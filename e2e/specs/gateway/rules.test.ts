import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChatCompletion, ChatCompletionChunk, TextCompletion, WireError } from '../../../src/shared/openai'
import { needsEngine } from '../../setup/needs'
import { badCaller, badTemplate, caller, chatterbox, emoji, jsonSpeaker, letters, small } from './models'
import { counting, hello, openGateway, thinking, type Gateway } from './support'

/** A row for every rule of the API that needs a real engine to be kept. */
describe.skipIf(!needsEngine())('the rules of the API over real mlx_lm', () => {
  let gateway: Gateway
  let client: OpenAI
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  const weather = { type: 'function' as const, function: { name: 'weather', description: 'd', parameters: { type: 'object' } } }

  beforeAll(async () => {
    gateway = await openGateway()
    for (const spec of [badCaller, badTemplate, caller, chatterbox, emoji, jsonSpeaker, letters, small]) await gateway.write(spec)
    client = new OpenAI({ baseURL: `${gateway.api.url}/v1`, apiKey: 'none', maxRetries: 0 })
  })
  afterAll(() => gateway?.close())

  async function post(body: object, path = '/v1/chat/completions'): Promise<{ status: number; json: unknown; text: string }> {
    const response = await fetch(gateway.api.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return { status: response.status, json: isJson ? (JSON.parse(text) as unknown) : null, text }
  }

  const chunksOf = (text: string): ChatCompletionChunk[] =>
    text
      .split('\n\n')
      .filter((event) => event.startsWith('data: {'))
      .map((event) => JSON.parse(event.slice(6)) as ChatCompletionChunk)

  describe('tools', () => {
    it('a call comes beside the text before it, whole and streamed the same', async () => {
      const whole = await client.chat.completions.create({ model: caller.name, messages, tools: [weather] })
      const { message, finish_reason: reason } = whole.choices[0]!
      expect([message.content, reason]).toEqual(['Let me see. ', 'tool_calls'])
      expect(message.tool_calls).toMatchObject([{ type: 'function', function: { name: 'weather' } }])
      const made = message.tool_calls![0]! as { function: { arguments: string } }
      expect(JSON.parse(made.function.arguments)).toEqual({ city: 'Köln 🌧' })

      const runner = client.chat.completions.stream({ model: caller.name, messages, tools: [weather] })
      const final = await runner.finalChatCompletion()
      expect(final.choices[0]).toMatchObject({
        finish_reason: 'tool_calls',
        message: { content: 'Let me see. ', tool_calls: [{ function: made.function }] },
      })
    })

    it('the whole turn goes back: call, result, answer', async () => {
      const tool_calls = [{ id: 'c1', type: 'function' as const, function: { name: 'weather', arguments: '{"city":"Köln"}' } }]
      const history = [
        ...messages,
        { role: 'assistant' as const, content: null, tool_calls },
        { role: 'tool' as const, tool_call_id: 'c1', content: 'rain' },
      ]
      const answer = await client.chat.completions.create({ model: caller.name, messages: history, tools: [weather] })
      expect(answer.choices[0]?.finish_reason).toBe('tool_calls')
    })

    it('required: given at once when the model calls, 422 after two attempts when it does not', async () => {
      const good = await client.chat.completions.create({ model: caller.name, messages, tools: [weather], tool_choice: 'required' })
      expect(good.choices[0]?.message.tool_calls).toHaveLength(1)
      const bad = client.chat.completions.create({ model: hello, messages, tools: [weather], tool_choice: 'required' })
      await expect(bad).rejects.toMatchObject({ status: 422, code: 'invalid_output', param: 'tool_choice' })
    })

    it('none: the model does not hear of them, and what it says is text', async () => {
      const { choices } = await client.chat.completions.create({
        model: caller.name,
        messages,
        tools: [weather],
        tool_choice: 'none',
      })
      expect(choices[0]?.message.tool_calls).toBeUndefined()
      expect(choices[0]?.finish_reason).toBe('stop')
    })

    it('a call that cannot be read is an error, not an empty answer', async () => {
      const failure = client.chat.completions.create({ model: badCaller.name, messages, tools: [weather] })
      await expect(failure).rejects.toMatchObject({ status: 422, code: 'invalid_output' })
    })

    it('do not stop the text of a model that does not call', async () => {
      const { choices } = await client.chat.completions.create({ model: hello, messages, tools: [weather] })
      expect(choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: expect.stringMatching(/^Hello/) as string } })
    })
  })

  describe('answers in a form', () => {
    const schema = { type: 'object', properties: { city: { type: 'string' }, age: { type: 'integer' } }, required: ['city', 'age'] }
    const format = (own: object) => ({ type: 'json_schema' as const, json_schema: { name: 'a', schema: { ...own } } })

    it.each([
      ['json_object', { type: 'json_object' as const }],
      ['json_schema', format(schema)],
    ])('%s: the JSON alone, streamed and whole the same', async (_, response_format) => {
      const whole = await client.chat.completions.create({ model: jsonSpeaker.name, messages, response_format })
      expect(whole.choices[0]?.message.content).toBe('{"city": "Köln", "age": 38}')
      const { text } = await post({ model: jsonSpeaker.name, messages, response_format, stream: true })
      expect(
        chunksOf(text)
          .map(({ choices }) => (choices[0]?.delta as { content?: string } | undefined)?.content ?? '')
          .join(''),
      ).toBe(whole.choices[0]?.message.content)
    })

    it('a schema that is not met: 422 with what is wrong, and the engine is free', async () => {
      const failure = client.chat.completions.create({
        model: jsonSpeaker.name,
        messages,
        response_format: format({ ...schema, required: ['street'] }),
      })
      await expect(failure).rejects.toMatchObject({ status: 422, code: 'invalid_output', param: 'response_format' })
      await expect(failure).rejects.toThrow(/street/)
      await gateway.idle()
    })

    it('not JSON at all in a stream: one error event, no [DONE]', async () => {
      const { status, text } = await post({ model: hello, messages, response_format: { type: 'json_object' }, stream: true })
      expect(status === 422 || (text.includes('"code":"invalid_output"') && !text.includes('[DONE]'))).toBe(true)
    })
  })

  describe('token probabilities', () => {
    it('every token of the text, itself and the best others in order, streamed and whole the same', async () => {
      const body = { model: hello, messages, max_tokens: 4, logprobs: true, top_logprobs: 3 }
      const { choices } = (await post(body)).json as ChatCompletion
      const tokens = choices[0]!.logprobs!.content
      expect(tokens).toHaveLength(4)
      expect(tokens.map(({ token }) => token).join('')).toBe(choices[0]!.message.content)
      for (const { token, bytes, logprob, top_logprobs: top } of tokens) {
        expect(Buffer.from(bytes).toString()).toBe(token)
        expect(top).toHaveLength(3)
        expect(top[0]).toEqual({ token, bytes, logprob })
        expect(top.map((other) => other.logprob)).toEqual(top.map((other) => other.logprob).sort((a, b) => b - a))
      }
      const streamed = chunksOf((await post({ ...body, stream: true })).text).flatMap(
        ({ choices: [choice] }) => choice?.logprobs?.content ?? [],
      )
      expect(streamed.map(({ token }) => token)).toEqual(tokens.map(({ token }) => token))
    })

    it('have their old form in completions', async () => {
      const { choices } = (await post({ model: hello, prompt: 'x', max_tokens: 3, logprobs: 2 }, '/v1/completions'))
        .json as TextCompletion
      expect(choices[0]?.logprobs?.tokens.join('')).toBe(choices[0]?.text)
      expect(Object.keys(choices[0]?.logprobs?.top_logprobs?.[0] ?? {})).toHaveLength(2)
    })

    it('of parts of characters are bytes, and together they are the text', async () => {
      const { choices } = (await post({ model: emoji.name, messages, logprobs: true })).json as ChatCompletion
      const bytes = choices[0]!.logprobs!.content.flatMap((token) => token.bytes)
      expect(Buffer.from(bytes).toString()).toBe('Hi 😀 and é end')
    })
  })

  it('an emoji that is made of several tokens comes whole (E133), also when a stop begins with half of it', async () => {
    const { text } = await post({ model: emoji.name, messages, stream: true, stop: ['😁'] })
    const parts = chunksOf(text).map(({ choices }) => (choices[0]?.delta as { content?: string } | undefined)?.content ?? '')
    expect(parts.join('')).toBe('Hi 😀 and é end')
    expect(parts.filter((part) => /[\uD800-\uDBFF]$|^[\uDC00-\uDFFF]|\uFFFD/.test(part))).toEqual([])
  })

  it('tokens that end a turn never show, whatever the tokenizer counts as an end (E129, E130)', async () => {
    for (const stream of [false, true]) {
      const { text } = await post({ model: chatterbox.name, messages, stream, max_tokens: 50 })
      expect(text).not.toContain('endoftext')
      expect(text).not.toContain('And')
      expect(text).toContain('"finish_reason":"stop"')
    }
  })

  it('several answers: each whole, computed together; with a seed the same again', async () => {
    const answer = await client.chat.completions.create({ model: hello, messages, n: 3, max_tokens: 5 })
    expect(answer.choices.map(({ index, message }) => [index, message.content])).toEqual(
      [0, 1, 2].map((index) => [index, answer.choices[0]!.message.content]),
    )
    expect(answer.usage?.completion_tokens).toBe(15)
    const seeded = () => client.chat.completions.create({ model: hello, messages, n: 2, seed: -5, temperature: 1, max_tokens: 5 })
    expect((await seeded()).choices.map(({ message }) => message.content)).toEqual(
      (await seeded()).choices.map(({ message }) => message.content),
    )
  })

  it('completions: the prompt as it is, streamed and whole the same, half the context at most', async () => {
    const body = { model: hello, prompt: 'Once upon a time', max_tokens: 6 }
    const whole = (await post({ ...body, echo: true }, '/v1/completions')).json as TextCompletion
    expect(whole.choices[0]).toMatchObject({ finish_reason: 'length', text: expect.stringMatching(/^Once upon a time/) as string })
    expect(whole.usage).toMatchObject({ prompt_tokens: 16, completion_tokens: 6 })
    let text = ''
    for await (const { choices } of await client.completions.create({ ...body, stream: true })) text += choices[0]?.text ?? ''
    expect(`Once upon a time${text}`).toBe(whole.choices[0]?.text)
  })

  it('thinking is switched off by any of the three words for it', async () => {
    for (const more of [
      { reasoning_effort: 'none' },
      { enable_thinking: false },
      { chat_template_kwargs: { enable_thinking: false } },
    ]) {
      const { status, json } = await post({ model: thinking, messages, max_tokens: 8, ...more })
      expect({ more, status }).toEqual({ more, status: 200 })
      expect((json as ChatCompletion).usage.prompt_tokens).not.toBe(0)
    }
  })

  it.each([false, true])(
    'a prompt that does not fit is 400 with both counts, streamed %s; what fits is shortened to the rest',
    async (stream) => {
      const long = await post({ model: small.name, messages: [{ role: 'user', content: 'x'.repeat(100) }], stream })
      const { error } = long.json as WireError
      expect([long.status, error.code, error.param]).toEqual([400, 'context_length_exceeded', 'messages'])
      expect(error.message).toMatch(/64 tokens.* 1\d\d\./)
      const raw = await post({ model: small.name, prompt: 'x'.repeat(100), stream }, '/v1/completions')
      expect((raw.json as WireError).error).toMatchObject({ code: 'context_length_exceeded', param: 'prompt' })
      expect((await post({ model: small.name, messages, max_tokens: 100_000, stream })).status).toBe(200)
    },
  )

  it('a chat template that refuses the conversation: 400 with its reason, and the engine answers others', async () => {
    const { status, json } = await post({ model: badTemplate.name, messages })
    expect([status, (json as WireError).error]).toMatchObject([400, { param: 'messages' }])
    expect((json as WireError).error.message).toContain('Only user and assistant roles are supported!')
    const raw = await post({ model: badTemplate.name, prompt: 'x', max_tokens: 2 }, '/v1/completions')
    expect(raw.status).toBe(200)
  })

  it('developer messages, null values and placeholder parameters are taken as OpenAI takes them', async () => {
    const body = {
      model: hello,
      messages: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      ],
      max_tokens: 2,
      temperature: null,
      stop: null,
      tools: null,
      response_format: null,
      user: 'me',
      metadata: {},
      store: false,
    }
    expect((await post(body)).status).toBe(200)
  })

  it('keep_alive 0 unloads after the answer', async () => {
    expect((await post({ model: letters.name, messages, keep_alive: 0 })).status).toBe(200)
    await expect.poll(() => gateway.pool.list().some(({ name }) => name === letters.name)).toBe(false)
  })

  it('native load and unload, seen by ps and by the list of models', async () => {
    const load = await post({ model: 'letters' }, '/api/v1/models/load')
    expect(load.json).toMatchObject({ model: { name: letters.name, state: 'ready' } })
    const listed = await client.models.retrieve(letters.name)
    expect(listed).toMatchObject({ id: letters.name, state: 'loaded' })
    expect((await post({ model: letters.name }, '/api/v1/models/unload')).json).toEqual({ unloaded: letters.name })
    expect((await fetch(`${gateway.api.url}/api/v1/ps`).then((response) => response.json())) as object).not.toMatchObject({
      models: expect.arrayContaining([expect.objectContaining({ name: letters.name, state: 'ready' })]) as unknown,
    })
  })

  it('an id is found raw or encoded, in the list and by short names', async () => {
    for (const id of [hello, encodeURIComponent(hello), 'hello-fp32', 'HELLO-fp32']) {
      const response = await fetch(`${gateway.api.url}/v1/models/${id}`)
      expect(await response.json()).toMatchObject({ id: hello, object: 'model' })
    }
  })

  describe('requests that end mlx_lm by themselves', () => {
    const chat = (more: object) => ({
      path: '/v1/chat/completions',
      body: { model: letters.name, messages, max_tokens: 3, ...more },
    })
    const raw = (more: object) => ({ path: '/v1/completions', body: { model: letters.name, prompt: 'x', max_tokens: 3, ...more } })
    it.each([
      ['a stop that is a number', chat({ stop: 5 }), 400],
      ['a stop that is a list of numbers', chat({ stop: [1] }), 400],
      ['an empty stop', chat({ stop: '' }), 400],
      ['an empty prompt', raw({ prompt: '' }), 400],
      ['two prompts', raw({ prompt: ['a', 'b'] }), 400],
      ['a prompt of token ids', raw({ prompt: [1, 2, 3] }), 400],
      ['top_k of the whole vocabulary and more, with a temperature', chat({ top_k: 1_000_000, temperature: 1 }), 200],
      ['a bias for a token that is not there', chat({ logit_bias: { 999999: 5 } }), 400],
      ['xtc with a probability of one', chat({ xtc_probability: 1 }), 400],
      ['a temperature of null', chat({ temperature: null }), 200],
      ['max_tokens of null', chat({ max_tokens: null }), 200],
      ['more alternatives than mlx_lm tells', chat({ logprobs: true, top_logprobs: 20 }), 400],
      ['logprobs of a number in a chat', chat({ logprobs: 2 }), 400],
      ['no messages', { path: '/v1/chat/completions', body: { model: letters.name } }, 400],
      ['empty messages', chat({ messages: [] }), 400],
      ['an image', chat({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://x' } }] }] }), 400],
      ['a role that is none', chat({ messages: [{ role: 'robot', content: 'x' }] }), 400],
      [
        'arguments that are no JSON',
        chat({
          messages: [{ role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{' } }] }],
        }),
        400,
      ],
      ['empty stream options', chat({ stream: true, stream_options: {} }), 200],
      ['adapters', chat({ adapters: '/etc' }), 400],
      ['a draft model', chat({ draft_model: 'org/other' }), 400],
      ['a template of the client', chat({ chat_template_kwargs: { chat_template: '{{ 1 }}' } }), 400],
      ['template arguments that are no object', chat({ chat_template_kwargs: 5 }), 400],
      ['a seed of 64 bits', chat({ seed: Number.MAX_SAFE_INTEGER }), 200],
      ['a negative seed', chat({ seed: -1 }), 200],
      ['penalties at their ends', chat({ presence_penalty: -2, frequency_penalty: 2, repetition_penalty: 0 }), 200],
      ['top_p next to nothing', chat({ top_p: 1e-9, temperature: 2 }), 200],
      ['an unknown model', { path: '/v1/chat/completions', body: { model: 'org/unknown', messages } }, 404],
      ['a path as a model', { path: '/v1/chat/completions', body: { model: '../../etc/passwd', messages } }, [400, 404]],
    ] as const)('%s', async (_, { path, body }, status) => {
      await client.chat.completions.create({ model: letters.name, messages, max_tokens: 1 })
      const pid = gateway.pool.list().find(({ name }) => name === letters.name)?.pid
      const answer = await post(body, path)
      expect([status].flat()).toContain(answer.status)
      if (answer.status !== 200) {
        const { error, request_id: id } = answer.json as WireError
        expect(error).toMatchObject({ message: expect.any(String) as string, type: expect.any(String) as string })
        expect(id).toMatch(/^req_/)
      }
      const after = await client.chat.completions.create({ model: letters.name, messages, max_tokens: 1 })
      expect(after.choices).toHaveLength(1)
      expect(gateway.pool.list().find(({ name }) => name === letters.name)?.pid).toBe(pid)
    })

    it('a prompt that is exactly an earlier prompt and its answer', async () => {
      const first = (await post({ model: letters.name, prompt: 'x', max_tokens: 2 }, '/v1/completions')).json as TextCompletion
      expect(first.choices[0]?.text).toBe('ab')
      for (const prompt of ['xab', 'xab', 'x', 'xa']) {
        const next = await post({ model: letters.name, prompt, max_tokens: 1 }, '/v1/completions')
        expect(next.status).toBe(200)
      }
    })
  })

  it('usage says what was in the prompt cache', async () => {
    const long = [{ role: 'user' as const, content: 'The same question, asked twice.' }]
    await client.chat.completions.create({ model: counting, messages: long, max_tokens: 2 })
    const again = await client.chat.completions.create({ model: counting, messages: long, max_tokens: 2 })
    expect(again.usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(0)
  })
})
