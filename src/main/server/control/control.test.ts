import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { method, stream, type Handlers } from '../../../shared/contract'
import { createClient, createDispatcher, createHttpTransport, MAX_INPUT_BYTES, statements, webProver } from '../../../shared/rpc'
import { describeTransport, testContract } from '../../../shared/rpc/conformance'
import { nodeProver, proveNow } from '../../core/ownership'
import type { Listening } from '../http'
import { buildControl, createOneTimeCodes, listenControl } from '.'

const token = 'a'.repeat(43)

const instanceId = 'instance-1'
const nonce = 'n'.repeat(43)

describeTransport('HTTP', async (dispatcher) => {
  let listening: Listening | null = null
  const identity = { token, instanceId, origin: () => listening?.url ?? '' }
  const control = buildControl({ contract: testContract, dispatcher, identity, codes: { use: () => false }, pageRoot: '/nowhere' })
  const { url, close: end } = (listening = await listenControl(control, 0))
  const close = () => end({ graceMs: 0 })
  return { transport: createHttpTransport({ baseUrl: url, token }), sever: close, close }
})

const contract = {
  echo: method(z.strictObject({ text: z.string().default('nothing') }), z.object({ text: z.string() })),
  wait: stream(z.strictObject({}), z.object({ n: z.number() })),
}
const handlers: Handlers<typeof contract> = {
  echo: (input) => Promise.resolve(input),
  wait: async function* (_input, { signal }) {
    yield { n: 1 }
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  },
}

describe('the control port', () => {
  const root = mkdtempSync(join(tmpdir(), 'mlxk-page-'))
  const pageRoot = join(root, 'page')
  let now = 1_000_000
  const codes = createOneTimeCodes(() => now)
  let listening: Listening

  beforeAll(async () => {
    mkdirSync(join(pageRoot, 'assets'), { recursive: true })
    writeFileSync(join(pageRoot, 'index.html'), '<!doctype html><title>MLX Knife</title>')
    writeFileSync(join(pageRoot, 'assets', 'index-abc.js'), 'export {}')
    writeFileSync(join(root, 'secret.txt'), 'secret')
    symlinkSync(join(root, 'secret.txt'), join(pageRoot, 'assets', 'link.txt'))
    const dispatcher = createDispatcher(contract, handlers)
    const identity = { token, instanceId, origin: () => listening.url }
    listening = await listenControl(buildControl({ contract, dispatcher, identity, codes, pageRoot, heartBeatMs: 5 }), 0)
  })
  afterAll(async () => {
    await listening.close({ graceMs: 0 })
    rmSync(root, { recursive: true })
  })

  /** By node:http, since fetch may set neither Host nor an unnormalised path. */
  const raw = (
    path: string,
    options: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ): Promise<{ status: number; headers: Record<string, unknown>; body: string }> =>
    new Promise((resolve, reject) => {
      const { method: verb = 'GET', headers = {}, body } = options
      const outgoing = request({ host: '127.0.0.1', port: listening.port, path, method: verb, headers }, (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (part: string) => (text += part))
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }))
      })
      outgoing.on('error', reject)
      // A body that is refused is still being sent when the answer has come and the request is over.
      outgoing.on('socket', (socket) => socket.on('error', () => undefined))
      outgoing.end(body)
    })
  const proof = (origin = listening.url, instance = instanceId) => proveNow(token, statements.call(origin, instance))
  const call = (path: string, body: string, headers: Record<string, string> = {}) =>
    raw(path, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${proof()}`, 'content-type': 'application/json', ...headers },
    })
  const codeOf = (answer: { body: string }): unknown => (JSON.parse(answer.body) as { error?: { code?: unknown } }).error?.code

  test('answers a method with plain JSON, also without a body', async () => {
    const answer = await call('/rpc/echo', '{"text":"hi"}')
    expect(answer).toMatchObject({ status: 200, body: '{"text":"hi"}' })
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' })
    expect((await call('/rpc/echo', '')).body).toBe('{"text":"nothing"}')
  })

  test.each<[string, () => string]>([
    ['no proof', () => ''],
    ['the token itself', () => `Bearer ${token}`],
    ['a proof of another token', () => `Bearer ${proveNow('b'.repeat(43), statements.call(listening.url, instanceId))}`],
    ['a proof for another instance', () => `Bearer ${proof(listening.url, 'instance-2')}`],
    ['a proof for another port', () => `Bearer ${proof('http://127.0.0.1:1')}`],
    ['the proof of a reload', () => `Bearer ${proveNow(token, statements.reload(listening.url, instanceId))}`],
    ['a longer proof', () => `Bearer ${proof()}a`],
    ['another scheme', () => `Basic ${proof()}`],
  ])('refuses %s', async (_what, authorization) => {
    const answer = await call('/rpc/echo', '{}', { authorization: authorization() })
    expect(answer.status).toBe(401)
    expect(codeOf(answer)).toBe('unauthorized')
  })

  test('proves who it is to anyone, for a nonce of theirs and its own address, without the token', async () => {
    const answer = await call('/auth/hello', JSON.stringify({ nonce }), { authorization: '' })
    expect(JSON.parse(answer.body)).toEqual({
      instance_id: instanceId,
      proof: await nodeProver.prove(token, statements.hello(listening.url, instanceId, nonce)),
    })
    expect(answer.body).not.toContain(token)
    expect(await webProver.prove(token, 'x')).toBe(await nodeProver.prove(token, 'x'))
    for (const bad of ['{}', '{"nonce":7}', '{"nonce":"short"}', JSON.stringify({ nonce: `${nonce}\nx` }), '[']) {
      expect((await call('/auth/hello', bad, { authorization: '' })).status).toBe(400)
    }
    expect((await call('/auth/hello', JSON.stringify({ nonce }), { origin: 'https://evil.example' })).status).toBe(403)
  })

  test('a stranger between a client and the owner gets nothing to use', async () => {
    // Listens where the client looks, and asks the true owner elsewhere for the proof.
    const heard: string[] = []
    const relay = createServer((incoming, outgoing) => {
      let body = ''
      incoming.on('data', (part: Buffer) => (body += part.toString()))
      incoming.on('end', () => {
        heard.push(`${incoming.url ?? ''} ${JSON.stringify(incoming.headers)} ${body}`)
        void call(incoming.url ?? '/', body, { authorization: incoming.headers.authorization ?? '' }).then((answer) => {
          outgoing.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
        })
      })
    })
    await new Promise<void>((done) => {
      relay.listen(0, '127.0.0.1', done)
    })
    const baseUrl = `http://127.0.0.1:${(relay.address() as AddressInfo).port}`
    const client = createClient<typeof contract>(createHttpTransport({ baseUrl, token }))
    await expect(client.call('echo', { text: 'a secret question' })).rejects.toMatchObject({ code: 'connection_lost' })
    expect(heard).toHaveLength(1)
    expect(heard[0]).toMatch(/^\/auth\/hello /)
    expect(heard.join()).not.toMatch(/Bearer|secret|a{43}/)
    relay.close()
  })

  test('a client notices that another instance has come to the same port, and lets it prove itself', async () => {
    const seen: string[] = []
    const dispatcher = createDispatcher(contract, handlers)
    let place = { url: '', port: 0 }
    const start = async (instance: string): Promise<Listening> => {
      const identity = { token, instanceId: instance, origin: () => place.url }
      return listenControl(buildControl({ contract, dispatcher, identity, codes, pageRoot }), place.port)
    }
    const first = await start('first')
    place = first
    const onInstance = (id: string) => void seen.push(id)
    const client = createClient<typeof contract>(createHttpTransport({ baseUrl: place.url, token, onInstance }))
    expect(await client.call('echo', { text: '1' })).toEqual({ text: '1' })
    await first.close({ graceMs: 0 })
    const second = await start('second')
    expect(second.url).toBe(place.url)
    expect(await client.call('echo', { text: '2' })).toEqual({ text: '2' })
    expect(seen).toEqual(['first', 'second'])
    await second.close({ graceMs: 0 })
  })

  test.each([
    ['a forged Host', { host: 'evil.example' }],
    ["another site's Origin", { origin: 'https://evil.example' }],
    ['another local page', { origin: 'http://localhost:3000' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['a cross-site fetch', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }],
  ])('refuses %s even with the token', async (_what, headers) => {
    const answer = await call('/rpc/echo', '{}', headers)
    expect(answer.status).toBe(403)
    expect(codeOf(answer)).toBe('forbidden')
  })

  test('answers its own page', async () => {
    expect((await call('/rpc/echo', '{}', { origin: listening.url })).status).toBe(200)
  })

  test.each(['{"text":', '[1', 'text=1', '\u0000'])('says that %j is not JSON', async (body) => {
    const answer = await call('/rpc/echo', body)
    expect(answer.status).toBe(400)
    expect(codeOf(answer)).toBe('invalid_input')
  })

  test('refuses a form', async () => {
    const answer = await call('/rpc/echo', 'text=1', { 'content-type': 'application/x-www-form-urlencoded' })
    expect(answer.status).toBe(415)
    expect(codeOf(answer)).toBe('unsupported_media_type')
  })

  test('refuses a body that is too large before it is parsed', async () => {
    const answer = await call('/rpc/echo', `{"text":"${'x'.repeat(MAX_INPUT_BYTES)}"}`)
    expect(answer.status).toBe(413)
    expect(codeOf(answer)).toBe('too_large')
  })

  test('unknown calls and other verbs are told so', async () => {
    expect((await call('/rpc/nope', '{}')).status).toBe(404)
    expect((await raw('/rpc/echo')).status).toBe(405)
    expect((await raw('/elsewhere', { method: 'DELETE' })).status).toBe(404)
  })

  test('a quiet stream beats', async () => {
    const controller = new AbortController()
    const answer = await fetch(`${listening.url}/rpc/wait`, {
      method: 'POST',
      headers: { authorization: `Bearer ${proof()}`, 'content-type': 'application/json' },
      body: '{}',
      signal: controller.signal,
    })
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes(': still here\n\n')) text += (await reader.read()).value ?? ''
    expect(text).toContain('event: data\ndata: {"n":1}\n\n')
    controller.abort()
  })

  describe('the one-time code', () => {
    const exchange = (code: unknown) => trade({ code })
    const trade = (given: object) =>
      raw('/auth/exchange', { method: 'POST', body: JSON.stringify(given), headers: { 'content-type': 'application/json' } })

    test('gives the token once', async () => {
      const code = codes.draw()
      expect(JSON.parse((await exchange(code)).body)).toEqual({ token })
      expect((await exchange(code)).status).toBe(401)
    })
    test('a reloaded page gets the token for a ticket of this instance at this address only', async () => {
      const ticket = (origin: string, instance: string) => trade({ ticket: proveNow(token, statements.reload(origin, instance)) })
      expect(JSON.parse((await ticket(listening.url, instanceId)).body)).toEqual({ token })
      expect((await ticket(listening.url, 'instance-0')).status).toBe(401)
      expect((await ticket('http://127.0.0.1:1', instanceId)).status).toBe(401)
      expect((await trade({ ticket: proof() })).status).toBe(401)
      expect((await trade({ ticket: token })).status).toBe(401)
      expect((await trade({ ticket: 7 })).status).toBe(400)
    })
    test('is good for a minute', async () => {
      const code = codes.draw()
      now += 60_000
      expect((await exchange(code)).status).toBe(401)
    })
    test('cannot be guessed or malformed', async () => {
      expect((await exchange('x')).status).toBe(401)
      expect((await exchange(7)).status).toBe(400)
    })
    test('is one of a hundred at most; the oldest ends first', () => {
      const few = createOneTimeCodes()
      const first = few.draw()
      const rest = Array.from({ length: 100 }, () => few.draw())
      expect(few.use(first)).toBe(false)
      expect(few.use(rest[0]!)).toBe(true)
    })
  })

  describe('the page', () => {
    test('comes with a policy that lets it load nothing foreign, and is not stored', async () => {
      const { status, headers, body } = await raw('/')
      expect(status).toBe(200)
      expect(body).toContain('MLX Knife')
      expect(headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringMatching(/^default-src 'none'; script-src 'self';/),
      })
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    })
    test('answers for its views; its hashed files may be kept', async () => {
      expect((await raw('/models/org/name')).body).toContain('MLX Knife')
      expect((await raw('/assets/index-abc.js')).headers['cache-control']).toContain('immutable')
      expect(await raw('/', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
    })
    test.each([
      '/assets/none.js',
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/assets/..%5c..%5csecret.txt',
      '/%00.txt',
      '/%zz.txt',
      '/assets/../../secret.txt',
    ])('has nothing at %s', async (path) => {
      const answer = await raw(path)
      expect(answer.status).toBe(404)
      expect(answer.body).not.toContain('secret')
    })
  })
})

test('the port of the last start is taken again when it is free, else another', async () => {
  const control = buildControl({
    contract,
    dispatcher: createDispatcher(contract, handlers),
    identity: { token, instanceId, origin: () => '' },
    codes: { use: () => false },
    pageRoot: '/nowhere',
  })
  const first = await listenControl(control, 0)
  const second = await listenControl(control, first.port)
  expect(second.port).not.toBe(first.port)
  await first.close({ graceMs: 0 })
  const third = await listenControl(control, first.port)
  expect(third.port).toBe(first.port)
  await Promise.all([second.close({ graceMs: 0 }), third.close({ graceMs: 0 })])
})
