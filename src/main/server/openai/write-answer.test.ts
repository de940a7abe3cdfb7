import { once } from 'node:events'
import { get, request as httpRequest, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { GenerationEvent } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { serveApi, type ApiServer } from './serve-api'
import { ask, bench, finish, post } from './test-bench'

/** Streamed answers on a socket, which take a shorter way than those of the API as a value. */

const open: ApiServer[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((api) => api.close()))
})

async function serve(...[script, more]: Parameters<typeof bench>) {
  const made = bench(script, more)
  const { activity: _, ...deps } = made.deps
  const api = await serveApi(deps, { port: 0 })
  open.push(api)
  return { ...made, socket: api }
}

const body = { ...ask, stream: true, stream_options: { include_usage: true } }

async function askOn({ port }: ApiServer): Promise<IncomingMessage> {
  const outgoing = httpRequest({ port, host: '127.0.0.1', path: '/v1/chat/completions', method: 'POST', agent: false })
  outgoing.setHeader('content-type', 'application/json').on('error', () => undefined)
  outgoing.end(JSON.stringify(body))
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  return response.on('error', () => undefined)
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of response.setEncoding('utf8') as AsyncIterable<string>) text += part
  return text
}

/** What differs from one answer to the next. */
const plain = (text: string): string => text.replaceAll(/"id":"[^"]*"|"created":\d+|"request_id":"[^"]*"/g, '')

const said: GenerationEvent[] = [
  { type: 'reasoning', text: 'Hm "\n' },
  { type: 'text', text: 'One 😀\ud800' },
  { type: 'text', text: ' two', logprobs: [{ token: ' two', bytes: [32], logprob: -1, top_logprobs: [] }] },
  { type: 'tool_call', index: 0, id: 'c', name: 'f', arguments: '{}' },
  finish,
]

describe('an answer that is streamed on a socket', () => {
  it.each<[string, Parameters<typeof bench>[0]]>([
    ['whole', said],
    [
      'broken in the middle',
      async function* () {
        yield await Promise.resolve(said[1]!)
        throw new AppError('engine_crashed', 'It died.')
      },
    ],
    [
      'that has to wait',
      async function* () {
        yield { type: 'state', state: 'loading', progress: null }
        await new Promise((resolve) => setImmediate(resolve))
        yield* said
      },
    ],
  ])('%s, has the same bytes as without one', async (_what, script) => {
    const { api, socket, logged } = await serve(script, { limits: { patienceMs: 0 } })
    const response = await askOn(socket)
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'transfer-encoding': 'chunked',
      'x-request-id': expect.stringMatching(/^req_/) as string,
    })
    const expected = await (await api.request('/v1/chat/completions', post(body))).text()
    expect(plain(await textOf(response))).toBe(plain(expected))
    expect([socket.activity.inFlight(), logged]).toEqual([0, []])
  })

  it('shows signs of life while nothing comes', async () => {
    let go: () => void = () => undefined
    const waits = new Promise<void>((resolve) => (go = resolve))
    const { socket } = await serve(
      async function* () {
        await waits
        yield* said
      },
      { limits: { patienceMs: 0, silenceMs: 5 } },
    )
    const response = (await askOn(socket)).setEncoding('utf8')
    let text = ''
    for await (const part of response as AsyncIterable<string>) {
      text += part
      if (text.split(': keepalive').length > 3) go()
    }
    expect(text).toMatch(/\[DONE\]\n\n$/)
  })

  it('ends the work of a client that leaves, and one that does not read holds it up instead of filling memory', async () => {
    let made = 0
    let ended: () => void = () => undefined
    const left = new Promise<void>((resolve) => (ended = resolve))
    const { socket } = await serve(async function* () {
      try {
        for (;;) {
          made += 1
          if (made % 16 === 0) await new Promise((resolve) => setImmediate(resolve))
          yield { type: 'text', text: 'x'.repeat(64 * 1024) }
        }
      } finally {
        ended()
      }
    })
    const response = await askOn(socket)
    response.pause()
    let before = -1
    while (made !== before) {
      before = made
      for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    }
    // What the sockets of a system hold is a few megabytes.
    expect(made).toBeLessThan(1000)
    response.destroy()
    await left
    await socket.activity.idle()
    expect(socket.activity.inFlight()).toBe(0)
    const health = get(`${socket.url}/health`)
    const [again] = (await once(health, 'response')) as [IncomingMessage]
    again.resume()
    expect(again.statusCode).toBe(200)
  })
})
