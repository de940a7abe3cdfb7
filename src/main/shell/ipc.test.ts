import { EventEmitter } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import type { Frame } from '../../shared/rpc'
import { createPortServer, isTrusted } from './ipc'

const page = { url: 'mlxk://app/index.html', parent: null }

describe('who may connect', () => {
  test.each([
    ['our page in our window', page, 7, true],
    ['a frame inside our page', { url: 'mlxk://app/index.html', parent: {} }, 7, false],
    ['another page in our window', { url: 'https://example.com/', parent: null }, 7, false],
    ['our page in a window that we did not open', page, 8, false],
    ['a frame that is gone', null, 7, false],
  ])('%s: %s', (_name, frame, contentsId, expected) => {
    expect(isTrusted({ frame, contentsId }, new Set([7]))).toBe(expected)
  })
})

/** A port's end that records what is posted to it. */
class FakePort extends EventEmitter {
  sent: unknown[] = []
  postMessage(message: unknown): void {
    this.sent.push(message)
  }
  start(): void {}
  close(): void {
    this.emit('close')
  }
}

function setUp() {
  const handlers = new Map<string, (event: Electron.IpcMainInvokeEvent) => unknown>()
  const ports: FakePort[] = []
  const server = createPortServer({
    ipcMain: {
      handle: (channel, handler) => handlers.set(channel, handler),
      removeHandler: (channel) => handlers.delete(channel),
    },
    createChannel: () => {
      const [port1, port2] = [new FakePort(), new FakePort()]
      ports.push(port1)
      return { port1, port2 }
    },
    knownContents: new Set([7]),
  })
  const postMessage = vi.fn()
  const ask = (frame: object | null, id = 7) =>
    handlers.get('mlxk:port')?.({ sender: { id }, senderFrame: frame } as unknown as Electron.IpcMainInvokeEvent)
  return { server, ports, postMessage, ask, handlers }
}

async function* answer(name: string): AsyncGenerator<Frame> {
  yield { type: 'data', data: name }
  yield { type: 'end' }
}

describe('the port server', () => {
  test('hands a served port to the page that asked', async () => {
    const { server, ports, postMessage, ask } = setUp()
    server.setOwner(answer)
    ask({ ...page, postMessage })
    expect(postMessage).toHaveBeenCalledExactlyOnceWith('mlxk:port', null, [expect.any(FakePort)])
    const [port] = ports
    port!.emit('message', { data: { type: 'open', id: 1, name: 'app.info', input: {} } })
    await vi.waitFor(() => expect(port!.sent).toContainEqual({ type: 'frame', id: 1, frame: { type: 'end' } }))
  })

  test('refuses a stranger without making a channel', () => {
    const { server, ports, ask } = setUp()
    server.setOwner(answer)
    expect(() => ask(page, 8)).toThrow('may not connect')
    expect(() => ask(null)).toThrow('may not connect')
    expect(ports).toHaveLength(0)
  })

  test('has nothing to offer before there is an owner', () => {
    const { ask } = setUp()
    expect(() => ask(page)).toThrow('is starting')
  })

  test('ends its ports when the owner changes, so that pages ask again', () => {
    const { server, ports, ask } = setUp()
    server.setOwner(answer)
    ask({ ...page, postMessage: vi.fn() })
    server.setOwner(null)
    expect(ports[0]!.sent).toEqual([{ type: 'bye' }])
  })
})
