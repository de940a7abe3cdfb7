import { describe, expect, it } from 'vitest'
import type { LoadedModel } from '../../../shared/contract'
import type { WireModelList } from '../../../shared/openai'
import { bench, errorOf, local, poolWith } from './test-bench'

describe('routes', () => {
  it.each(['/health', '/health/'])('GET %s is always 200 and says the state', async (path) => {
    const response = await bench([]).api.request(path, { headers: local })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ status: 'healthy', service: 'mlx-knife', state: 'ready', version: '1.2.3' })
  })

  it.each([
    ['busy', {}, true],
    ['degraded', { isDegraded: () => true }, false],
    ['starting', { pool: poolWith([{ state: 'loading' } as LoadedModel]) }, false],
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
        meta: { context_length: 8192 },
        size_bytes: 1000,
        quantization: { bits: 4, group_size: 64, mode: null, mixed: false },
        type: 'llm',
        capabilities: ['text-generation', 'chat'],
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
    ['POST', '/v1/embeddings', 501, 'not_implemented'],
    ['POST', '/embeddings', 501, 'not_implemented'],
    ['POST', '/v1/responses', 501, 'not_implemented'],
    ['POST', '/v1/messages', 501, 'not_implemented'],
    ['GET', '/api/v1/downloads/abc', 404, 'download_not_found'],
    ['GET', '/api/v1/downloads', 405, 'method_not_allowed'],
    ['GET', '/api/v1/models/load', 405, 'method_not_allowed'],
    ['GET', '/api/v1/nonsense', 404, 'not_found'],
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
