import { describe, expect, it } from 'vitest'
import type { GenerationEvent, LoadedModel, ModelSummary } from '../../../shared/contract'
import { AppError, type ErrorCode } from '../../../shared/errors'
import type { WireError, WireModelList } from '../../../shared/openai'
import type { GenerationRequest } from '../../core/generation/types'
import type { ResolvedModel } from '../../core/models/types'
import { createActivity } from './activity'
import { buildApi } from './api'
import type { ApiDeps } from './deps'

function summary(name: string, more: Partial<ModelSummary> = {}): ModelSummary {
  const base = { name, health: 'healthy', runtime_compatible: true, capabilities: ['text-generation', 'chat'], size_bytes: 1000 }
  const rest = { last_modified: '2026-01-02T03:04:05Z', quantization: null, context: { tokens: 8192, source: 'config' } }
  return { ...base, ...rest, ...more } as ModelSummary
}

const finish: GenerationEvent = {
  type: 'finish',
  reason: 'stop',
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, cached_tokens: 1 },
  timing: { first_token_ms: 1, total_ms: 2, tokens_per_second: null },
  model: 'org/chat',
}

interface Bench {
  api: ReturnType<typeof buildApi>
  requests: GenerationRequest[]
  logged: [unknown, string][]
  activity: ReturnType<typeof createActivity>
}

type Script = (request: GenerationRequest, signal: AbortSignal) => AsyncGenerator<GenerationEvent>

function bench(script: Script | GenerationEvent[], more: Partial<ApiDeps> = {}): Bench {
  const requests: GenerationRequest[] = []
  const logged: [unknown, string][] = []
  const activity = createActivity()
  const run: Script = Array.isArray(script)
    ? async function* () {
        yield* script
      }
    : script
  const api = buildApi({
    generator: {
      generate: (request, signal) => {
        requests.push(request)
        return run(request, signal)
      },
    },
    catalog: {
      list: () =>
        Promise.resolve({
          models: [
            summary('org/chat'),
            summary('org/loaded', { quantization: { bits: 4, group_size: 64, mode: null } }),
            summary('org/broken', { health: 'unhealthy' }),
            summary('org/gguf', { runtime_compatible: false }),
            summary('org/embed', { capabilities: ['embeddings'] }),
          ],
          count: 5,
          roots: [],
        }),
      resolve: (spec) =>
        spec === 'chat' || spec === 'org/chat'
          ? Promise.resolve({ name: 'org/chat' } as ResolvedModel)
          : Promise.reject(new AppError('model_not_found', `No model "${spec}".`, { hint: 'See "mlxk list".' })),
    },
    pool: { list: () => [{ name: 'org/loaded', state: 'ready' } as LoadedModel] },
    logError: (error, id) => logged.push([error, id]),
    version: '1.2.3',
    activity,
    ...more,
  })
  return { api, requests, logged, activity }
}

const local = { host: '127.0.0.1:11811' }

function post(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { ...local, 'content-type': 'application/json', ...headers },
  }
}

const ask = { model: 'chat', messages: [{ role: 'user', content: 'Hi' }] }

async function errorOf(response: Response): Promise<{ status: number; code: ErrorCode; param: string | null; message: string }> {
  const { error, request_id } = (await response.json()) as WireError
  expect(response.headers.get('x-request-id')).toBe(request_id)
  expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'type'])
  return { status: response.status, code: error.code, param: error.param, message: error.message }
}

function dataOf(text: string): unknown[] {
  const lines = text.split('\n\n').filter((event) => event.startsWith('data: '))
  return lines.map((line) => (line === 'data: [DONE]' ? '[DONE]' : (JSON.parse(line.slice(6)) as unknown)))
}

describe('routes', () => {
  it.each(['/health', '/health/'])('GET %s is always 200 and says the state', async (path) => {
    const response = await bench([]).api.request(path, { headers: local })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ status: 'healthy', service: 'mlx-knife', state: 'ready', version: '1.2.3' })
  })

  it.each([
    ['busy', {}, true],
    ['degraded', { isDegraded: () => true }, false],
    ['starting', { pool: { list: () => [{ state: 'loading' } as LoadedModel] } }, false],
  ] as const)('health knows %s', async (state, more, working) => {
    const { api, activity } = bench([], more)
    if (working) activity.begin()
    expect(await (await api.request('/health', { headers: local })).json()).toMatchObject({ state })
  })

  it.each(['/v1/models', '/models'])(
    'GET %s lists only what can answer, loaded ones first, with sizes and context',
    async (path) => {
      const { data } = (await (await bench([]).api.request(path, { headers: local })).json()) as WireModelList
      expect(data.map(({ id }) => id)).toEqual(['org/loaded', 'org/chat'])
      expect(data[0]).toEqual({
        id: 'org/loaded',
        object: 'model',
        created: 1767323045,
        owned_by: 'org',
        context_length: 8192,
        max_model_len: 8192,
        size_bytes: 1000,
        quantization: { bits: 4, group_size: 64, mode: null },
        state: 'loaded',
      })
    },
  )

  it.each(['/v1/models/org/chat', '/v1/models/org%2Fchat', '/v1/models/chat', '/models/org/chat'])(
    'GET %s finds one model',
    async (path) => {
      const response = await bench([]).api.request(path, { headers: local })
      expect(await response.json()).toMatchObject({ id: 'org/chat', object: 'model', state: 'not-loaded' })
    },
  )

  it('HEAD answers like GET without a body', async () => {
    const response = await bench([]).api.request('/v1/models', { method: 'HEAD', headers: local })
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  it.each([
    ['GET', '/v1/models/org/broken', 404, 'model_not_found'],
    ['GET', '/v1/nonsense', 404, 'not_found'],
    ['GET', '/api/tags', 404, 'not_found'],
    ['POST', '/api/chat', 404, 'not_found'],
    ['GET', '/v1/chat/completions', 405, 'method_not_allowed'],
    ['POST', '/v1/models', 405, 'method_not_allowed'],
    ['DELETE', '/health', 405, 'method_not_allowed'],
    ['POST', '/v1/completions', 501, 'not_implemented'],
    ['POST', '/v1/embeddings', 501, 'not_implemented'],
    ['POST', '/embeddings', 501, 'not_implemented'],
    ['POST', '/v1/responses', 501, 'not_implemented'],
    ['POST', '/v1/messages', 501, 'not_implemented'],
    ['GET', '/metrics', 501, 'not_implemented'],
    ['GET', '/api/v1/downloads/abc', 501, 'not_implemented'],
    ['POST', '/api/v1/models/load', 501, 'not_implemented'],
  ])('%s %s is %i %s in the shape of OpenAI', async (method, path, status, code) => {
    const response = await bench([]).api.request(path, { method, headers: local })
    expect(await errorOf(response)).toMatchObject({ status, code })
  })

  it('405 names the methods that work', async () => {
    const response = await bench([]).api.request('/v1/chat/completions', { headers: local })
    expect(response.headers.get('allow')).toBe('POST, OPTIONS')
  })
})

describe('who may call', () => {
  it('refuses a foreign Host and a foreign Origin, and serves neither data nor CORS headers', async () => {
    const { api } = bench([])
    for (const headers of [{ host: 'evil.example' }, { ...local, origin: 'https://evil.example' }]) {
      const response = await api.request('/v1/models', { headers })
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
      expect(await errorOf(response)).toMatchObject({ status: 403, code: 'forbidden' })
    }
  })

  it('answers the preflight of a local page, with the headers that SDKs add, and lets it read the answer', async () => {
    const { api } = bench([])
    const headers = { ...local, origin: 'http://localhost:3000', 'access-control-request-headers': 'x-stainless-os,authorization' }
    const preflight = await api.request('/v1/chat/completions', { method: 'OPTIONS', headers })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toBe('x-stainless-os,authorization')
    const answer = await api.request('/v1/models', { headers })
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://localhost:3000')
  })

  it('answers OPTIONS without an Origin', async () => {
    expect((await bench([]).api.request('/anything', { method: 'OPTIONS', headers: local })).status).toBe(204)
  })

  it('refuses new requests while it stops, and says when to come again', async () => {
    const refuse = AbortSignal.abort()
    const response = await bench([], { shutdown: { refuse, cut: new AbortController().signal } }).api.request('/v1/models', {
      headers: local,
    })
    expect(response.headers.get('retry-after')).toBe('2')
    expect(await errorOf(response)).toMatchObject({ status: 503, code: 'server_shutdown' })
  })
})

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
    [400, 'unsupported_parameter', { ...ask, n: 3 }, {}],
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

  it('refuses more answers at once than it is allowed to make', async () => {
    const { api, activity } = bench([finish], { limits: { maxInFlight: 1 } })
    const end = activity.begin()
    const response = await api.request('/v1/chat/completions', post(ask))
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await errorOf(response)).toMatchObject({ status: 429, code: 'rate_limit_exceeded' })
    end()
    expect((await api.request('/v1/chat/completions', post(ask))).status).toBe(200)
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

  it('keeps the status open while a model loads, and turns to comments and an error event when that takes long', async () => {
    const { api } = bench(
      async function* () {
        yield { type: 'state', state: 'loading', progress: 0.1 }
        await new Promise((resolve) => setTimeout(resolve, 60))
        throw new AppError('engine_load_failed', 'Bad weights.')
      },
      { limits: { patienceMs: 10, silenceMs: 10 } },
    )
    const response = await api.request('/v1/chat/completions', post(streamed))
    expect(response.status).toBe(200)
    const text = await response.text()
    expect(text.startsWith(': keepalive\n\n: keepalive\n\n')).toBe(true)
    expect(dataOf(text)).toMatchObject([{ error: { code: 'engine_load_failed' } }])
  })

  it('sends comments in a silence although the generator goes on telling states', async () => {
    const { api } = bench(
      async function* () {
        for (let step = 0; step < 12; step += 1) {
          yield { type: 'state', state: 'loading', progress: step / 12 }
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
        yield finish
      },
      { limits: { patienceMs: 5, silenceMs: 20 } },
    )
    const text = await (await api.request('/v1/chat/completions', post(streamed))).text()
    expect(text.split(': keepalive').length).toBeGreaterThan(2)
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
