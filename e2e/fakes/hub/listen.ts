import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { empty, type Answer, type Call, type Layer, type Reply } from './reply'

/** What one request was and what came of it. Filled while the answer goes out. */
export interface LogEntry {
  where: Call['where']
  method: string
  /** Path and query as they were sent. */
  url: string
  range: string | null
  accept: string | null
  authorization: string | null
  userAgent: string | null
  status: number
  /** Of the body. */
  bytesSent: number
  /** The client left, or the body failed, before everything was sent. */
  aborted: boolean
}

export interface ListenOptions {
  where: Call['where']
  /** In the links that lead here: clients tell hosts apart by name, not by port. */
  hostName: string
  answer: Answer
  /** The first one sees the call first. */
  layers: readonly Layer[]
  log: LogEntry[]
}

export interface Listener {
  origin: string
  cut: () => void
  close: () => Promise<void>
  /** Again, at the same port. */
  open: () => Promise<void>
}

const MAX_BODY_BYTES = 1024 * 1024

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  const incoming: AsyncIterable<Buffer> = request
  for await (const part of incoming) {
    size += part.length
    if (size > MAX_BODY_BYTES) throw new Error('the request is too large')
    parts.push(part)
  }
  return Buffer.concat(parts)
}

const left = (response: ServerResponse): boolean => response.destroyed || response.closed

async function send(reply: Reply, call: Call, response: ServerResponse, entry: LogEntry): Promise<void> {
  entry.status = reply.status
  response.writeHead(reply.status, { 'content-length': String(reply.body.size), ...reply.headers })
  if (call.method === 'HEAD') return void response.end()
  response.flushHeaders()
  // Once for the whole answer: a listener for each piece would pile up.
  const closed = once(response, 'close').catch(() => undefined)
  for await (const piece of reply.body.read(0, reply.body.size)) {
    if (left(response)) break
    entry.bytesSent += piece.length
    if (!response.write(piece)) await Promise.race([once(response, 'drain').catch(() => undefined), closed])
  }
  response.end()
}

/** Starts one host on a free port of 127.0.0.1. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { where, log } = options
  const answer = options.layers.reduceRight((next, layer) => layer(next), options.answer)
  let origin = ''

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { headers, method = 'GET', url = '/' } = request
    const entry: LogEntry = {
      where,
      method,
      url,
      range: headers.range ?? null,
      accept: headers.accept ?? null,
      authorization: headers.authorization ?? null,
      userAgent: headers['user-agent'] ?? null,
      status: 0,
      bytesSent: 0,
      aborted: false,
    }
    log.push(entry)
    response.once('close', () => (entry.aborted = !response.writableFinished))
    try {
      const call: Call = { where, method, url: new URL(url, origin), headers, body: await readBody(request) }
      await send(await answer(call), call, response, entry)
    } catch {
      if (response.headersSent) response.destroy()
      else await send(empty(500), { where, method, url: new URL(origin), headers, body: Buffer.alloc(0) }, response, entry)
    }
  }

  const server: Server = createServer((request, response) => void handle(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  origin = `http://${options.hostName}:${address.port}`
  return {
    origin,
    cut: () => server.closeAllConnections(),
    open: async () => {
      server.listen(address.port, '127.0.0.1')
      await once(server, 'listening')
    },
    close: async () => {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
