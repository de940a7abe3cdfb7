import { describe, expect, it, vi } from 'vitest'
import { createAuth, readCode } from './auth'

function setUp(hash: string, stored: string | null, answer: () => Promise<Response>) {
  const values = new Map(stored === null ? [] : [['mlxk.token', stored]])
  const fetch = vi.fn<(url: string, init: RequestInit) => Promise<Response>>(answer)
  const clearHash = vi.fn<() => void>()
  const auth = createAuth({
    fetch,
    clearHash,
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

  it('trades the code once, keeps the token for the tab and clears the fragment', async () => {
    const { auth, fetch, clearHash, values } = setUp('#code=abc', null, json(200, { token: 't1' }))
    expect(clearHash).toHaveBeenCalledOnce()
    expect(await auth.getToken()).toBe('t1')
    expect(await auth.getToken()).toBe('t1')
    expect(fetch).toHaveBeenCalledOnce()
    expect(fetch.mock.calls[0]?.[1].body).toBe(JSON.stringify({ code: 'abc' }))
    expect(values.get('mlxk.token')).toBe('t1')
  })

  it('uses the token of the tab when there is no code, or when the code is refused', async () => {
    expect(await setUp('', 'old', json(500, {})).auth.getToken()).toBe('old')
    expect(await setUp('#code=used', 'old', json(401, {})).auth.getToken()).toBe('old')
  })

  it('is unauthorized without code and token, and after a token was refused', async () => {
    await expect(setUp('', null, json(200, {})).auth.getToken()).rejects.toMatchObject({ code: 'unauthorized' })
    const { auth } = setUp('', 'old', json(200, {}))
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
