import { describe, expect, it, vi } from 'vitest'
import { statements, webProver } from '../../shared/rpc'
import { createAuth, readCode } from './auth'

const origin = 'http://127.0.0.1:4711'

function setUp(hash: string, stored: string | null, answer: () => Promise<Response>) {
  const values = new Map(stored === null ? [] : [['mlxk.ticket', stored]])
  const fetch = vi.fn<(url: string, init: RequestInit) => Promise<Response>>(answer)
  const clearHash = vi.fn<() => void>()
  const auth = createAuth({
    fetch,
    clearHash,
    origin,
    readHash: () => hash,
    storage: {
      getItem: (key) => values.get(key) ?? null,
      setItem: (key, value) => void values.set(key, value),
      removeItem: (key) => void values.delete(key),
    },
  })
  return { auth, fetch, clearHash, values }
}

const json = (status: number, body: unknown) => () => Promise.resolve(Response.json(body, { status }))

describe('access of a browser page', () => {
  it.each([
    ['#code=abc', 'abc'],
    ['#code=', null],
    ['#other=1', null],
    ['', null],
  ])('reads the one-time code of %j as %j', (hash, code) => expect(readCode(hash)).toBe(code))

  it('trades the code once, keeps the token in memory alone and clears the fragment', async () => {
    const { auth, fetch, clearHash, values } = setUp('#code=abc', null, json(200, { token: 't1' }))
    expect(clearHash).toHaveBeenCalledOnce()
    expect(await auth.getToken()).toBe('t1')
    expect(await auth.getToken()).toBe('t1')
    expect(fetch).toHaveBeenCalledOnce()
    expect(fetch.mock.calls[0]?.[1].body).toBe(JSON.stringify({ code: 'abc' }))
    expect(values.size).toBe(0)
  })

  it('keeps for a reload what is good for this instance of the owner only', async () => {
    const { auth, values } = setUp('#code=abc', null, json(200, { token: 't1' }))
    auth.remember('one')
    expect(values.size).toBe(0)
    await auth.getToken()
    auth.remember('one')
    await vi.waitFor(() => expect(values.size).toBe(1))
    expect(values.get('mlxk.ticket')).toBe(await webProver.prove('t1', statements.reload(origin, 'one')))
    auth.remember('two')
    await vi.waitFor(async () =>
      expect(values.get('mlxk.ticket')).toBe(await webProver.prove('t1', statements.reload(origin, 'two'))),
    )
    auth.forget()
    expect(values.size).toBe(0)
  })

  it('trades the ticket of the page before a reload, also when its code is refused', async () => {
    const reloaded = setUp('', 'ticket', json(200, { token: 't3' }))
    expect(await reloaded.auth.getToken()).toBe('t3')
    expect(reloaded.fetch.mock.calls[0]?.[1].body).toBe(JSON.stringify({ ticket: 'ticket' }))
    const answers = [json(401, {}), json(200, { token: 't4' })]
    expect(await setUp('#code=used', 'ticket', () => answers.shift()!()).auth.getToken()).toBe('t4')
  })

  it('is unauthorized without code and ticket, with an old ticket, and after a token was refused', async () => {
    await expect(setUp('', null, json(200, {})).auth.getToken()).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(setUp('', 'old', json(401, {})).auth.getToken()).rejects.toMatchObject({ code: 'unauthorized' })
    const { auth } = setUp('#code=abc', null, json(200, { token: 't1' }))
    await auth.getToken()
    auth.forget()
    await expect(auth.getToken()).rejects.toMatchObject({ code: 'unauthorized' })
  })

  it('keeps the code while nobody answers', async () => {
    const answers = [() => Promise.reject(new TypeError('refused')), json(200, { token: 't2' })]
    const { auth } = setUp('#code=abc', null, () => answers.shift()!())
    await expect(auth.getToken()).rejects.toMatchObject({ code: 'connection_lost' })
    expect(await auth.getToken()).toBe('t2')
  })

  it('does not take an answer without a token for one', async () => {
    await expect(setUp('#code=abc', null, json(200, { token: 7 })).auth.getToken()).rejects.toMatchObject({ code: 'unauthorized' })
  })
})
