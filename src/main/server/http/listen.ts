import { createServer, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { AppError, toErrno } from '../../../shared/errors'
import { currentPlatform } from '../../core/system'
import { createPortUserFinder, type PortUser } from './port-user'

export interface ListenOptions {
  /** Default 127.0.0.1. Loopback (127.0.0.1 or localhost) also gets ::1 on the same port, since clients resolve localhost to it first. */
  host?: string
  /** 0 takes a free one. */
  port: number
  findPortUser?: (port: number) => Promise<PortUser | null>
  /** Answer to a request that is not even a URL, or to a fetch that failed. Default: 400 without a body. */
  onBadRequest?: (error: unknown) => Response
  /** Body of the answer to bytes that are no HTTP, or come too slowly. Default: none. */
  describeBadBytes?: (reason: BadBytes) => { type: string; body: string }
  limits?: Partial<ListenLimits>
}

/** 400 what is no HTTP, 408 what does not come, 431 too long headers. */
export interface BadBytes {
  status: 400 | 408 | 431
  message: string
}

export interface ListenLimits {
  /** From the first byte of a request to the end of its headers. Default 10 s. */
  headersMs: number
  /** To the end of its body. Default 120 s. */
  requestMs: number
  /** How often the two are looked after. Default 5 s. */
  checkMs: number
  /** All headers of a request together. Default 32 KiB. */
  headerBytes: number
  /** Sockets; one more is closed at once. Default 4096. */
  connections: number
}

export interface Listening {
  port: number
  /** What is bound: `['127.0.0.1', '::1']`. */
  hosts: string[]
  /** `http://127.0.0.1:PORT`; of a server on every address the one that this machine calls. */
  url: string
  /**
   * Accepts nothing new, gives open answers `graceMs` (default 4000) to end, then closes what is left. Whoever streams must end its
   * streams itself. Resolves when nothing is open any more.
   */
  close: (options?: { graceMs?: number }) => Promise<void>
}

type Fetch = (request: Request, env: object) => Response | Promise<Response>

const portTries = 20
const defaults: ListenLimits = { headersMs: 10_000, requestMs: 120_000, checkMs: 5000, headerBytes: 32 * 1024, connections: 4096 }
const keepAliveMs = 30_000

/**
 * Serves a fetch function over HTTP/1.1.
 * @throws AppError port_in_use (data: port, pid, process), listen_failed
 */
export async function listen(fetch: Fetch, options: ListenOptions): Promise<Listening> {
  const host = options.host === undefined || options.host === 'localhost' ? '127.0.0.1' : options.host
  const open = (at: string, port: number): Promise<Server> => openServer(fetch, at, port, options)
  for (let tries = 1; ; tries += 1) {
    const first = await open(host, options.port).catch(async (error: unknown) => {
      throw await toListenError(error, host, options)
    })
    const port = portOf(first)
    if (host !== '127.0.0.1') return toListening([{ host, server: first }], port)
    try {
      const second = await open('::1', port)
      return toListening(
        [
          { host, server: first },
          { host: '::1', server: second },
        ],
        port,
      )
    } catch (error) {
      // No IPv6 on this machine is fine; a stranger behind `localhost` on our port is not.
      if (toErrno(error) !== 'EADDRINUSE') return toListening([{ host, server: first }], port)
      await closeServer(first, 0)
      if (options.port !== 0 || tries >= portTries) throw await toListenError(error, '::1', { ...options, port })
    }
  }
}

function openServer(fetch: Fetch, host: string, port: number, options: ListenOptions): Promise<Server> {
  const answerBadRequest = options.onBadRequest ?? (() => new Response(null, { status: 400 }))
  // The global Request and Response stay as they are: other code of this process (Electron's protocol handlers) needs the real ones.
  const listener = getRequestListener(fetch, { overrideGlobalObjects: false, errorHandler: answerBadRequest })
  const limits = { ...defaults, ...options.limits }
  const settings = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkMs,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: limits.headerBytes,
    noDelay: true,
    // Refused by us as well, but with a reason.
    requireHostHeader: false,
  }
  const answers = new WeakMap<Duplex, ServerResponse>()
  const server = createServer(settings, (incoming, outgoing) => {
    // A client that resets its socket is no news; the abort signal of its request tells whoever cares.
    outgoing.on('error', () => {})
    answers.set(incoming.socket, outgoing)
    void listener(incoming, outgoing)
  })
  server.maxConnections = limits.connections
  server.on('clientError', (error, socket) => refuseBytes(error, socket, answers.get(socket), options.describeBadBytes))
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject)
      // A connection that cannot be accepted (no file descriptor is left) is lost; that must not end everything else.
      server.on('error', () => {})
      resolve(server)
    })
  })
}

const badBytes: Readonly<Record<string, BadBytes>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: 'The headers of the request are too long.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'The request did not arrive in time.' },
}
const reasons = { 400: 'Bad Request', 408: 'Request Timeout', 431: 'Request Header Fields Too Large' } as const

/** Node's parser has given up on a connection: says why, where an answer has not begun already, and closes it. */
function refuseBytes(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  open: ServerResponse | undefined,
  describe: ListenOptions['describeBadBytes'],
): void {
  const begun = open !== undefined && open.headersSent && !open.writableFinished
  if (!socket.writable || begun || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const reason = badBytes[error.code ?? ''] ?? { status: 400, message: 'This is not a valid HTTP request.' }
  const { type, body } = describe?.(reason) ?? { type: 'text/plain', body: '' }
  const head = [
    `HTTP/1.1 ${reason.status} ${reasons[reason.status]}`,
    'Connection: close',
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  // Destroyed once it is out: a client that goes on sending must not keep the socket.
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** "Every address" is none that can be called. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

function toListening(bound: { host: string; server: Server }[], port: number): Listening {
  const first = bound[0]?.host ?? '127.0.0.1'
  let closing: Promise<void> | null = null
  return {
    port,
    hosts: bound.map(({ host }) => host),
    url: `http://${reachable(first)}:${port}`,
    close: ({ graceMs = 4000 } = {}) => {
      closing ??= Promise.all(bound.map(({ server }) => closeServer(server, graceMs))).then(() => undefined)
      return closing
    },
  }
}

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    // Connections that turn idle after their answer would be kept alive: look again and again until all are gone.
    const sweep = setInterval(() => server.closeIdleConnections(), 50)
    const last = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearInterval(sweep)
      clearTimeout(last)
      resolve()
    })
    server.closeIdleConnections()
  })
}

async function toListenError(error: unknown, host: string, options: ListenOptions): Promise<AppError> {
  const { port } = options
  if (toErrno(error) === 'EADDRINUSE') {
    const user = await (options.findPortUser ?? createPortUserFinder(currentPlatform(process.env).os))(port)
    const by = user === null ? '' : ` by ${user.process ?? 'a process'} (pid ${user.pid})`
    return new AppError('port_in_use', `Port ${port} is already in use${by}.`, {
      hint: 'Choose another port with --port, or stop that program.',
      data: { port, pid: user?.pid ?? null, process: user?.process ?? null },
      cause: error,
    })
  }
  return new AppError('listen_failed', `Cannot listen on ${host}, port ${port} (${toErrno(error) ?? 'unknown reason'}).`, {
    hint: toErrno(error) === 'EACCES' ? 'Choose a port above 1023.' : 'Choose another host or port.',
    data: { host, port },
    cause: error,
  })
}
