import { expect, test, vi } from 'vitest'
import { AppError } from '../../shared/errors'
import { createApiListener } from './api-listener'
import { createActivity, type ApiServer } from './openai'

function setUp(serve?: () => Promise<ApiServer>) {
  const onChange = vi.fn<() => void>()
  const activity = createActivity()
  const close = vi.fn<() => Promise<void>>(() => Promise.resolve())
  const open = vi.fn<(at: { host: string; port: number }) => Promise<ApiServer>>(
    serve ?? (({ port }) => Promise.resolve({ port, hosts: ['127.0.0.1'], url: `http://127.0.0.1:${port}`, activity, close })),
  )
  return { listener: createApiListener({ serve: open, onChange }), onChange, activity, close, open }
}
const at = { host: '127.0.0.1', port: 8080 }

test('says what is bound and how many answers are being made', async () => {
  const { listener, activity, onChange } = setUp()
  expect(listener.status()).toMatchObject({ state: 'stopped', url: null, in_flight: 0 })
  expect(await listener.start(at)).toMatchObject({ state: 'ready', url: 'http://127.0.0.1:8080', port: 8080, hosts: ['127.0.0.1'] })
  onChange.mockClear()
  const end = activity.begin()
  expect(listener.status().in_flight).toBe(1)
  end()
  expect(onChange).toHaveBeenCalledTimes(2)
})

test('two starts at once are one; a stop ends it and it can start again', async () => {
  const { listener, open, close } = setUp()
  const [first, second] = await Promise.all([listener.start(at), listener.start({ ...at, port: 9 })])
  expect(second).toEqual(first)
  expect(open).toHaveBeenCalledOnce()
  expect(await listener.stop()).toMatchObject({ state: 'stopped' })
  expect(close).toHaveBeenCalledOnce()
  await listener.start(at)
  expect(open).toHaveBeenCalledTimes(2)
})

test.each([
  ['port_in_use', 'port_in_use'],
  ['listen_failed', 'failed'],
] as const)('%s is thrown and stays to be seen as %s', async (code, state) => {
  const { listener } = setUp(() => Promise.reject(new AppError(code, 'No.')))
  await expect(listener.start(at)).rejects.toMatchObject({ code })
  expect(listener.status()).toMatchObject({ state, port: 8080, error: { code } })
})
