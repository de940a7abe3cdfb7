import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { activityFrame, type ApiRequest, type GenerationEvent } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { clientName, createLogRing, createRequestLog, createThroughput, type RequestLog } from '.'

const text = (word: string): GenerationEvent => ({ type: 'text', text: word })
const state = (name: 'queued' | 'loading' | 'prefill'): GenerationEvent => ({ type: 'state', state: name, progress: null })
const finish: GenerationEvent = {
  type: 'finish',
  reason: 'stop',
  usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17, cached_tokens: 4 },
  timing: { first_token_ms: 1, total_ms: 2, tokens_per_second: 3 },
  model: 'a/b',
}

async function read(log: RequestLog): Promise<{ requests: ApiRequest[]; total: number; json: string }> {
  const leave = new AbortController()
  for await (const frame of log.watch(leave.signal)) {
    leave.abort()
    return { ...activityFrame.parse(frame), json: JSON.stringify(frame) }
  }
  throw new Error('no frame')
}

describe('the list of requests', () => {
  test('says where the time of a request went, and what it cost, never what was said', async () => {
    let at = 1_000
    const log = createRequestLog({ now: () => at })
    const entry = log.begin({ id: 'req_1', route: '/v1/chat/completions', client: 'Zed' })
    entry.describe({ model: 'a/b', stream: true })
    const steps: [number, GenerationEvent][] = [
      [10, state('queued')],
      [20, state('loading')],
      [300, state('prefill')],
      [40, text('the secret word')],
      [50, text('and more')],
      [60, finish],
    ]
    const hear = entry.watch(1)
    for (const [ms, event] of steps) {
      at += ms
      hear(event)
    }
    const { requests, json } = await read(log)
    expect(requests).toEqual([
      {
        id: 'req_1',
        started_at: '1970-01-01T00:00:01.000Z',
        route: '/v1/chat/completions',
        client: 'Zed',
        model: 'a/b',
        stream: true,
        state: 'done',
        status: 200,
        error_code: null,
        prompt_tokens: 12,
        cached_tokens: 4,
        completion_tokens: 5,
        queue_ms: 30,
        load_ms: 300,
        prefill_ms: 40,
        decode_ms: 110,
      },
    ])
    expect(json).not.toContain('secret')
  })

  test('tells a request that failed, one that was left and one that runs apart', async () => {
    const log = createRequestLog()
    const refused = log.begin({ id: 'a', route: '/v1/completions', client: null })
    refused.fail(new AppError('insufficient_memory', 'too big'))
    refused.leave()
    const left = log.begin({ id: 'b', route: '/v1/completions', client: null })
    left.watch(1)(text('one'))
    left.leave()
    log.begin({ id: 'c', route: '/v1/completions', client: null })
    const { requests } = await read(log)
    expect(requests.map(({ id, state: now, status, error_code: code }) => [id, now, status, code])).toEqual([
      ['a', 'failed', 507, 'insufficient_memory'],
      ['b', 'cancelled', 499, null],
      ['c', 'queued', null, null],
    ])
  })

  test('keeps the last 200, those that still run before those that have ended', async () => {
    const log = createRequestLog()
    log.begin({ id: 'running', route: '/', client: null })
    for (let index = 0; index < 500; index++) log.begin({ id: `n${index}`, route: '/', client: null }).leave()
    const { requests, total } = await read(log)
    expect(requests).toHaveLength(200)
    expect(total).toBe(501)
    expect(requests.map(({ id }) => id)).toContain('running')
    expect(requests.at(-1)?.id).toBe('n499')
  })

  test('tells a watcher only what has changed since it looked', async () => {
    const log = createRequestLog()
    const leave = new AbortController()
    log.begin({ id: 'a', route: '/', client: null }).leave()
    const frames = log.watch(leave.signal)
    expect((await frames.next()).value?.requests.map(({ id }: ApiRequest) => id)).toEqual(['a'])
    log.begin({ id: 'b', route: '/', client: null }).leave()
    expect((await frames.next()).value?.requests.map(({ id }: ApiRequest) => id)).toEqual(['b'])
    leave.abort()
    expect((await frames.next()).done).toBe(true)
  })

  test('tells everybody who looks that what had ended was deleted', async () => {
    const log = createRequestLog()
    const leave = new AbortController()
    log.begin({ id: 'ended', route: '/', client: null }).leave()
    log.begin({ id: 'open', route: '/', client: null })
    const frames = log.watch(leave.signal)
    expect((await frames.next()).value).toMatchObject({ whole: true, total: 2 })
    log.clear()
    const { value } = await frames.next()
    expect(value).toMatchObject({ whole: true, total: 1, requests: [{ id: 'open' }] })
    log.begin({ id: 'next', route: '/', client: null })
    expect((await frames.next()).value).toMatchObject({ whole: false, requests: [{ id: 'open' }, { id: 'next' }] })
    leave.abort()
  })
})

test('tokens per second cover ten minutes and fall to nothing when nobody answers', () => {
  let at = 1_000_000
  const rate = createThroughput(() => at)
  for (let second = 0; second < 5; second++) {
    rate.add(20)
    at += 1000
  }
  expect(rate.read()).toMatchObject({ step_s: 5, now: 16 })
  expect(rate.read().samples).toHaveLength(120)
  expect(rate.read().samples.reduce((sum, value) => sum + value * 5, 0)).toBe(100)
  at += 300_000
  expect(rate.read().now).toBe(0)
  expect(rate.read().samples.reduce((sum, value) => sum + value * 5, 0)).toBe(100)
  at += 400_000
  expect(Math.max(...rate.read().samples)).toBe(0)
})

test.each([
  ['curl/8.5.0', 'curl'],
  ['OpenAI/Python 1.99.0', 'OpenAI/Python'],
  ['Zed/0.200.1 (macos; aarch64)', 'Zed'],
  ['Mozilla/5.0 (X11) AppleWebKit', 'Mozilla'],
  ['\u202eevil\u0000', 'evil'],
  [`${'x'.repeat(500)}/1`, 'x'.repeat(40)],
  ['', null],
  [undefined, null],
])('the client of %j is %j', (agent, name) => expect(clientName(agent)).toBe(name))

describe('the lines of the log', () => {
  const line = (message: string, more: object = {}): string =>
    JSON.stringify({ level: 'warn', time: '2026-01-01T00:00:00.000Z', msg: message, ...more })

  async function first(ring: ReturnType<typeof createLogRing>) {
    const leave = new AbortController()
    const { value } = await ring.watch(leave.signal).next()
    leave.abort()
    return value?.lines ?? []
  }

  test('are told anew to everybody who looks after they were deleted', async () => {
    const ring = createLogRing({ file: '/nowhere/mlxk.log' })
    const leave = new AbortController()
    ring.add(line('one'))
    const frames = ring.watch(leave.signal)
    expect((await frames.next()).value).toMatchObject({ whole: true, lines: [{ message: 'one' }] })
    ring.clear()
    expect((await frames.next()).value).toEqual({ whole: true, lines: [] })
    ring.add(line('two'))
    expect((await frames.next()).value).toMatchObject({ whole: false, lines: [{ message: 'two' }] })
    leave.abort()
  })

  test('are the end of the file and what came after, in order and in words', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'mlxk-ring-')), 'mlxk.log')
    writeFileSync(file, `${line('before')}\nnot ours\n{"x":1}\n`)
    const ring = createLogRing({ file })
    ring.add(line('after', { scope: 'engine', model: 'a/b', ms: 3 }))
    expect(await first(ring)).toEqual([
      { number: 1, time: '2026-01-01T00:00:00.000Z', level: 'warn', scope: null, message: 'before', detail: '' },
      { number: 2, time: '2026-01-01T00:00:00.000Z', level: 'warn', scope: 'engine', message: 'after', detail: 'model=a/b ms=3' },
    ])
  })

  test('are bounded, in number and in length', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'mlxk-ring-')), 'mlxk.log')
    writeFileSync(file, `${line('x'.repeat(100_000))}\n`.repeat(5))
    const ring = createLogRing({ file })
    expect((await first(ring)).length).toBeLessThan(4)
    for (let index = 0; index < 1500; index++) ring.add(line(`line ${index}`, { stack: 'y'.repeat(10_000) }))
    const lines = await first(ring)
    expect(lines).toHaveLength(1000)
    expect(lines.at(-1)?.message).toBe('line 1499')
    expect(Math.max(...lines.map(({ detail, message }) => detail.length + message.length))).toBeLessThan(4100)
  })

  test('need no file', async () => {
    const ring = createLogRing({ file: '/nowhere/mlxk.log' })
    ring.add(line('one'))
    expect(await first(ring)).toHaveLength(1)
  })
})
