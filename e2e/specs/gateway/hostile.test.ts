import { request as httpRequest } from 'node:http'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WireError } from '../../../src/shared/openai'
import { needsEngine } from '../../setup/needs'
import { letters } from './models'
import { counting, openGateway, type Gateway } from './support'

const full = process.env['MLXK_TEST_FULL'] === '1'
const bodies = full ? 10_000 : 1000
const leavers = full ? 1000 : 100

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Everything but `keep_alive`, which by right ends the engine: `0` at once, `1` after a second. */
const chat: Json = {
  model: letters.name,
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
    },
    { role: 'tool', tool_call_id: 'c', content: 'x' },
    { role: 'user', content: 'Hi' },
  ],
  max_tokens: 3,
  temperature: 0.5,
  top_p: 0.9,
  top_k: 5,
  stop: ['z'],
  seed: 3,
  n: 1,
  stream: false,
  stream_options: { include_usage: true },
  logprobs: true,
  top_logprobs: 2,
  logit_bias: { '5': 1 },
  tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }],
  tool_choice: 'auto',
  response_format: { type: 'text' },
  chat_template_kwargs: { enable_thinking: false },
}
const text: Json = { model: letters.name, prompt: 'x', max_tokens: 3, logprobs: 1, echo: false, stream: false, n: 2, stop: 'z' }

const oddValues: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  0.5,
  1e308,
  -1e308,
  2 ** 53,
  1e-320,
  '',
  'x',
  '\0',
  '\ud800',
  '💥',
  '{',
  [],
  {},
  [[]],
]
const oddKeys = ['__proto__', 'constructor', 'toString', 'model', 'stop', '', '\u2028', 'adapters', 'n'] as const

interface Change {
  place: number
  kind: 'replace' | 'remove' | 'repeat' | 'add'
  value: Json
  key: string
}

const change = fc.record({
  place: fc.nat(),
  kind: fc.constantFrom('replace', 'remove', 'repeat', 'add'),
  value: fc.oneof(fc.constantFrom(...oddValues), fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>),
  key: fc.oneof(fc.constantFrom(...oddKeys), fc.string({ maxLength: 8 })),
}) as fc.Arbitrary<Change>

/** Every place of a value: the thing that holds it and the key there. */
function placesOf(value: Json): { holder: Json[] | { [key: string]: Json }; key: string }[] {
  if (value === null || typeof value !== 'object') return []
  const holder = value
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesOf((holder as { [key: string]: Json })[key] ?? null)])
}

function mutate(start: Json, changes: readonly Change[]): Json {
  const body = structuredClone(start)
  for (const { place, kind, key, ...rest } of changes) {
    // A value may be put in twice, and changed there.
    const value = structuredClone(rest.value)
    const places = placesOf(body)
    const at = places[place % Math.max(1, places.length)]
    if (at === undefined) continue
    const { holder } = at
    if (Array.isArray(holder)) {
      const index = Number(at.key)
      if (kind === 'remove') holder.splice(index, 1)
      else if (kind === 'repeat') holder.push(...Array.from({ length: 20 }, () => structuredClone(holder[index] ?? null)))
      else holder[index] = value
    } else if (kind === 'remove') delete holder[at.key]
    else if (kind === 'replace') holder[at.key] = value
    else
      Object.defineProperty(holder, kind === 'add' ? key : `${at.key}s`, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      })
  }
  return body
}

describe.skipIf(!needsEngine())('what strangers send to real mlx_lm', () => {
  let gateway: Gateway

  beforeAll(async () => {
    gateway = await openGateway()
    await gateway.write(letters)
  })
  afterAll(() => gateway?.close())

  async function post(path: string, body: string): Promise<{ status: number; text: string; id: string | null }> {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
    const response = await fetch(gateway.api.url + path, init)
    return { status: response.status, text: await response.text(), id: response.headers.get('x-request-id') }
  }

  function expectShape({ status, text: answer, id }: Awaited<ReturnType<typeof post>>): void {
    if (status === 200 && !answer.startsWith('{')) {
      expect(answer.endsWith('data: [DONE]\n\n') || /data: \{"error":.*\}\n\n$/.test(answer)).toBe(true)
      return
    }
    const parsed = JSON.parse(answer) as WireError
    if (status === 200) {
      expect(parsed).toMatchObject({ object: expect.stringMatching(/^(chat\.completion|text_completion)$/) as string })
      return
    }
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    expect(Object.keys(parsed).sort()).toEqual(['error', 'request_id'])
    expect(Object.keys(parsed.error).sort()).toEqual(['code', 'message', 'param', 'type'])
    expect(parsed.request_id).toBe(id)
  }

  it(
    `${bodies} bodies that are nearly right: every reply has OpenAI's shape, nothing is unforeseen, and the same engine lives`,
    async () => {
      const good = JSON.stringify({ model: letters.name, messages: [{ role: 'user', content: 'Hi' }] })
      expect((await post('/v1/chat/completions', good)).status).toBe(200)
      const { pid } = gateway.pool.list().find(({ name }) => name === letters.name)!
      for (const [path, body] of [
        ['/v1/chat/completions', chat],
        ['/v1/completions', text],
      ] as const) {
        const { status, text: answer } = await post(path, JSON.stringify(body))
        expect({ status, answer }).toMatchObject({ status: 200 })
      }
      let answered = 0
      const one = fc.record({
        isChat: fc.boolean(),
        changes: fc.array(change, { minLength: 1, maxLength: 3 }),
        cut: fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat() }),
      })
      // Several at a time, as strangers come.
      await fc.assert(
        fc.asyncProperty(fc.array(one, { minLength: 10, maxLength: 10 }), async (group) => {
          await Promise.all(
            group.map(async ({ isChat, changes, cut }) => {
              const json = JSON.stringify(mutate(isChat ? chat : text, changes))
              const body = cut === null ? json : json.slice(0, cut % (json.length + 1))
              const answer = await post(isChat ? '/v1/chat/completions' : '/v1/completions', body)
              expectShape(answer)
              if (answer.status === 200) answered += 1
            }),
          )
        }),
        { numRuns: bodies / 10, endOnFailure: true },
      )
      await gateway.idle()
      expect((await post('/v1/chat/completions', good)).status).toBe(200)
      expect(gateway.pool.list().find(({ name }) => name === letters.name)?.pid).toBe(pid)
      expect(gateway.logged).toEqual([])
      expect(answered).toBeGreaterThan(bodies / 20)
      console.log(`fuzzed bodies: ${bodies}, of which ${answered} were answered`)
    },
    full ? 1_200_000 : 120_000,
  )

  it(
    `${leavers} clients that leave early: no request stays, the engine is free, and no socket is left`,
    async () => {
      const body = (stream: boolean) =>
        JSON.stringify({ model: counting, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 2000, stream })
      await post(
        '/v1/chat/completions',
        JSON.stringify({ model: counting, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 }),
      )
      const before = openSockets()
      /** Leaves after its request was sent, after its headers came, or after some text. */
      const leave = (index: number): Promise<void> =>
        new Promise((resolve) => {
          const when = index % 3
          const outgoing = httpRequest(`${gateway.api.url}/v1/chat/completions`, {
            method: 'POST',
            agent: false,
            headers: { 'content-type': 'application/json' },
          })
          outgoing.on('error', () => undefined)
          outgoing.once('close', resolve)
          outgoing.once('response', (response) => {
            response.on('error', () => undefined)
            if (when === 1) outgoing.destroy()
            else response.once('data', () => outgoing.destroy())
          })
          outgoing.end(body(when !== 0), () => {
            if (when === 0) setImmediate(() => outgoing.destroy())
          })
        })
      for (let start = 0; start < leavers; start += 10) {
        await Promise.all(Array.from({ length: Math.min(10, leavers - start) }, (_, offset) => leave(start + offset)))
      }
      await gateway.api.activity.idle()
      await gateway.idle()
      await expect.poll(openSockets, { timeout: 10_000 }).toBeLessThanOrEqual(before)
      const answer = await post(
        '/v1/chat/completions',
        JSON.stringify({ model: counting, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 2 }),
      )
      expect(answer.status).toBe(200)
      expect(gateway.logged).toEqual([])
      console.log(`clients that left early: ${leavers}`)
    },
    full ? 600_000 : 120_000,
  )
})

/** Sockets of this process, which is the gateway: also those to the engine. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
}
