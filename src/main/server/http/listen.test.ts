import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { listen, type Listening } from './listen'

const open: Listening[] = []
const strangers: Server[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((listening) => listening.close({ graceMs: 0 })))
  for (const stranger of strangers.splice(0)) stranger.close()
})

async function start(...args: Parameters<typeof listen>): Promise<Listening> {
  const listening = await listen(...args)
  open.push(listening)
  return listening
}

async function occupy(host: string): Promise<number> {
  const stranger = createServer()
  strangers.push(stranger)
  stranger.listen(0, host)
  await once(stranger, 'listening')
  return (stranger.address() as AddressInfo).port
}

const hello = (): Response => new Response('hello')

async function hasIpv6(): Promise<boolean> {
  const probe = createServer()
  probe.listen(0, '::1')
  const worked = await Promise.race([once(probe, 'listening').then(() => true), once(probe, 'error').then(() => false)])
  probe.close()
  return worked
}

describe('listen', () => {
  it('answers on 127.0.0.1 and, where there is IPv6, on ::1 at the same port, and says what is bound', async () => {
    const listening = await start(hello, { port: 0 })
    expect(listening.url).toBe(`http://127.0.0.1:${listening.port}`)
    expect(listening.hosts).toEqual((await hasIpv6()) ? ['127.0.0.1', '::1'] : ['127.0.0.1'])
    for (const host of listening.hosts) {
      const address = host.includes(':') ? `[${host}]` : host
      expect(await (await fetch(`http://${address}:${listening.port}`)).text()).toBe('hello')
    }
  })

  it('names the port and its user when the port is taken', async () => {
    const port = await occupy('127.0.0.1')
    const failure = listen(hello, { port, findPortUser: () => Promise.resolve({ pid: 7, process: 'ollama' }) })
    await expect(failure).rejects.toMatchObject({ code: 'port_in_use', data: { port, pid: 7, process: 'ollama' } })
  })

  it.skipIf(process.platform !== 'linux')('finds this very process as the user of its own port', async () => {
    const port = await occupy('127.0.0.1')
    await expect(listen(hello, { port })).rejects.toMatchObject({ data: { port, pid: process.pid } })
  })

  it('does not leave half a server behind when a stranger holds ::1', async () => {
    if (!(await hasIpv6())) return
    const port = await occupy('::1')
    await expect(listen(hello, { port, findPortUser: () => Promise.resolve(null) })).rejects.toMatchObject({ code: 'port_in_use' })
    const [error] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNREFUSED')
  })

  it('says listen_failed for an address that is not ours', async () => {
    await expect(listen(hello, { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({ code: 'listen_failed' })
  })

  it('aborts the request signal when the client leaves', async () => {
    let aborted: (by: string) => void
    const left = new Promise<string>((resolve) => (aborted = resolve))
    const arrived: (() => void)[] = []
    const listening = await start(
      (request) => {
        request.signal.addEventListener('abort', () => aborted('client'))
        arrived.forEach((tell) => tell())
        return new Promise<Response>(() => {})
      },
      { port: 0 },
    )
    const controller = new AbortController()
    const asked = new Promise<void>((resolve) => arrived.push(resolve))
    const answer = fetch(listening.url, { signal: controller.signal }).catch(() => null)
    await asked
    controller.abort()
    expect(await left).toBe('client')
    await answer
  })

  it('closes idle keep-alive connections at once and hanging answers after the grace time', async () => {
    const listening = await start(
      (request) =>
        request.url.endsWith('/hang')
          ? new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array([46])) }))
          : hello(),
      { port: 0 },
    )
    await (await fetch(listening.url)).text()
    const hanging = await fetch(`${listening.url}/hang`)
    const cut = hanging.text().catch((error: unknown) => error)
    await listening.close({ graceMs: 100 })
    expect(await cut).toBeInstanceOf(TypeError)
    await expect(fetch(listening.url)).rejects.toBeInstanceOf(TypeError)
  })
})

it('survives a connection that cannot be accepted', async () => {
  const served: Server[] = []
  const note = (message: unknown): void => void served.push((message as { server: Server }).server)
  subscribe('http.server.request.start', note)
  const listening = await start(() => new Response('ok'), { port: 0 })
  await fetch(listening.url)
  unsubscribe('http.server.request.start', note)
  const server = served.find((one) => (one.address() as AddressInfo | null)?.port === listening.port)
  expect(server?.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }))).toBe(true)
  expect(await (await fetch(listening.url)).text()).toBe('ok')
})
