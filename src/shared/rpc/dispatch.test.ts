import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { method, stream, type Handlers } from '../contract/method'
import { AppError } from '../errors'
import { createDispatcher } from '.'

const nothing = z.strictObject({})
const contract = { ask: method(nothing, nothing), wait: stream(nothing, nothing) }
const handlers: Handlers<typeof contract> = {
  ask: () => Promise.resolve({}),
  wait: async function* (_input, { signal }) {
    yield {}
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  },
}

test('a call that has ended leaves nothing on the signal that outlives it', async () => {
  const shutdown = new AbortController()
  const dispatcher = createDispatcher(contract, handlers, { shutdown: shutdown.signal })
  for await (const frame of dispatcher('ask', {}, new AbortController().signal)) expect(frame.type).not.toBe('error')
  for await (const frame of dispatcher('wait', {}, new AbortController().signal)) {
    expect(frame.type).toBe('data')
    break
  }
  expect(getEventListeners(shutdown.signal, 'abort')).toEqual([])
})

test('open calls end with the reason of the shutdown', async () => {
  const shutdown = new AbortController()
  const frames = createDispatcher(contract, handlers, { shutdown: shutdown.signal })('wait', {}, new AbortController().signal)
  await frames.next()
  shutdown.abort(new AppError('server_shutdown', 'Bye.'))
  expect(await frames.next()).toMatchObject({ value: { type: 'error', error: { code: 'server_shutdown', message: 'Bye.' } } })
})
