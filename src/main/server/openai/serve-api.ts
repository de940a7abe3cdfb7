import { randomUUID } from 'node:crypto'
import { AppError } from '../../../shared/errors'
import { listen, type BadBytes, type Listening, type ListenOptions } from '../http'
import { createActivity, type Activity } from './activity'
import { buildApi } from './api'
import type { ApiAccess, ApiDeps } from './deps'
import { toHttpError } from './wire-error'

export interface ApiServer extends Pick<Listening, 'port' | 'hosts' | 'url'> {
  activity: Activity
  /**
   * Refuses new requests at once, gives open answers a second to end by themselves, ends the rest with an error event, and closes.
   * Takes at most 5 s (product.md §4).
   */
  close: () => Promise<void>
}

/** The name that the server is bound to is one that it may be called by. */
const withHosts = (access: ApiAccess, hosts: readonly string[]): ApiAccess => ({ ...access, hosts: [...access.hosts, ...hosts] })

/** An answer outside of any route: of the HTTP layer itself. */
function badRequest(error: AppError): { id: string; status: number; text: string } {
  const id = `req_${randomUUID().replaceAll('-', '')}`
  const { status, body } = toHttpError(error, id)
  return { id, status, text: JSON.stringify(body) }
}

/** What the HTTP parser lets through and is still no request, such as one without a Host. */
function onBadRequest(): Response {
  const { id, status, text } = badRequest(new AppError('invalid_request', 'This is not a valid HTTP request.'))
  return new Response(text, { status, headers: { 'Content-Type': 'application/json', 'X-Request-ID': id } })
}

function describeBadBytes({ status, message }: BadBytes): { type: string; body: string } {
  const code = status === 431 ? 'too_large' : 'invalid_request'
  return { type: 'application/json', body: badRequest(new AppError(code, message)).text }
}

const drainMs = 1000
const closeMs = 3000

/**
 * The API on a socket.
 * @throws AppError port_in_use (data: port, pid, process), listen_failed
 */
export async function serveApi(
  deps: Omit<ApiDeps, 'activity' | 'shutdown'>,
  options: Pick<ListenOptions, 'host' | 'port' | 'findPortUser' | 'limits'>,
): Promise<ApiServer> {
  const activity = createActivity()
  const refuse = new AbortController()
  const cut = new AbortController()
  const boundHosts = options.host === undefined ? [] : [options.host]
  const { access } = deps
  const app = buildApi({
    ...deps,
    ...(access === undefined ? {} : { access: () => withHosts(access(), boundHosts) }),
    activity,
    shutdown: { refuse: refuse.signal, cut: cut.signal },
  })
  const { port, hosts: bound, url, close } = await listen(app.fetch, { ...options, onBadRequest, describeBadBytes })
  let closing: Promise<void> | null = null
  return {
    port,
    hosts: bound,
    url,
    activity,
    close: () => {
      closing ??= stop()
      return closing
    },
  }

  async function stop(): Promise<void> {
    refuse.abort()
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, drainMs)
    })
    await Promise.race([activity.idle(), patience])
    clearTimeout(timer)
    cut.abort()
    await close({ graceMs: closeMs })
  }
}
