import { expect, expectTypeOf, test } from 'vitest'
import { MessageChannel } from 'node:worker_threads'
import { EventEmitter, once } from 'node:events'
import { describeTransport, type testContract } from './conformance'
import { adaptEmitterPort, createPortTransport, servePort, type Client, type Dispatcher, type EventStream, type PortLike } from '.'

type NodePort = InstanceType<typeof MessageChannel>['port1']

/** Node's ports have `onmessage` as browsers' have; its types do not say so. */
const like = (port: NodePort): PortLike => port as unknown as PortLike

describeTransport('a message port', async (dispatcher) => {
  const { port1, port2 } = new MessageChannel()
  const server = servePort(like(port1), dispatcher)
  const transport = createPortTransport(like(port2))
  return {
    transport,
    sever: () => port1.close(),
    close: () => {
      transport.close()
      server.close()
    },
  }
})

/** Electron's MessagePortMain on top of Node's port: an emitter whose messages are events. */
function asMain(port: NodePort) {
  const emitter = new EventEmitter()
  port.on('message', (data) => emitter.emit('message', { data }))
  port.on('close', () => emitter.emit('close'))
  return Object.assign(emitter, {
    postMessage: (message: unknown) => port.postMessage(message),
    start: () => port.start(),
    close: () => port.close(),
  })
}

describeTransport("Electron's kind of port", async (dispatcher) => {
  const { port1, port2 } = new MessageChannel()
  const server = servePort(adaptEmitterPort(asMain(port1)), dispatcher)
  const transport = createPortTransport(like(port2))
  return {
    transport,
    sever: () => port1.close(),
    close: () => {
      transport.close()
      server.close()
    },
  }
})

const silent: Dispatcher = async function* () {
  yield { type: 'end' }
}

test('a port that speaks another language harms nobody', async () => {
  const { port1, port2 } = new MessageChannel()
  const server = servePort(like(port1), silent)
  for (const message of [
    null,
    7,
    'x',
    {},
    { type: 'open' },
    { type: 'open', id: 'a', name: 'x' },
    { type: 'credit', id: 1 },
    { type: 'cancel', id: 9 },
  ]) {
    port2.postMessage(message)
  }
  port2.postMessage({ type: 'open', id: 3, name: 'echo', input: {} })
  const [answer] = await once(port2, 'message')
  expect(answer).toEqual({ type: 'frame', id: 3, frame: { type: 'end' } })
  server.close()
})

test('an answer that cannot be sent ends its call with an error and leaves the port open', async () => {
  const { port1, port2 } = new MessageChannel()
  const server = servePort(like(port1), async function* (name) {
    yield { type: 'data', data: name === 'bad' ? () => undefined : 'fine' }
    yield { type: 'end' }
  })
  const transport = createPortTransport(like(port2))
  const read = async (name: string) => {
    const frames = []
    for await (const frame of transport.open(name, {}, new AbortController().signal)) frames.push(frame)
    return frames
  }
  expect(await read('bad')).toMatchObject([{ type: 'error', error: { code: 'internal' } }])
  expect(await read('good')).toEqual([{ type: 'data', data: 'fine' }, { type: 'end' }])
  transport.close()
  server.close()
})

test('the client has the types of the contract', () => {
  type TestClient = Client<typeof testContract>
  expectTypeOf<Parameters<TestClient['call']>[0]>().toEqualTypeOf<'echo' | 'refuse' | 'crash' | 'hang'>()
  const use = (client: TestClient) => {
    expectTypeOf(client.call('echo', { text: '' })).toEqualTypeOf<Promise<{ text: string; times: number }>>()
    expectTypeOf(client.stream('count', { to: 1 })).toEqualTypeOf<EventStream<{ n: number; padding?: string | undefined }>>()
    // @ts-expect-error a stream is no method
    void client.call('count', { to: 1 })
    // @ts-expect-error the input has another type
    void client.call('echo', { text: 1 })
  }
  expect(use).toBeTypeOf('function')
})
