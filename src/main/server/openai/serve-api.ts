import { randomUUID } from 'node:crypto'
import { AppError } from '../../../shared/errors'
import { listen, type Listening, type ListenOptions } from '../http'
import { createActivity, type Activity } from './activity'
import { buildApi } from './api'
import type { ApiDeps } from './deps'
import { toHttpError } from './wire-error'

export interface ApiServer extends Pick<Listening, 'port' | 'hosts' | 'url'> {
  activity: Activity
  /**
   * Refuses new requests at once, gives open answers a second to end by themselves, ends the rest with an error event, and closes.
   * Takes at most 5 s (product.md §4).
   */
  close: () => Promise<void>
}

/** What the HTTP parser lets through and is still no request, such as one without a Host. */
function onBadRequest(): Response {
  const id = `req_${randomUUID().replaceAll('-', '')}`
  const { status, body } = toHttpError(new AppError('invalid_request', 'This is not a valid HTTP request.'), id)
  return Response.json(body, { status, headers: { 'X-Request-ID': id } })
}

const drainMs = 1000
const closeMs = 3000

/**
 * The API on a socket.
 * @throws AppError port_in_use (data: port, pid, process), listen_failed
 */
export async function serveApi(
  deps: Omit<ApiDeps, 'activity' | 'shutdown'>,
  options: Pick<ListenOptions, 'host' | 'port' | 'findPortUser'>,
): Promise<ApiServer> {
  const activity = createActivity()
  const refuse = new AbortController()
  const cut = new AbortController()
  const hosts = [...(deps.guard?.hosts ?? []), ...(options.host === undefined ? [] : [options.host])]
  const app = buildApi({
    ...deps,
    guard: { ...deps.guard, hosts },
    activity,
    shutdown: { refuse: refuse.signal, cut: cut.signal },
  })
  const { port, hosts: bound, url, close } = await listen(app.fetch, { ...options, onBadRequest })
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
