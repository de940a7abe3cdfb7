import { existsSync, readdirSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEngineStream } from '../../../src/main/core/engine'
import type { ResolvedModel } from '../../../src/main/core/models/types'
import { ask, openBench, soon, type EngineBench } from './support'

let bench: EngineBench
let hello: ResolvedModel
let endless: ResolvedModel

beforeAll(async () => {
  bench = await openBench()
  hello = await bench.model({ name: 'test/hello', script: 'Hello there, one two three.', contextLength: 256 })
  endless = await bench.model({ name: 'test/endless', script: 'Go', loop: ' on and then further still' })
})
afterAll(async () => {
  await bench.pool.close()
  rmSync(bench.root, { recursive: true, force: true })
})

describe('a model in a real engine', () => {
  it('is loaded, answers its script with real usage, and leaves no process after unload', async () => {
    const states = new Set<string>()
    const lease = await bench.pool.acquire(hello, { signal: soon(), onState: (model) => states.add(model.state) })
    expect([...states]).toEqual(['spawning', 'loading', 'warming', 'ready'])
    const answer = await ask(lease, {})
    expect(answer).toMatchObject({ text: 'Hello there, one two three.', finish: 'stop' })
    expect(answer.progress).toBeGreaterThan(0)
    expect(answer.usage?.prompt_tokens).toBeGreaterThan(5)
    const view = bench.pool.list()[0]!
    expect(view).toMatchObject({ name: 'test/hello', state: 'ready', in_flight: 1, context_length: 256 })
    expect(view.memory_bytes).toBeGreaterThan(0)
    lease.release()
    await bench.pool.unload('test/hello')
    expect(bench.pool.list()).toEqual([])
    expect(() => process.kill(view.pid!, 0)).toThrow('ESRCH')
    expect(readdirSync(bench.paths.engines)).toEqual(['cwd'])
  })

  it('is loaded once for two callers at the same time', async () => {
    const [a, b] = await Promise.all([bench.pool.acquire(hello, { signal: soon() }), bench.pool.acquire(hello, { signal: soon() })])
    expect(a.url).toBe(b.url)
    expect(bench.pool.list()).toHaveLength(1)
    const answers = await Promise.all([ask(a, {}), ask(b, {})])
    expect(answers.map(({ text }) => text)).toEqual(['Hello there, one two three.', 'Hello there, one two three.'])
    a.release()
    b.release()
  })

  it('refuses a prompt beyond its context with both counts', async () => {
    const lease = await bench.pool.acquire(hello, { signal: soon() })
    const long = { messages: [{ role: 'user', content: 'x'.repeat(500) }] }
    const error = await ask(lease, long).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'context_length_exceeded', data: { context_length: 256 } })
    expect(error).toHaveProperty('data.prompt_tokens', expect.any(Number))
    lease.release()
  })

  it('never computes more tokens than its context has room for', async () => {
    const model = await bench.model({ name: 'test/short', script: 'Go', loop: ' on and on again', contextLength: 64 })
    const lease = await bench.pool.acquire(model, { signal: soon() })
    const answer = await ask(lease, { max_tokens: 4000 })
    expect(answer.finish).toBe('length')
    expect(answer.usage!.total_tokens).toBe(64)
    lease.release()
    await bench.pool.unload(model.name)
  })

  it('stops computing when the reader leaves', async () => {
    const lease = await bench.pool.acquire(endless, { signal: soon() })
    const leave = new AbortController()
    const started = openEngineStream(
      lease,
      '/v1/chat/completions',
      { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 4000 },
      leave.signal,
    )
    await started.next()
    leave.abort()
    await expect(started.next()).rejects.toMatchObject({ code: 'cancelled' })
    expect(await ask(lease, { max_tokens: 2 })).toMatchObject({ finish: 'length' })
    lease.release()
  })

  it('rejects a request without the secret', async () => {
    const lease = await bench.pool.acquire(hello, { signal: soon() })
    for (const path of ['/health', '/v1/models']) {
      const response = await fetch(lease.url + path)
      expect(response.status).toBe(401)
    }
    lease.release()
  })
})

describe('requests that end a bare mlx_lm server', () => {
  const chat = '/v1/chat/completions'
  const raw = '/v1/completions'
  const cases: [string, typeof chat | typeof raw, Record<string, unknown>][] = [
    ['a number as stop', chat, { stop: 5 }],
    ['numbers in stop', chat, { stop: [1] }],
    ['an empty prompt', raw, { prompt: '' }],
    ['a list of prompts', raw, { prompt: ['a', 'b'] }],
    ['a prompt of token ids', raw, { prompt: [1, 2] }],
    ['top_k beyond the vocabulary', chat, { top_k: 1_000_000, temperature: 1 }],
    ['logit_bias beyond the vocabulary', chat, { logit_bias: { 1000000: 5 } }],
    ['a negative token in logit_bias', chat, { logit_bias: { '-1': 5 } }],
    ['a template argument of the wrong type', chat, { chat_template_kwargs: 5 }],
    [
      'an image on another server',
      chat,
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://127.0.0.1:1/' } }] }] },
    ],
    ['no messages', chat, { messages: [] }],
  ]
  it.each(cases)('survives %s', async (_name, path, body) => {
    const lease = await bench.pool.acquire(hello, { signal: soon() })
    await expect(ask(lease, body, path)).rejects.toMatchObject({ code: 'invalid_request' })
    expect(await ask(lease, {})).toMatchObject({ finish: 'stop' })
    lease.release()
  })

  it('survives a prompt that is in the prompt cache to its last token', async () => {
    const lease = await bench.pool.acquire(hello, { signal: soon() })
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ]
    await ask(lease, { messages })
    const prefix = '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n'
    const again = await ask(lease, { prompt: prefix, max_tokens: 1 }, raw)
    expect(again.usage!.prompt_tokens_details!.cached_tokens).toBe(again.usage!.prompt_tokens - 1)
    lease.release()
  })

  it('survives a request that names another model', async () => {
    const lease = await bench.pool.acquire(hello, { signal: soon() })
    expect(await ask(lease, { model: 'someone/else', adapters: 'x', draft_model: 'y' })).toMatchObject({ finish: 'stop' })
    lease.release()
  })
})

describe('an engine that dies', () => {
  it('ends its streams as engine_crashed with the last lines, and is started anew by the next acquire', async () => {
    const lease = await bench.pool.acquire(endless, { signal: soon() })
    const { pid } = bench.pool.list().find(({ name }) => name === endless.name)!
    const stream = openEngineStream(
      lease,
      '/v1/chat/completions',
      { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 4000 },
      soon(),
    )
    await stream.next()
    process.kill(pid!, 'SIGKILL')
    const drained = (async () => {
      for await (const _ of stream);
    })()
    await expect(drained).rejects.toMatchObject({ code: 'engine_crashed', data: { signal: 'SIGKILL', model: endless.name } })
    await expect(lease.died).rejects.toMatchObject({ code: 'engine_crashed' })
    expect(bench.pool.list().find(({ name }) => name === endless.name)).toMatchObject({
      state: 'crashed',
      error: { code: 'engine_crashed' },
    })
    lease.release()
    const next = await bench.pool.acquire(endless, { signal: soon() })
    expect(await ask(next, { max_tokens: 3 })).toMatchObject({ finish: 'length' })
    next.release()
  })

  it('is engine_load_failed with the reason when the weights are not weights', async () => {
    const model = await bench.model({ name: 'test/broken', script: 'Never said' })
    rmSync(`${model.snapshotPath}/model.safetensors`)
    const failed = bench.pool.acquire(model, { signal: soon() })
    await expect(failed).rejects.toMatchObject({ code: 'engine_load_failed', data: { model: 'test/broken' } })
    expect(bench.pool.log('test/broken').join('\n')).toContain('safetensors')
    await bench.pool.unload('test/broken')
  })

  it('removes its record', () => {
    const records = readdirSync(bench.paths.engines).filter((name) => name.endsWith('.json'))
    const running = bench.pool.list().filter(({ pid }) => pid !== null)
    expect(records.toSorted()).toEqual(running.map(({ pid }) => `${pid}.json`).toSorted())
    for (const { pid } of running) expect(existsSync(`${bench.paths.engines}/${pid}.json`)).toBe(true)
  })
})
