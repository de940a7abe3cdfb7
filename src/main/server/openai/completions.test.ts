import { describe, expect, it } from 'vitest'
import { AppError } from '../../../shared/errors'
import { createRequestLog } from '../../core/activity'
import { ask, bench, dataOf, errorOf, finish, post } from './test-bench'

describe('chat completions, whole', () => {
  it('answers with text, reasoning, real usage and the full model id', async () => {
    const { api, requests, activity } = bench([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
      finish,
    ])
    const response = await api.request(
      '/v1/chat/completions',
      post({ ...ask, stop: 'x', max_completion_tokens: 9, max_tokens: 3, user: 'u' }),
    )
    expect(await response.json()).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      model: 'org/chat',
      choices: [
        {
          index: 0,
          finish_reason: 'stop',
          message: { role: 'assistant', content: 'Hello', reasoning_content: 'hm', reasoning: 'hm' },
        },
      ],
      usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, prompt_tokens_details: { cached_tokens: 1 } },
    })
    expect(requests[0]).toMatchObject({ face: 'server', params: { stop: ['x'], max_tokens: 9 } })
    expect(activity.inFlight()).toBe(0)
  })

  it('hands developer messages on as system, and joins text parts', async () => {
    const { api, requests } = bench([finish])
    const parts = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ]
    const messages = [
      { role: 'developer', content: 'D' },
      { role: 'user', content: parts },
      { role: 'tool', content: null, tool_call_id: 'c' },
    ]
    await api.request('/chat/completions', post({ ...ask, messages }))
    expect(requests[0]?.messages).toEqual([
      { role: 'system', content: 'D' },
      { role: 'user', content: 'ab' },
      { role: 'tool', content: null, tool_call_id: 'c' },
    ])
  })

  it.each([
    [400, 'invalid_request', '{"model":', {}],
    [400, 'invalid_request', '', {}],
    [400, 'invalid_request', '[]', {}],
    [400, 'invalid_request', { ...ask, messages: [] }, {}],
    [400, 'invalid_request', { ...ask, temperature: 'hot' }, {}],
    [400, 'unsupported_parameter', { ...ask, adapters: 'x' }, {}],
    [404, 'model_not_found', { ...ask, model: 'org/none' }, {}],
    [415, 'unsupported_media_type', ask, { 'content-type': 'text/plain' }],
    [415, 'unsupported_media_type', ask, { 'content-type': 'application/x-www-form-urlencoded' }],
    [413, 'too_large', ask, { 'content-length': '999999999' }],
    [413, 'too_large', { ...ask, user: 'x'.repeat(3000) }, {}],
  ] as const)('refuses with %i %s what is wrong', async (status, code, body, headers) => {
    const { api, requests } = bench([finish], { limits: { maxBodyBytes: 2000 } })
    const response = await api.request('/v1/chat/completions', post(body, headers))
    expect(await errorOf(response)).toMatchObject({ status, code })
    expect(requests).toEqual([])
  })

  it('refuses a body of very many values before it looks at each of them', async () => {
    const messages = Array.from({ length: 300_000 }, () => 5)
    const { api } = bench([finish])
    expect(await errorOf(await api.request('/v1/chat/completions', post({ ...ask, messages })))).toMatchObject({
      status: 413,
      code: 'too_large',
    })
  })

  it('refuses a body that is not UTF-8', async () => {
    const init = { ...post(''), body: new Uint8Array([0x7b, 0xff, 0x7d]) }
    expect(await errorOf(await bench([]).api.request('/v1/chat/completions', init))).toMatchObject({ status: 400 })
  })

  it.each([
    ['engine_missing', 503, 'false'],
    ['engine_crashed', 503, null],
    ['context_length_exceeded', 400, null],
  ] as const)('maps %s to %i, with the hint in the message', async (code, status, retry) => {
    const error = new AppError(code, 'What.', { hint: 'Do this.' })
    // eslint-disable-next-line require-yield
    const { api, logged } = bench(async function* () {
      throw error
    })
    for (const stream of [false, true]) {
      const response = await api.request('/v1/chat/completions', post({ ...ask, stream }))
      expect(response.headers.get('x-should-retry')).toBe(retry)
      expect(await errorOf(response)).toMatchObject({ status, code, message: 'What. Do this.' })
    }
    expect(logged).toEqual([])
  })

  it('hides the text of an error that nobody foresaw, and logs it once under the request id', async () => {
    const secret = new Error('ENOENT /home/me/secret')
    // eslint-disable-next-line require-yield
    const { api, logged } = bench(async function* () {
      throw secret
    })
    const response = await api.request('/v1/chat/completions', post(ask))
    const id = response.headers.get('x-request-id')
    const { status, message } = await errorOf(response)
    expect(status).toBe(500)
    expect(message).not.toContain('secret')
    expect(logged).toEqual([[secret, id]])
  })
})

describe('chat completions, streamed', () => {
  const streamed = { ...ask, stream: true, stream_options: { include_usage: true } }

  it('sends role, one change per delta, finish, usage and [DONE], all with one id', async () => {
    const { api, activity } = bench([{ type: 'reasoning', text: 'hm' }, { type: 'text', text: 'Hé' }, finish])
    const response = await api.request('/v1/chat/completions', post(streamed))
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform')
    expect(response.headers.get('x-accel-buffering')).toBe('no')
    const data = dataOf(await response.text())
    const heads = data.slice(0, -1) as { id: string; created: number; model: string; object: string }[]
    expect(new Set(heads.map(({ id, created, model, object }) => `${id} ${created} ${model} ${object}`)).size).toBe(1)
    expect(heads[0]).toMatchObject({ object: 'chat.completion.chunk', model: 'org/chat' })
    expect(data.map((chunk) => (chunk as { choices?: unknown }).choices ?? chunk)).toEqual([
      [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
      [{ index: 0, delta: { reasoning_content: 'hm', reasoning: 'hm' }, finish_reason: null }],
      [{ index: 0, delta: { content: 'Hé' }, finish_reason: null }],
      [{ index: 0, delta: {}, finish_reason: 'stop' }],
      [],
      '[DONE]',
    ])
    expect(data.at(-2)).toMatchObject({ usage: { total_tokens: 7, prompt_tokens_details: { cached_tokens: 1 } } })
    expect(activity.inFlight()).toBe(0)
  })

  it('sends no usage chunk unasked', async () => {
    const response = await bench([{ type: 'text', text: 'a' }, finish]).api.request(
      '/v1/chat/completions',
      post({ ...ask, stream: true }),
    )
    expect(await response.text()).not.toContain('usage')
  })

  it('answers an empty answer with role, finish and [DONE]', async () => {
    const response = await bench([finish]).api.request('/v1/chat/completions', post({ ...ask, stream: true }))
    expect(dataOf(await response.text())).toHaveLength(3)
  })

  it('ends a failure in the middle with one error event and no [DONE]', async () => {
    const { api, activity } = bench(async function* () {
      yield { type: 'text', text: 'a' }
      throw new AppError('engine_crashed', 'It died.')
    })
    const response = await api.request('/v1/chat/completions', post(streamed))
    const data = dataOf(await response.text())
    expect(data).toHaveLength(3)
    expect(data[2]).toEqual({
      error: { message: 'It died.', type: 'service_unavailable_error', param: null, code: 'engine_crashed' },
      request_id: response.headers.get('x-request-id'),
    })
    expect(activity.inFlight()).toBe(0)
  })

  /** Reads until so many comments have come, then lets the generator go on, and gives all that was sent. */
  async function readComments(response: Response, count: number, goOn: () => void): Promise<string> {
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += part.value
      if (text.split(': keepalive').length > count) goOn()
    }
    return text
  }

  it('keeps the status open while a model loads, and turns to comments and an error event when that takes long', async () => {
    let fail: () => void = () => {}
    const failed = new Promise<void>((resolve) => (fail = resolve))
    const { api } = bench(
      async function* () {
        yield { type: 'state', state: 'loading', progress: 0.1 }
        await failed
        throw new AppError('engine_load_failed', 'Bad weights.')
      },
      { limits: { patienceMs: 10, silenceMs: 10 } },
    )
    const response = await api.request('/v1/chat/completions', post(streamed))
    expect(response.status).toBe(200)
    const text = await readComments(response, 2, fail)
    expect(text.startsWith(': keepalive\n\n: keepalive\n\n')).toBe(true)
    expect(dataOf(text)).toMatchObject([{ error: { code: 'engine_load_failed' } }])
  })

  it('sends comments in a silence although the generator goes on telling states', async () => {
    const load = { done: false }
    const { api } = bench(
      async function* () {
        while (!load.done) {
          yield { type: 'state', state: 'loading', progress: null }
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
        yield finish
      },
      { limits: { patienceMs: 5, silenceMs: 20 } },
    )
    const text = await readComments(await api.request('/v1/chat/completions', post(streamed)), 3, () => (load.done = true))
    expect(dataOf(text).at(-1)).toBe('[DONE]')
  })

  it('stops the generator when the client leaves', async () => {
    let stopped: (by: string) => void = () => {}
    const left = new Promise<string>((resolve) => (stopped = resolve))
    const { api, activity, logged } = bench(async function* (_request, signal) {
      signal.addEventListener('abort', () => stopped('client'))
      for (;;) {
        yield { type: 'text', text: 'more ' }
        await new Promise((resolve) => setImmediate(resolve))
        if (signal.aborted) throw new AppError('cancelled', 'Cancelled.')
      }
    })
    const response = await api.request('/v1/chat/completions', post(streamed))
    expect(activity.inFlight()).toBe(1)
    const reader = response.body!.getReader()
    await reader.read()
    await reader.cancel()
    expect(await left).toBe('client')
    expect([activity.inFlight(), logged]).toEqual([0, []])
  })

  it('lets go of a generator that rests between two pulls when the client leaves', async () => {
    let letGo: () => void = () => {}
    const released = new Promise<string>((resolve) => (letGo = () => resolve('released')))
    const { api } = bench(async function* () {
      try {
        for (;;) yield { type: 'text', text: 'more ' }
      } finally {
        letGo()
      }
    })
    const reader = (await api.request('/v1/chat/completions', post(streamed))).body!.getReader()
    await reader.read()
    // The stream has filled its queue and pulls no more: nothing is awaited that an abort could end.
    await new Promise((resolve) => setImmediate(resolve))
    await reader.cancel()
    expect(await released).toBe('released')
  })

  it('tells open streams that the server was shut down', async () => {
    const cut = new AbortController()
    const { api } = bench(
      async function* (_request, signal) {
        yield { type: 'text', text: 'a' }
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
        throw new AppError('cancelled', 'Cancelled.')
      },
      { shutdown: { refuse: new AbortController().signal, cut: cut.signal } },
    )
    const response = await api.request('/v1/chat/completions', post(streamed))
    cut.abort()
    expect(dataOf(await response.text()).at(-1)).toMatchObject({ error: { code: 'server_shutdown' } })
  })
})

describe('the list of requests', () => {
  async function told(requests: ReturnType<typeof createRequestLog>) {
    const leave = new AbortController()
    const { value } = await requests.watch(leave.signal).next()
    leave.abort()
    return value?.requests ?? []
  }

  it('has an answer with its client, model, tokens and id, and a refusal with its code', async () => {
    const requests = createRequestLog()
    const { api } = bench([{ type: 'text', text: 'a secret' }, finish], { requests })
    const good = await api.request('/v1/chat/completions', post(ask, { 'user-agent': 'curl/8' }))
    await good.text()
    await api.request('/v1/chat/completions', post({ ...ask, model: 'org/none' }))
    await api.request('/v1/completions', post('{"model":'))
    const list = await told(requests)
    expect(list).toMatchObject([
      { id: good.headers.get('x-request-id'), client: 'curl', model: 'org/chat', state: 'done', status: 200, completion_tokens: 2 },
      {
        route: '/v1/chat/completions',
        client: null,
        model: 'org/none',
        state: 'failed',
        status: 404,
        error_code: 'model_not_found',
      },
      { route: '/v1/completions', model: null, state: 'failed', status: 400, error_code: 'invalid_request' },
    ])
    expect(JSON.stringify(list)).not.toContain('secret')
  })

  it('has a stream that its client left as cancelled', async () => {
    const requests = createRequestLog()
    const { api } = bench(
      async function* () {
        yield { type: 'text', text: 'a' }
        await new Promise(() => undefined)
      },
      { requests },
    )
    const response = await api.request('/v1/chat/completions', post({ ...ask, stream: true }))
    await response.body?.cancel()
    expect(await told(requests)).toMatchObject([{ state: 'cancelled', stream: true, completion_tokens: 1 }])
  })
})
