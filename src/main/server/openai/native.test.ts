import { describe, expect, it } from 'vitest'
import type { LoadedModel } from '../../../shared/contract'
import type { NativeStatus } from '../../../shared/openai'
import type { ApiDeps } from './deps'
import { ask, bench, errorOf, finish, local, poolWith, post } from './test-bench'

const loaded = { name: 'org/chat', state: 'ready', in_flight: 0, memory_bytes: 1024 } as LoadedModel

/** A pool that a test changes. */
function livePool(models: LoadedModel[] = []): ApiDeps['pool'] & { change: (next: LoadedModel[]) => void; unloaded: string[] } {
  const listeners = new Set<() => void>()
  const unloaded: string[] = []
  let now = models
  const change = (next: LoadedModel[]): void => {
    now = next
    for (const listener of listeners) listener()
  }
  return {
    list: () => now,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    load: () => {
      change([loaded])
      return Promise.resolve()
    },
    unload: (name) => {
      unloaded.push(name)
      return Promise.resolve()
    },
    change,
    unloaded,
  }
}

describe('the native routes', () => {
  it('list every model with its state and whether it can answer, without the paths of this machine', async () => {
    const response = await bench([]).api.request('/api/v1/models', { headers: local })
    const { models } = (await response.json()) as { models: { name: string; state: string; can_answer: boolean }[] }
    expect(models.map(({ name, state, can_answer: can }) => [name, state, can])).toEqual([
      ['org/chat', 'stopped', true],
      ['org/loaded', 'ready', true],
      ['org/broken', 'stopped', false],
      ['org/gguf', 'stopped', false],
      ['org/embed', 'stopped', false],
    ])
    expect(models[0]).not.toHaveProperty('root')
  })

  it('tell the status and what is loaded', async () => {
    const { api, activity } = bench([], { pool: poolWith([loaded]) })
    activity.begin()
    expect(await (await api.request('/api/v1/status', { headers: local })).json()).toEqual({
      service: 'mlx-knife',
      version: '1.2.3',
      state: 'busy',
      in_flight: 1,
      queued: 1,
      log: 'written',
      models: [loaded],
    })
    expect(await (await api.request('/api/v1/ps', { headers: local })).json()).toEqual({ models: [loaded] })
  })

  it('load a model by any of its names and say how long it took', async () => {
    const { api } = bench([], { pool: livePool() })
    const response = await api.request('/api/v1/models/load', post({ model: 'chat' }))
    expect(await response.json()).toMatchObject({ model: loaded, load_time_seconds: expect.any(Number) as number })
  })

  it('unload what is loaded, and say when it is not', async () => {
    const pool = livePool([loaded])
    const { api } = bench([], { pool })
    expect(await (await api.request('/api/v1/models/unload', post({ model: 'chat' }))).json()).toEqual({ unloaded: 'org/chat' })
    expect(pool.unloaded).toEqual(['org/chat'])
    pool.change([])
    expect(await errorOf(await api.request('/api/v1/models/unload', post({ model: 'chat' })))).toMatchObject({
      status: 404,
      code: 'model_not_found',
    })
  })

  it.each(['load', 'unload'])('%s refuses what is no request', async (name) => {
    const { api } = bench([])
    const at = `/api/v1/models/${name}`
    expect(await errorOf(await api.request(at, post({})))).toMatchObject({ status: 400, param: 'model' })
    expect(await errorOf(await api.request(at, post({ model: 'chat', path: '/etc' })))).toMatchObject({
      status: 400,
      param: 'path',
    })
    expect(await errorOf(await api.request(at, post({ model: 'org/none' })))).toMatchObject({ status: 404, param: 'model' })
  })

  it('follow the status as events: at once, after changes, until the client leaves', async () => {
    const pool = livePool()
    const { api } = bench([], { pool })
    const response = await api.request('/api/v1/events', { headers: local })
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    const next = async (): Promise<NativeStatus> => {
      const { value = '' } = await reader.read()
      expect(value).toMatch(/^event: status\ndata: .*\n\n$/)
      return JSON.parse(value.slice(value.indexOf('data: ') + 6)) as NativeStatus
    }
    expect((await next()).models).toEqual([])
    pool.change([loaded])
    expect((await next()).models).toEqual([loaded])
    await reader.cancel()
    pool.change([])
  })
})

describe('the name "default"', () => {
  const resolve: ApiDeps['catalog']['resolve'] = (spec) =>
    Promise.resolve({ name: spec } as Awaited<ReturnType<ApiDeps['catalog']['resolve']>>)
  const answerOf = async (pool: ApiDeps['pool']) => {
    const { deps } = bench([])
    const { api, requests } = bench([finish], { pool, catalog: { ...deps.catalog, resolve } })
    const response = await api.request('/v1/chat/completions', post({ ...ask, model: 'default' }))
    return { response, model: requests[0]?.resolved?.name }
  }

  it('is the loaded model that was used last', async () => {
    const old = { ...loaded, name: 'org/old', last_used_at: '2026-01-01T00:00:00.000Z' }
    const recent = { ...loaded, name: 'org/new', last_used_at: '2026-01-02T00:00:00.000Z' }
    expect(await answerOf(poolWith([old, recent]))).toMatchObject({ model: 'org/new' })
  })

  it('is nobody when nothing is loaded and several could be meant', async () => {
    const { response } = await answerOf(poolWith([]))
    expect(await errorOf(response)).toMatchObject({ status: 400, code: 'ambiguous_match', param: 'model' })
  })
})

describe('GET /metrics', () => {
  it('counts requests by route and status, tokens, first tokens, crashes and memory', async () => {
    const pool = livePool([loaded])
    const { api } = bench([{ type: 'text', text: 'a' }, finish], { pool })
    await (await api.request('/v1/chat/completions', post(ask))).text()
    await api.request('/v1/chat/completions', post({}))
    await api.request('/v1/who/knows', { headers: local })
    pool.change([{ ...loaded, state: 'crashed' }])
    pool.change([{ ...loaded, state: 'crashed' }])
    const response = await api.request('/metrics', { headers: local })
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4')
    const text = await response.text()
    for (const line of [
      'mlxk_requests_total{route="/chat/completions",status="200"} 1',
      'mlxk_requests_total{route="/chat/completions",status="400"} 1',
      'mlxk_requests_total{route="other",status="404"} 1',
      'mlxk_prompt_tokens_total 5',
      'mlxk_completion_tokens_total 2',
      'mlxk_time_to_first_token_seconds_bucket{le="0.01"} 1',
      'mlxk_time_to_first_token_seconds_count 1',
      'mlxk_engine_crashes_total 1',
      'mlxk_model_memory_bytes{model="org/chat"} 1024',
    ]) {
      expect(text.split('\n')).toContain(line)
    }
    const wellFormed = /^(#\s(HELP|TYPE)\s\S+\s.+|[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})?\s[0-9.e+-]+)$/
    expect(
      text
        .trimEnd()
        .split('\n')
        .filter((line) => !wellFormed.test(line)),
    ).toEqual([])
  })
})
