import { describe, expect, it } from 'vitest'
import type { GenerationEvent } from '../../../shared/contract'
import { ask, bench, errorOf, finish, post } from './test-bench'

/** An engine that makes one answer at a time, and begins when it is told to. */
function oneAtATime() {
  let open: () => void = () => undefined
  let turn = new Promise<void>((resolve) => (open = resolve))
  const begun: string[] = []
  const script = async function* (request: { messages: { content: string | null }[] }): AsyncGenerator<GenerationEvent> {
    const before = turn
    let done: () => void = () => undefined
    turn = new Promise((resolve) => (done = resolve))
    try {
      await before
      begun.push(request.messages[0]?.content ?? '')
      yield { type: 'text', text: 'Hi' }
      yield finish
    } finally {
      done()
    }
  }
  return { script, begun, open: () => open() }
}

const saying = (content: string, more: object = {}) => post({ ...ask, ...more, messages: [{ role: 'user', content }] })

describe('the queue of the API', () => {
  it.each([
    ['streamed', true],
    ['whole', false],
  ])('a thousand requests that wait, %s, are all answered, in the order in which they came', async (_how, stream) => {
    const engine = oneAtATime()
    const { api, activity, logged } = bench(engine.script, { limits: { patienceMs: 0 } })
    const names = Array.from({ length: 1000 }, (_, index) => `question ${index}`)
    const answers = names.map(async (name) => (await api.request('/v1/chat/completions', saying(name, { stream }))).text())
    await expect.poll(() => activity.inFlight()).toBe(1000)
    engine.open()
    const texts = await Promise.all(answers)
    expect(texts.filter((text) => !text.includes('"content":"Hi"'))).toEqual([])
    expect(engine.begun).toEqual(names)
    expect([activity.inFlight(), logged]).toEqual([0, []])
  })

  it('one more than the limit: 429 with Retry-After, and there is room again when one is answered', async () => {
    const engine = oneAtATime()
    const { api, activity } = bench(engine.script, { limits: { maxOpen: 2 } })
    const waiting = ['a', 'b'].map(async (name) => api.request('/v1/chat/completions', saying(name)))
    await expect.poll(() => activity.inFlight()).toBe(2)
    const refused = await api.request('/v1/chat/completions', saying('c'))
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await errorOf(refused)).toMatchObject({ status: 429, code: 'rate_limit_exceeded' })
    engine.open()
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200])
    expect((await api.request('/v1/chat/completions', saying('d'))).status).toBe(200)
  })

  it('bodies that are too much together: 429 with Retry-After, and there is room again when one is answered or left', async () => {
    const engine = oneAtATime()
    const { api, activity } = bench(engine.script, { limits: { maxOpenBytes: 250_000 } })
    const large = 'x'.repeat(100_000)
    const leaving = new AbortController()
    const first = api.request('/v1/chat/completions', saying(large))
    const second = (async () => api.request('/v1/chat/completions', { ...saying(large), signal: leaving.signal }))()
    await expect.poll(() => activity.inFlight()).toBe(2)
    const refused = await api.request('/v1/chat/completions', saying(large))
    expect(refused.headers.get('retry-after')).toBe('1')
    const { status, code, message } = await errorOf(refused)
    expect({ status, code }).toEqual({ status: 429, code: 'rate_limit_exceeded' })
    expect(message).toContain('MiB')
    // A small one still fits.
    const small = api.request('/v1/chat/completions', saying('small'))
    await expect.poll(() => activity.inFlight()).toBe(3)
    leaving.abort()
    engine.open()
    expect((await first).status).toBe(200)
    expect((await small).status).toBe(200)
    await second.catch(() => undefined)
    expect((await api.request('/v1/chat/completions', saying(large))).status).toBe(200)
    expect(activity.inFlight()).toBe(0)
  })

  it('what is refused for what it says gives its room back', async () => {
    const { api } = bench([finish], { limits: { maxOpen: 1, maxOpenBytes: 1000 } })
    for (let round = 0; round < 5; round += 1) {
      expect((await api.request('/v1/chat/completions', post({ ...ask, messages: 'x'.repeat(800) }))).status).toBe(400)
      expect((await api.request('/v1/chat/completions', post('{"cut'))).status).toBe(400)
    }
    expect((await api.request('/v1/chat/completions', saying('Hi'))).status).toBe(200)
  })
})
