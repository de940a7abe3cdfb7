import { connect } from 'node:net'
import { once } from 'node:events'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WireError } from '../../../src/shared/openai'
import { needsEngine } from '../../setup/needs'
import { counting, hello, openGateway, thinking, type Gateway } from './support'

describe.skipIf(!needsEngine())('the API over real mlx_lm', () => {
  let gateway: Gateway
  let client: OpenAI
  const messages = [{ role: 'user' as const, content: 'Hi' }]

  beforeAll(async () => {
    gateway = await openGateway()
    client = new OpenAI({ baseURL: `${gateway.api.url}/v1`, apiKey: 'none', maxRetries: 0 })
  })

  afterAll(() => gateway?.close())

  function ask(body: unknown, init: RequestInit = {}): Promise<Response> {
    const headers = { 'content-type': 'application/json' }
    return fetch(`${gateway.api.url}/v1/chat/completions`, { method: 'POST', headers, body: JSON.stringify(body), ...init })
  }

  it('lists the models, one of them by an id with a slash, and says who is loaded', async () => {
    const { data } = await client.models.list()
    expect(data.map(({ id }) => id).sort()).toEqual([counting, hello, thinking].sort())
    expect(await client.models.retrieve(hello)).toMatchObject({ id: hello, context_length: 8192, owned_by: 'mlx-knife-demo' })
    await client.chat.completions.create({ model: hello, messages, max_tokens: 2 })
    expect((await client.models.list()).data[0]).toMatchObject({ id: hello, state: 'loaded' })
  })

  it('loads a model by a short name on the first request and answers under its full id', async () => {
    const answer = await client.chat.completions.create({ model: 'hello-fp32', messages })
    expect(answer.model).toBe(hello)
    expect(answer.choices[0]?.message.content).toMatch(/^Hello from MLX Knife!.*Have fun!$/s)
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    expect(answer.usage?.prompt_tokens).toBeGreaterThan(0)
    expect(answer.usage?.total_tokens).toBe(answer.usage!.prompt_tokens + answer.usage!.completion_tokens)
  })

  it('streams the same text, with real usage when asked', async () => {
    const whole = await client.chat.completions.create({ model: hello, messages })
    const stream = await client.chat.completions.create({
      model: hello,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' })
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(whole.choices[0]?.message.content)
    expect(chunks.at(-2)?.choices[0]).toEqual({ index: 0, delta: {}, finish_reason: 'stop' })
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: whole.usage!.completion_tokens } })
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
  })

  it('ends at the token limit with finish_reason length and as many tokens', async () => {
    const answer = await client.chat.completions.create({ model: counting, messages, max_completion_tokens: 12 })
    expect(answer.choices[0]?.finish_reason).toBe('length')
    expect(answer.usage?.completion_tokens).toBe(12)
  })

  it('gives the reasoning of a thinking model apart from the answer, streamed and whole', async () => {
    const answer = await client.chat.completions.create({ model: thinking, messages })
    const message = answer.choices[0]!.message as unknown as { content: string; reasoning: string; reasoning_content: string }
    expect(message.content).toMatch(/^I thought about it first/)
    expect(message.reasoning_content).toMatch(/^Somebody asked me something/)
    expect(message.reasoning).toBe(message.reasoning_content)
    let reasoning = ''
    let content = ''
    for await (const { choices } of await client.chat.completions.create({ model: thinking, messages, stream: true })) {
      const delta = choices[0]!.delta as { content?: string; reasoning_content?: string }
      reasoning += delta.reasoning_content ?? ''
      content += delta.content ?? ''
      expect(Object.keys(delta)).not.toEqual(expect.arrayContaining(['content', 'reasoning_content']))
    }
    expect([reasoning, content]).toEqual([message.reasoning_content, message.content])
  })

  it.each([
    ['a word', 'MLX Knife', 'Hello from '],
    ['part of two words', 'e! I', 'Hello from MLX Knif'],
    ['the first of several', ['your disk', 'tiny'], 'Hello from MLX Knife! I am a '],
  ])('stops exactly before %s, in both modes, and frees the engine', async (_, stop, expected) => {
    const whole = await client.chat.completions.create({ model: hello, messages, stop })
    expect(whole.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: expected } })
    let text = ''
    for await (const { choices } of await client.chat.completions.create({ model: hello, messages, stop, stream: true })) {
      text += choices[0]?.delta.content ?? ''
    }
    expect(text).toBe(expected)
    await gateway.idle()
  })

  it('keeps two answers at the same time apart', async () => {
    const models = [hello, thinking, hello, thinking]
    const answers = await Promise.all(models.map((model) => client.chat.completions.create({ model, messages })))
    expect(answers.map(({ model }) => model)).toEqual(models)
    expect(answers[0]?.choices[0]?.message.content).toBe(answers[2]?.choices[0]?.message.content)
    expect(answers[1]?.choices[0]?.message.content).toBe(answers[3]?.choices[0]?.message.content)
  })

  it('frees the engine when the client aborts its stream', async () => {
    const stream = await client.chat.completions.create({ model: counting, messages, stream: true, max_tokens: 2000 })
    let chunks = 0
    for await (const _ of stream) {
      chunks += 1
      if (chunks === 5) stream.controller.abort()
    }
    await gateway.idle()
    expect(gateway.api.activity.inFlight()).toBe(0)
  })

  it('frees the engine when the socket of a whole answer is cut', async () => {
    const body = JSON.stringify({ model: counting, messages, max_tokens: 2000 })
    const socket = connect(gateway.api.port, '127.0.0.1')
    const busy = new Promise<void>((resolve) => {
      const unsubscribe = gateway.pool.subscribe(() => {
        if (!gateway.pool.list().some(({ in_flight }) => in_flight > 0)) return
        unsubscribe()
        resolve()
      })
    })
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    await busy
    socket.destroy()
    await once(socket, 'close')
    await gateway.idle()
    await gateway.api.activity.idle()
    expect(gateway.logged).toEqual([])
  })

  it('meets the errors of the OpenAI client with the classes it knows', async () => {
    const create = (more: object) => client.chat.completions.create({ model: hello, messages, ...more })
    await expect(create({ model: 'org/none' })).rejects.toMatchObject({
      constructor: OpenAI.NotFoundError,
      code: 'model_not_found',
    })
    await expect(create({ messages: [] })).rejects.toMatchObject({ constructor: OpenAI.BadRequestError, param: 'messages' })
    await expect(create({ suffix: 'x' })).rejects.toMatchObject({ code: 'unsupported_parameter', param: 'suffix' })
    await expect(create({ model: 'org/none', stream: true })).rejects.toBeInstanceOf(OpenAI.NotFoundError)
    await expect(client.embeddings.create({ model: hello, input: 'a' })).rejects.toMatchObject({
      status: 501,
      code: 'not_implemented',
    })
    const long = [{ role: 'user' as const, content: 'sheep '.repeat(9000) }]
    for (const stream of [false, true]) {
      const failure = create({ messages: long, stream })
      await expect(failure).rejects.toMatchObject({ constructor: OpenAI.BadRequestError, code: 'context_length_exceeded' })
      await expect(failure).rejects.toThrow(/8192.*\d{4}|\d{4}.*8192/)
    }
  })

  it('gives every answer a request id, the same in the body of an error', async () => {
    const good = await ask({ model: hello, messages, max_tokens: 1 })
    expect(good.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/)
    await good.text()
    const bad = await ask({}, { body: '{"model": ' })
    const { error, request_id } = (await bad.json()) as WireError
    expect([bad.status, error.code, request_id]).toEqual([400, 'invalid_request', bad.headers.get('x-request-id')])
  })

  it('survives the requests that end an engine: extreme values answer or are refused, and the next request works', async () => {
    const evil = [
      { temperature: 2, top_k: 1_000_000_000 },
      { seed: -1, max_tokens: 3 },
      { seed: Number.MAX_SAFE_INTEGER, temperature: 1, max_tokens: 3 },
      { stop: 5 },
      { max_tokens: null, temperature: null, stop: null },
      { top_p: 1e-9, temperature: 1, max_tokens: 3 },
      { repetition_penalty: 0, presence_penalty: -2, frequency_penalty: 2, max_tokens: 3 },
      { min_p: 1, temperature: 1, max_tokens: 3 },
    ]
    for (const more of evil) {
      const response = await ask({ model: hello, messages, ...more })
      expect({ more, ok: [200, 400].includes(response.status) }).toEqual({ more, ok: true })
      await response.text()
    }
    const infinite = JSON.stringify({ model: hello, messages, temperature: 'T' }).replace('"T"', '1e999')
    expect((await ask({}, { body: infinite })).status).toBe(400)
    expect((await ask({ model: hello, messages, max_tokens: 1 })).status).toBe(200)
  })

  it('reports the end of an engine in the middle of a stream as an error, without [DONE], and answers the next request', async () => {
    const response = await ask({ model: counting, messages, stream: true, max_tokens: 3000 })
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = (await reader.read()).value ?? ''
    process.kill(gateway.pool.list().find(({ name }) => name === counting)!.pid!, 'SIGKILL')
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value
    expect(text).toContain('"code":"engine_crashed"')
    expect(text).not.toContain('[DONE]')
    expect((await ask({ model: counting, messages, max_tokens: 1 })).status).toBe(200)
  })
})

describe.skipIf(!needsEngine())('the end of the API', () => {
  it('ends open streams with an error event, frees the port and leaves nothing in flight, within five seconds', async () => {
    const gateway = await openGateway()
    try {
      const client = new OpenAI({ baseURL: `${gateway.api.url}/v1`, apiKey: 'none', maxRetries: 0 })
      const messages = [{ role: 'user' as const, content: 'Hi' }]
      await client.chat.completions.create({ model: counting, messages, max_tokens: 1 })
      const stream = await client.chat.completions.create({ model: counting, messages, stream: true, max_tokens: 4000 })
      const events = stream[Symbol.asyncIterator]()
      await events.next()
      const closed = Promise.race([
        gateway.api.close().then(() => 'closed'),
        once(AbortSignal.timeout(5000), 'abort').then(() => 'late'),
      ])
      const failure = (async () => {
        for (;;) if ((await events.next()).done === true) return null
      })().catch((error: unknown) => error)
      expect(await failure).toMatchObject({ code: 'server_shutdown' })
      expect(await closed).toBe('closed')
      await gateway.idle()
      await expect(fetch(`${gateway.api.url}/health`)).rejects.toBeInstanceOf(TypeError)
    } finally {
      await gateway.close()
    }
  })
})
