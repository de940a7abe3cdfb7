/**
 * What every transport promises, as one suite that runs on each of them. A test file hands in a way to connect; everything else is the
 * same, so a window and a browser page cannot drift apart.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { method, stream, type Handlers } from '../contract/method'
import { AppError } from '../errors'
import { createClient, createDispatcher, MAX_INPUT_BYTES, type CallReport, type Client, type Dispatcher, type Transport } from '.'

const nothing = z.strictObject({})

export const testContract = {
  echo: method(
    z.strictObject({ text: z.string(), times: z.number().default(1) }),
    z.object({ text: z.string(), times: z.number() }),
  ),
  refuse: method(nothing, nothing),
  crash: method(nothing, nothing),
  hang: method(nothing, nothing),
  count: stream(
    z.strictObject({ to: z.number(), pause: z.boolean().default(false), padding: z.number().default(0) }),
    z.object({ n: z.number(), padding: z.string().optional() }),
  ),
  deaf: stream(nothing, z.object({ n: z.number() })),
  breakDown: stream(nothing, z.object({ n: z.number() })),
}
type TestContract = typeof testContract

/** One end of a transport, and what happens to the other. */
export interface Connection {
  transport: Transport
  /** Takes the wire away without a word, as a crash or a navigation does. */
  sever: () => void | Promise<void>
  close: () => void | Promise<void>
}

interface World {
  client: Client<TestContract>
  connection: Connection
  /** Names of handlers whose signal aborted or whose loop was left. */
  left: string[]
  produced: () => number
  reports: CallReport[]
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function createWorld(connect: (dispatcher: Dispatcher) => Promise<Connection>): Promise<World> {
  const left: string[] = []
  const reports: CallReport[] = []
  let produced = 0
  const handlers: Handlers<TestContract> = {
    echo: (input) => Promise.resolve(input),
    refuse: () => Promise.reject(new AppError('busy', 'Somebody else is at it.', { hint: 'Wait.', data: { pid: 42 } })),
    crash: () => Promise.reject(new Error('cannot read /home/somebody/secret')),
    hang: async (_input, { signal }) => {
      await untilAborted(signal)
      left.push('hang')
      return {}
    },
    count: async function* ({ to, pause, padding }, { signal }) {
      try {
        for (let n = 1; n <= to; n++) {
          produced = n
          yield padding === 0 ? { n } : { n, padding: 'x'.repeat(padding) }
          if (pause) await untilAborted(signal)
        }
      } finally {
        if (signal.aborted || produced < to) left.push('count')
      }
    },
    // Neither looks at its signal nor ever goes on: the caller must be free all the same.
    deaf: async function* () {
      yield { n: 1 }
      await new Promise(() => undefined)
    },
    breakDown: async function* () {
      yield { n: 1 }
      throw new AppError('engine_crashed', 'The model stopped.')
    },
  }
  const dispatcher = createDispatcher(testContract, handlers, { checkOutput: true, report: (report) => reports.push(report) })
  return connect(dispatcher).then((connection) => ({
    client: createClient<TestContract>(connection.transport),
    connection,
    left,
    produced: () => produced,
    reports,
  }))
}

const failure = (work: Promise<unknown>): Promise<AppError> =>
  work.then(
    () => {
      throw new Error('It should have failed')
    },
    (error: unknown) => {
      expect(error).toBeInstanceOf(AppError)
      return error as AppError
    },
  )

async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const event of events) all.push(event)
  return all
}

export function describeTransport(name: string, connect: (dispatcher: Dispatcher) => Promise<Connection>): void {
  describe(`RPC over ${name}`, () => {
    let world: World
    const start = async (): Promise<World> => (world = await createWorld(connect))
    afterEach(() => world.connection.close())

    test('answers a call and applies the defaults of the schema', async () => {
      const { client } = await start()
      expect(await client.call('echo', { text: 'schön ✓' })).toEqual({ text: 'schön ✓', times: 1 })
    })

    test('keeps code, hint and data of a foreseen error', async () => {
      const { client } = await start()
      const error = await failure(client.call('refuse', {}))
      expect(error).toMatchObject({ code: 'busy', message: 'Somebody else is at it.', hint: 'Wait.', data: { pid: 42 } })
    })

    test('hides an unforeseen error behind a request id and reports it once', async () => {
      const { client, reports } = await start()
      const error = await failure(client.call('crash', {}))
      expect(error.code).toBe('internal')
      expect(JSON.stringify([error.message, error.hint, error.data])).not.toContain('secret')
      const withError = reports.filter((report) => report.error !== undefined)
      expect(withError).toHaveLength(1)
      expect(error.data).toEqual({ request_id: withError[0]?.requestId })
    })

    test.each([
      ['a wrong type', { text: 7 }],
      ['an unknown key', { text: 'x', extra: 1 }],
      ['no object', 'text'],
      ['nothing', null],
    ])('refuses input with %s and says where it is wrong', async (_what, input) => {
      const { client } = await start()
      const error = await failure(client.call('echo', input as { text: string }))
      expect(error.code).toBe('invalid_input')
      expect(error.data?.['issues']).not.toHaveLength(0)
    })

    test.each(['no.such.call', 'toString', '__proto__', 'constructor', 'a/../b'])('has no call named %s', async (unknown) => {
      const { client } = await start()
      expect((await failure(client.call(unknown as 'echo', { text: '' }))).code).toBe('method_not_found')
    })

    test('refuses input that is too large', async () => {
      const { client } = await start()
      expect((await failure(client.call('echo', { text: 'x'.repeat(MAX_INPUT_BYTES + 1) }))).code).toBe('too_large')
      expect(await client.call('echo', { text: 'still here' })).toEqual({ text: 'still here', times: 1 })
    })

    test('streams every event in order', async () => {
      const { client } = await start()
      const events = await collect(client.stream('count', { to: 1000 }))
      expect(events.map(({ n }) => n)).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1))
    })

    test('ends a stream with the error that ended the work', async () => {
      const { client } = await start()
      const seen: number[] = []
      const error = await failure(
        (async () => {
          for await (const { n } of client.stream('breakDown', {})) seen.push(n)
        })(),
      )
      expect(seen).toEqual([1])
      expect(error.code).toBe('engine_crashed')
    })

    test('does not let the work run far ahead of a slow reader', async () => {
      const { client, produced } = await start()
      const events = client.stream('count', { to: 1_000_000, padding: 100_000 })
      await events.next()
      // A round trip on the same connection: whatever was on its way has arrived.
      for (let turn = 0; turn < 20; turn++) await client.call('echo', { text: 'tick' })
      // The kernel's buffers of a socket hold some megabytes; a hundred times that would be our memory.
      expect(produced()).toBeLessThan(1000)
      await events.return()
    })

    test('leaving the loop cancels the work behind it', async () => {
      const { client, left } = await start()
      for await (const { n } of client.stream('count', { to: 10, pause: true })) if (n === 1) break
      await vi.waitFor(() => expect(left).toEqual(['count']))
    })

    test('leaving a stream while an event is awaited ends the wait and the work', async () => {
      const { client, left } = await start()
      const events = client.stream('count', { to: 10, pause: true })
      await events.next()
      const pending = events.next()
      await events.return()
      expect(await pending).toEqual({ done: true, value: undefined })
      await vi.waitFor(() => expect(left).toEqual(['count']))
    })

    test('aborting reaches a handler that is waiting', async () => {
      const { client, left, reports } = await start()
      const controller = new AbortController()
      const call = client.call('hang', {}, { signal: controller.signal })
      await client.call('echo', { text: 'the call before has arrived' })
      controller.abort()
      expect((await failure(call)).code).toBe('cancelled')
      await vi.waitFor(() => expect(left).toEqual(['hang']))
      await vi.waitFor(() => expect(reports.at(-1)).toMatchObject({ name: 'hang', outcome: 'cancelled' }))
    })

    test('aborting frees the caller from a handler that does not listen', async () => {
      const { client } = await start()
      const controller = new AbortController()
      const events = client.stream('deaf', {}, { signal: controller.signal })
      await events.next()
      const pending = failure(events.next())
      controller.abort()
      expect((await pending).code).toBe('cancelled')
    })

    test('a call with an aborted signal is not made', async () => {
      const { client, reports } = await start()
      const signal = AbortSignal.abort()
      expect((await failure(client.call('echo', { text: '' }, { signal }))).code).toBe('cancelled')
      expect((await failure(collect(client.stream('count', { to: 1 }, { signal })))).code).toBe('cancelled')
      expect(reports).toEqual([])
    })

    test('keeps a hundred calls and ten streams apart', async () => {
      const { client } = await start()
      const calls = Array.from({ length: 100 }, (_, times) => client.call('echo', { text: `call ${times}`, times }))
      const streams = Array.from({ length: 10 }, (_, index) => collect(client.stream('count', { to: 50 + index })))
      expect(await Promise.all(calls)).toEqual(calls.map((_, times) => ({ text: `call ${times}`, times })))
      for (const [index, events] of (await Promise.all(streams)).entries()) expect(events).toHaveLength(50 + index)
    })

    test('a lost connection ends what is open on both sides', async () => {
      const { client, connection, left } = await start()
      const events = client.stream('count', { to: 10, pause: true })
      await events.next()
      const stream = failure(events.next())
      const call = failure(client.call('hang', {}))
      await client.call('echo', { text: 'the call before has arrived' })
      await connection.sever()
      expect((await stream).code).toBe('connection_lost')
      expect((await call).code).toBe('connection_lost')
      await vi.waitFor(() => expect(left.toSorted()).toEqual(['count', 'hang']))
      expect((await failure(client.call('echo', { text: '' }))).code).toBe('connection_lost')
    })
  })
}
