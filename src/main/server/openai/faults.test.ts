import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { KeyScope } from '../../../shared/contract'
import type { ListenLimits } from '../http'
import type { ApiAccess } from './deps'
import { serveApi, type ApiServer } from './serve-api'
import { bench, finish } from './test-bench'

/** What bytes on a socket get, whoever sends them. Everything here goes through a real listener. */

const open: ApiServer[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((api) => api.close()))
})

async function serve(options: { limits?: Partial<ListenLimits>; host?: string; access?: () => ApiAccess } = {}) {
  const { access, ...listening } = options
  const { deps, logged, requests } = bench([{ type: 'text', text: 'Hi' }, finish])
  const api = await serveApi({ ...deps, ...(access === undefined ? {} : { access }) }, { port: 0, ...listening })
  open.push(api)
  return { api, logged, requests }
}

/** Sends bytes as they are; gives everything that comes back until the server closes. */
async function raw(port: number, send: (socket: Socket) => void): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.setEncoding('utf8').on('data', (part: string) => (text += part))
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  send(socket)
  await once(socket, 'close')
  return text
}

const parsed = (answer: string) => ({
  status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]),
  body: JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as {
    error: { code: string; message: string; type: string }
    request_id: string
  },
})
const head = (more: string[]): string =>
  ['POST /v1/chat/completions HTTP/1.1', 'Host: localhost', 'Content-Type: application/json', ...more, '', ''].join('\r\n')
const question = JSON.stringify({ model: 'org/chat', messages: [{ role: 'user', content: 'Hello' }] })
const ask = (url: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: question,
  })

describe('bytes that are no good request', () => {
  it.each([
    ['headers that never end (slow-loris)', 'POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-A: '],
    ['a body that never ends', head(['Content-Length: 100']) + '{"model"'],
  ])('%s: 408 in the shape of OpenAI, and the socket is closed', async (_what, bytes) => {
    const { api, logged } = await serve({ limits: { headersMs: 150, requestMs: 300, checkMs: 50 } })
    const { status, body } = parsed(await raw(api.port, (socket) => socket.write(bytes)))
    expect(status).toBe(408)
    expect(body).toMatchObject({ error: { type: 'invalid_request_error' }, request_id: expect.stringMatching(/^req_/) })
    expect(logged).toEqual([])
  })

  it.each([
    ['headers too large', head([`X-Big: ${'x'.repeat(64 * 1024)}`]), 431, 'too_large'],
    ['a chunk whose length is no number', `${head(['Transfer-Encoding: chunked'])}ZZ\r\nabc\r\n`, 400, 'invalid_request'],
    ['a chunk longer than it says', `${head(['Transfer-Encoding: chunked'])}2\r\nabcdef\r\n0\r\n\r\n`, 400, 'invalid_request'],
    ['two lengths', head(['Content-Length: 3', 'Content-Length: 4']), 400, 'invalid_request'],
    ['a length and chunks (request smuggling)', head(['Content-Length: 3', 'Transfer-Encoding: chunked']), 400, 'invalid_request'],
    ['no HTTP at all', '\u0016\u0003\u0001\u0002\r\n\r\n', 400, 'invalid_request'],
    ['no Host', 'GET /v1/models HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'invalid_request'],
  ])('%s', async (_what, bytes, status, code) => {
    const { api, logged } = await serve()
    const answer = parsed(await raw(api.port, (socket) => socket.end(bytes)))
    expect(answer).toMatchObject({ status, body: { error: { code } } })
    expect(logged).toEqual([])
    expect((await fetch(`${api.url}/health`)).status).toBe(200)
  })

  it.each([
    ['announced', (size: number) => new Uint8Array(size)],
    ['in chunks', (size: number) => new Blob([new Uint8Array(size)]).stream()],
  ])('a body too large, %s: 413, and the next request is answered', async (_how, make) => {
    const { api } = await serve()
    // `duplex`, which a streamed body needs, is not in every version of the types.
    const init: object = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: make(17 * 1024 * 1024),
      duplex: 'half',
    }
    const response = await fetch(`${api.url}/v1/chat/completions`, init)
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ error: { code: 'too_large', type: 'invalid_request_error' } })
    expect((await ask(api.url)).status).toBe(200)
  })

  it('sockets beyond the limit are closed at once, and there is room again when one leaves', async () => {
    const { api } = await serve({ limits: { connections: 2 } })
    const held = [connect(api.port, '127.0.0.1'), connect(api.port, '127.0.0.1')]
    await Promise.all(held.map((socket) => once(socket, 'connect')))
    expect(await raw(api.port, () => undefined)).toBe('')
    const left = held.map((socket) => once(socket, 'close'))
    for (const socket of held) socket.destroy()
    await Promise.all(left)
    await expect
      .poll(() =>
        fetch(`${api.url}/health`).then(
          (r) => r.status,
          () => 0,
        ),
      )
      .toBe(200)
  })
})

describe('requests of web pages', () => {
  it.each([
    ['a rebound host name', { host: 'evil.example' }],
    ['a host name that begins like ours', { host: '127.0.0.1.evil.example' }],
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['what the browser calls cross-site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
  ])('%s: 403, nothing is asked, no CORS header', async (_what, headers) => {
    const { api, requests } = await serve()
    const lines = Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}`)
    const bytes = [
      'POST /v1/chat/completions HTTP/1.1',
      ...lines,
      'content-type: application/json',
      'connection: close',
      `content-length: ${question.length}`,
      '',
      question,
    ].join('\r\n')
    const answer = await raw(api.port, (socket) => socket.write(bytes))
    expect(answer).toMatch(/^HTTP\/1\.1 403 /)
    expect(answer.toLowerCase()).not.toContain('access-control-allow-origin')
    expect(requests).toEqual([])
  })
  it('an allowed origin may call, from the moment it is allowed', async () => {
    const origins: string[] = []
    const { api } = await serve({ access: () => ({ hosts: [], origins, keys: { always: false, check: () => null } }) })
    const page = { origin: 'https://chat.example' }
    expect((await ask(api.url, page)).status).toBe(403)
    origins.push('https://chat.example')
    const response = await ask(api.url, page)
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, 'https://chat.example'])
  })
})

describe('keys', () => {
  const scopes: Record<string, KeyScope> = { reader: 'read', asker: 'inference', boss: 'admin' }
  const guarded = (): ApiAccess => ({ hosts: [], origins: [], keys: { always: true, check: (key) => scopes[key] ?? null } })

  it('without one: 401 with a challenge, but health says that the server lives', async () => {
    const { api } = await serve({ access: guarded })
    const response = await ask(api.url)
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect(await response.json()).toMatchObject({ error: { code: 'unauthorized', type: 'authentication_error' } })
    expect((await fetch(`${api.url}/health`)).status).toBe(200)
    expect((await fetch(`${api.url}/v1/models`)).status).toBe(401)
  })
  it.each([
    ['wrong', 401],
    ['reader', 403],
    ['asker', 200],
    ['boss', 200],
  ])('the key "%s" gets %i for an answer', async (key, status) => {
    const { api, requests } = await serve({ access: guarded })
    expect((await ask(api.url, { authorization: `Bearer ${key}` })).status).toBe(status)
    expect(requests).toHaveLength(status === 200 ? 1 : 0)
  })
  it('a preflight needs none, since browsers never send one with it, and a 401 can be read by an allowed page', async () => {
    const { api } = await serve({ access: guarded })
    const page = { origin: 'http://localhost:3000' }
    const preflight = await fetch(`${api.url}/v1/chat/completions`, {
      method: 'OPTIONS',
      headers: { ...page, 'access-control-request-method': 'POST' },
    })
    expect(preflight.status).toBe(204)
    const denied = await ask(api.url, page)
    expect([denied.status, denied.headers.get('access-control-allow-origin')]).toEqual([401, 'http://localhost:3000'])
  })
  it('whoever comes through a proxy on this machine is not taken for a local program', async () => {
    const { api } = await serve()
    expect((await ask(api.url)).status).toBe(200)
    expect((await ask(api.url, { 'x-forwarded-for': '203.0.113.9' })).status).toBe(401)
  })
  it('a path written in another way needs the same key', async () => {
    const { api } = await serve({ access: guarded })
    for (const path of ['/api/v1/ps', '/%61pi/v1/ps', '/api/v1/ps/', '/api%2Fv1%2Fps'])
      expect([401, 403, 404]).toContain((await fetch(`${api.url}${path}`, { headers: { 'x-api-key': 'reader' } })).status)
  })
})

it('IPv6 loopback is served on the same port, under the same rules', async () => {
  const { api } = await serve()
  if (!api.hosts.includes('::1')) return
  expect((await ask(`http://[::1]:${api.port}`)).status).toBe(200)
  expect((await ask(`http://[::1]:${api.port}`, { origin: 'https://evil.example' })).status).toBe(403)
})
