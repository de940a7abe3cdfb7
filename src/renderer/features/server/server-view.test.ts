import { describe, expect, it } from 'vitest'
import type { ApiRequest, LogLine } from '../../../shared/contract'
import { isExposed, isNetworkHost, parsePort } from './access'
import { mergeRequests } from './activity-store'
import { filterLines } from './LogPane'
import { makeSnippet, snippetNames, type SnippetTarget } from '../../../shared/snippets'
import { axisTop, plotLine } from './Throughput'

const request = (id: string, more: Partial<ApiRequest> = {}): ApiRequest => ({
  id,
  started_at: '2026-11-01T10:00:00Z',
  route: '/v1/chat/completions',
  client: null,
  model: null,
  stream: false,
  state: 'answering',
  status: null,
  error_code: null,
  prompt_tokens: null,
  cached_tokens: null,
  completion_tokens: 0,
  queue_ms: 0,
  load_ms: 0,
  prefill_ms: 0,
  decode_ms: 0,
  ...more,
})

describe('the list of requests', () => {
  it('has the newest first, takes what changed, and keeps the rest as it is', () => {
    const first = mergeRequests([], [request('a'), request('b')])
    expect(first.map(({ id }) => id)).toEqual(['b', 'a'])
    const next = mergeRequests(first, [request('a', { state: 'done' }), request('c')])
    expect(next.map(({ id, state }) => [id, state])).toEqual([
      ['c', 'answering'],
      ['b', 'answering'],
      ['a', 'done'],
    ])
    expect(next[1]).toBe(first[0])
  })

  it('never holds more than 200', () => {
    let list: ApiRequest[] = []
    for (let round = 0; round < 10; round++)
      list = mergeRequests(
        list,
        Array.from({ length: 60 }, (_, n) => request(`${round}-${n}`)),
      )
    expect(list).toHaveLength(200)
    expect(list[0]?.id).toBe('9-59')
  })
})

describe('the log', () => {
  const line = (number: number, level: LogLine['level'], message: string): LogLine => ({
    number,
    time: '',
    level,
    scope: 'engine',
    message,
    detail: 'model=a/B',
  })
  const lines = [line(1, 'debug', 'one'), line(2, 'warn', 'two'), line(3, 'error', 'three')]

  it('is filtered by level and by words anywhere in the line', () => {
    const numbers = (...by: Parameters<typeof filterLines>): number[] => filterLines(...by).map(({ number }) => number)
    expect(numbers(lines, 'all', '')).toEqual([1, 2, 3])
    expect(numbers(lines, 'warn', '')).toEqual([2, 3])
    expect(numbers(lines, 'error', ' ')).toEqual([3])
    expect(numbers(lines, 'all', 'TWO')).toEqual([2])
    expect(numbers(lines, 'all', 'model=A/b')).toEqual([1, 2, 3])
    expect(numbers(lines, 'error', 'two')).toEqual([])
  })

  it('shows the last 300 lines at most', () => {
    const many = Array.from({ length: 1000 }, (_, index) => line(index, 'info', 'x'))
    expect(filterLines(many, 'all', '')).toHaveLength(300)
    expect(filterLines(many, 'all', '').at(-1)?.number).toBe(999)
  })
})

describe('the plot', () => {
  it('has a round top above the highest sample', () => {
    expect([0, 9, 61, 104, 201, 1234].map(axisTop)).toEqual([10, 10, 80, 120, 300, 1300])
  })

  it('runs from edge to edge, with nothing at the bottom and the top at the top', () => {
    expect(plotLine([0, 5, 10], 10)).toBe('M0.0 80.0L320.0 40.0L640.0 0.0')
    expect(plotLine([], 10)).toBe('')
  })
})

describe('who reaches the API', () => {
  it('tells addresses of this machine from those of networks', () => {
    expect(['127.0.0.1', '::1', 'localhost', '127.1.2.3'].some(isNetworkHost)).toBe(false)
    expect(['0.0.0.0', '::', '192.168.1.5', 'mini.local'].every(isNetworkHost)).toBe(true)
    expect(isExposed([])).toBe(false)
  })

  it.each([
    ['11811', 11811],
    [' 0 ', 0],
    ['65536', null],
    ['', null],
    ['1.5', null],
    ['-1', null],
    ['1e3', null],
  ])('the port %j is %j', (text, port) => expect(parsePort(text)).toBe(port))
})

describe('examples', () => {
  const target: SnippetTarget = { baseUrl: 'http://127.0.0.1:11811/v1', model: 'a/b', needsKey: false, contextTokens: 4096 }

  it('name the address, and the model where a program asks for one', () => {
    for (const name of snippetNames) {
      expect(makeSnippet(name, target), name).toContain(target.baseUrl)
      if (name !== 'openwebui') expect(makeSnippet(name, target), name).toContain('a/b')
    }
  })

  it('read a key from the environment, and say nothing of one where none is needed', () => {
    for (const name of snippetNames) {
      expect(makeSnippet(name, target), name).not.toContain('MLXK_API_KEY')
      if (name !== 'zed') expect(makeSnippet(name, { ...target, needsKey: true }), name).toContain('MLXK_API_KEY')
    }
  })

  it('stay one text each, whatever a model is called', () => {
    const model = `it's "x" $(touch /tmp/y) \`z\` \\`
    expect(JSON.parse(makeSnippet('zed', { ...target, model }))).toMatchObject({
      language_models: { openai_compatible: { 'MLX Knife': { available_models: [{ name: model }] } } },
    })
    expect(makeSnippet('curl', { ...target, model })).toContain(`'\\''`)
    expect(makeSnippet('node', { ...target, model })).toContain(JSON.stringify(model))
  })
})
