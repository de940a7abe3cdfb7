import { EventEmitter, once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { AppError } from '../../../../shared/errors'
import type { EngineStreamEvent } from '../types'
import { engineError } from './engine-error'
import { openEngineStream } from './engine-stream'

let server: Server | null = null
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  server = null
})

async function engine(listener: RequestListener, died: Promise<never> = new Promise(() => undefined)) {
  const listening = createServer(listener)
  server = listening
  await new Promise<void>((resolve) => {
    listening.listen(0, '127.0.0.1', resolve)
  })
  died.catch(() => undefined)
  const address = listening.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`, token: 'secret', died }
}

const never = new AbortController().signal
const chunk = (text: string): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, finish_reason: null, delta: { content: text } }] })}\n\n`

async function read(lease: Awaited<ReturnType<typeof engine>>): Promise<EngineStreamEvent[]> {
  const events: EngineStreamEvent[] = []
  for await (const event of openEngineStream(lease, '/v1/chat/completions', { messages: [] }, never)) events.push(event)
  return events
}

describe('openEngineStream', () => {
  it('sends the secret, asks for a stream with usage, and yields progress and chunks in order', async () => {
    let body = ''
    let token: unknown
    const lease = await engine((request, response) => {
      token = request.headers['x-engine-token']
      request.setEncoding('utf8').on('data', (part: string) => (body += part))
      request.on('end', () => response.end(`: keepalive 5/9\n\n${chunk('é')}data: [DONE]\n\n`))
    })
    const events = await read(lease)
    expect(events[0]).toEqual({ type: 'progress', done: 5, total: 9 })
    expect(events[1]).toMatchObject({ type: 'chunk', chunk: { choices: [{ delta: { content: 'é' } }] } })
    expect(events).toHaveLength(2)
    expect(token).toBe('secret')
    expect(JSON.parse(body)).toEqual({ messages: [], stream: true, stream_options: { include_usage: true } })
  })

  it('puts characters together that arrive in halves', async () => {
    const bytes = Buffer.from(`${chunk('ä€😀')}data: [DONE]\n\n`)
    const lease = await engine((_request, response) => {
      void (async () => {
        for (const byte of bytes) await new Promise((resolve) => response.write(Buffer.of(byte), resolve))
        response.end()
      })()
    })
    expect(await read(lease)).toMatchObject([{ chunk: { choices: [{ delta: { content: 'ä€😀' } }] } }])
  })

  it('takes an end without [DONE] for a crash, and tells the reason when the death is known', async () => {
    const plain = await engine((_request, response) => response.end(chunk('half')))
    await expect(read(plain)).rejects.toMatchObject({ code: 'engine_crashed' })
    server?.close()
    const reason = new AppError('engine_crashed', 'out of memory')
    const dead = await engine((_request, response) => response.end(chunk('half')), Promise.reject(reason))
    await expect(read(dead)).rejects.toBe(reason)
  })

  it('takes a reset connection for a crash', async () => {
    const lease = await engine((request) => request.socket.resetAndDestroy())
    await expect(read(lease)).rejects.toMatchObject({ code: 'engine_crashed' })
  })

  it('takes an answer of another shape for a crash', async () => {
    const lease = await engine((_request, response) => response.end('data: 5\n\n'))
    await expect(read(lease)).rejects.toMatchObject({ code: 'engine_crashed' })
  })

  it('is cancelled by its signal, and closes the socket, so that the engine stops', async () => {
    const { stream, abort, closed } = await openEndless()
    const next = stream.next()
    abort.abort()
    await expect(next).rejects.toMatchObject({ code: 'cancelled' })
    await expect(closed).resolves.toEqual([])
  })

  it('closes the socket when its reader leaves, so that the engine stops', async () => {
    const { stream, closed } = await openEndless()
    await stream.return()
    await expect(closed).resolves.toEqual([])
  })
})

async function openEndless() {
  const events = new EventEmitter()
  const lease = await engine((request, response) => {
    request.socket.once('close', () => events.emit('close'))
    response.write(chunk('first'))
  })
  const closed = once(events, 'close')
  const abort = new AbortController()
  const stream = openEngineStream(lease, '/v1/chat/completions', {}, abort.signal)
  await stream.next()
  return { stream, abort, closed }
}

describe('answers of an engine that refuses', () => {
  it('names both counts of a prompt that is too long', () => {
    expect(engineError(404, '{"error":"engine:context_length_exceeded:300:256"}')).toMatchObject({
      code: 'context_length_exceeded',
      data: { prompt_tokens: 300, context_length: 256 },
    })
  })

  it('names the parameter that is wrong', () => {
    expect(engineError(404, '{"error":"engine:invalid_stop"}')).toMatchObject({ code: 'invalid_request', data: { param: 'stop' } })
    expect(engineError(404, '{"error":"engine:template:TemplateError: roles must alternate: x"}').message).toContain(
      'roles must alternate: x',
    )
    expect(engineError(400, '{"error":"max_tokens must be at least 1"}')).toMatchObject({ code: 'invalid_request' })
  })

  it('is a crash when the engine itself is at fault', () => {
    expect(engineError(500, '<html>')).toMatchObject({ code: 'engine_crashed' })
    expect(engineError(401, '')).toMatchObject({ code: 'engine_crashed' })
    expect(engineError(404, '{"error":"generation thread died"}')).toMatchObject({ code: 'engine_crashed' })
  })
})
