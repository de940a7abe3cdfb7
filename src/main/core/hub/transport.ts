import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import { Agent, EnvHttpProxyAgent, request, type Dispatcher } from 'undici'
import { AppError } from '../../../shared/errors'
import { readVariable, type Env } from '../system'
import { isLoopback } from './endpoint'
import { toNetworkError } from './network-errors'
import { invalidHubData } from './validate'

export interface Call {
  url: string
  method?: 'GET' | 'HEAD' | 'POST'
  headers?: Record<string, string>
  body?: string
  signal?: AbortSignal | undefined
}

export interface Answer {
  status: number
  /** Names in lower case; repeated ones joined with ", ". */
  headers: Record<string, string>
  /** After redirects. */
  url: string
  /** Answers on the way, first to last: the Hub says there what it knows of a file that lies elsewhere. */
  hops: { url: string; headers: Record<string, string> }[]
  body: AsyncIterable<Uint8Array>
  /** Stops reading. */
  close: () => void
}

export interface TransportDeps {
  endpoint: string
  /** Asked for each request, so that a login counts at once. Null: anonymous. */
  readToken: () => Promise<string | null>
  userAgent: string
  env: Env
  /** Connections per host. */
  connections?: number
}

export interface Transport {
  /** Follows redirects by itself and answers with whatever status comes. @throws AppError network_failed, hub_invalid */
  send: (call: Call) => Promise<Answer>
  proxied: boolean
  close: () => Promise<void>
}

const MAX_REDIRECTS = 5
const CONNECT_TIMEOUT_MS = 10_000
const HEADERS_TIMEOUT_MS = 15_000
const BODY_TIMEOUT_MS = 20_000
const HUB_HOSTS = new Set(['huggingface.co', 'hf.co'])

/** Certificates that the user adds, as Python's clients read them; null: the built-in ones. @throws AppError invalid_setting */
function readAuthorities(env: Env): string[] | null {
  for (const name of ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE']) {
    const file = readVariable(env, name)
    if (file === undefined) continue
    try {
      return [...rootCertificates, readFileSync(file, 'utf8')]
    } catch (cause) {
      throw new AppError('invalid_setting', `${name} names ${JSON.stringify(file)}, which cannot be read.`, { cause })
    }
  }
  return null
}

function createDispatcher(env: Env, connections: number): { dispatcher: Dispatcher; proxied: boolean } {
  const ca = readAuthorities(env)
  const options = {
    allowH2: false,
    pipelining: 1,
    connections,
    keepAliveTimeout: 30_000,
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_TIMEOUT_MS,
    connect: { timeout: CONNECT_TIMEOUT_MS, ...(ca === null ? {} : { ca }) },
  }
  const pick = (name: string): string | undefined => readVariable(env, name.toLowerCase()) ?? readVariable(env, name)
  const all = pick('ALL_PROXY')
  const httpsProxy = pick('HTTPS_PROXY') ?? all
  const httpProxy = pick('HTTP_PROXY') ?? all
  if (httpsProxy === undefined && httpProxy === undefined) return { dispatcher: new Agent(options), proxied: false }
  try {
    const dispatcher = new EnvHttpProxyAgent({
      ...options,
      ...(httpProxy === undefined ? {} : { httpProxy }),
      ...(httpsProxy === undefined ? {} : { httpsProxy }),
      noProxy: pick('NO_PROXY') ?? '',
    })
    return { dispatcher, proxied: true }
  } catch (cause) {
    throw new AppError('invalid_setting', 'The proxy of HTTPS_PROXY or HTTP_PROXY is no address.', { cause })
  }
}

const PRIVATE = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|0\.|\[f[cd]|\[fe80|\[::\])/i

/**
 * Where a redirect may lead: as safe as the Hub itself, and into a private network only when the Hub is in one (an address in an answer
 * must not turn us against the machine that we run on).
 * @throws AppError hub_invalid
 */
export function checkRedirect(from: string, to: string | undefined, endpoint: string): URL {
  let target: URL
  try {
    target = new URL(to ?? '', from)
    if (to === undefined || to === '') throw new Error('nowhere')
  } catch {
    throw invalidHubData('it leads nowhere')
  }
  const home = new URL(endpoint)
  const isHttp = target.protocol === 'http:' && home.protocol === 'http:'
  if (target.protocol !== 'https:' && !isHttp) throw invalidHubData(`it leads to ${target.protocol}//${target.host}`)
  const isPrivate = (url: URL): boolean => isLoopback(url.hostname) || PRIVATE.test(url.hostname)
  if (isPrivate(target) && !isPrivate(home)) throw invalidHubData(`it leads into a private network, to ${target.host}`)
  return target
}

/** A token is for the Hub alone: never for a host that it sends us to. */
export function mayHaveToken(url: string, endpoint: string): boolean {
  const target = new URL(url)
  const home = new URL(endpoint)
  if (target.origin === home.origin) return true
  return HUB_HOSTS.has(home.hostname) && HUB_HOSTS.has(target.hostname) && target.protocol === 'https:'
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value
  return flat
}

/** HTTP/1.1 over undici, with the proxies and certificates of the environment. */
export function createTransport({ endpoint, readToken, userAgent, env, connections = 8 }: TransportDeps): Transport {
  let opened: { dispatcher: Dispatcher; proxied: boolean } | null = null
  const open = (): { dispatcher: Dispatcher; proxied: boolean } => (opened ??= createDispatcher(env, connections))

  const sendOnce = async (url: string, call: Call): Promise<Answer> => {
    const { dispatcher, proxied } = open()
    const token = mayHaveToken(url, endpoint) ? await readToken() : null
    const headers = {
      'user-agent': userAgent,
      'accept-encoding': 'identity',
      ...call.headers,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    }
    const { host } = new URL(url)
    try {
      const {
        statusCode,
        headers: got,
        body,
      } = await request(url, {
        dispatcher,
        method: call.method ?? 'GET',
        headers,
        ...(call.body === undefined ? {} : { body: call.body }),
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      })
      // Without a listener, an error after `close` would end the process.
      body.on('error', () => undefined)
      const read = async function* (): AsyncGenerator<Uint8Array> {
        try {
          for await (const chunk of body) yield chunk as Uint8Array
        } catch (error) {
          throw toNetworkError(error, host, proxied)
        }
      }
      return { status: statusCode, headers: flatten(got), url, hops: [], body: read(), close: () => body.destroy() }
    } catch (error) {
      throw toNetworkError(error, host, proxied)
    }
  }
  return {
    send: async (call) => {
      let { url } = call
      const hops: Answer['hops'] = []
      for (;;) {
        const answer = await sendOnce(url, call)
        if (![301, 302, 303, 307, 308].includes(answer.status)) return { ...answer, hops }
        answer.close()
        hops.push({ url, headers: answer.headers })
        if (hops.length > MAX_REDIRECTS) throw invalidHubData('it leads from one address to the next without an end')
        url = checkRedirect(url, answer.headers['location'], endpoint).href
      }
    },
    get proxied() {
      return open().proxied
    },
    close: async () => {
      await opened?.dispatcher.destroy()
      opened = null
    },
  }
}
