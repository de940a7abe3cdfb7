import type { ServerStatus } from '../../shared/contract'
import { AppError, toSerializedError } from '../../shared/errors'
import type { ApiServer } from './openai'

export interface ApiListenerDeps {
  /** @throws AppError port_in_use, listen_failed */
  serve: (options: { host: string; port: number }) => Promise<ApiServer>
  onChange: () => void
}

export interface ApiListener {
  status: () => ServerStatus
  /** Starts it, or says what runs already. A failure is also kept as the status. @throws AppError port_in_use, listen_failed */
  start: (options: { host: string; port: number }) => Promise<ServerStatus>
  stop: () => Promise<ServerStatus>
}

const stopped: ServerStatus = { state: 'stopped', url: null, port: null, hosts: [], in_flight: 0, error: null }

/** The OpenAI API's listener as something that is switched on and off, one switch at a time. */
export function createApiListener({ serve, onChange }: ApiListenerDeps): ApiListener {
  let server: ApiServer | null = null
  let idle: ServerStatus = stopped
  let last: Promise<unknown> = Promise.resolve()

  const status = (): ServerStatus => {
    if (server === null) return idle
    const { url, port, hosts, activity } = server
    return { state: 'ready', url, port, hosts, in_flight: activity.inFlight(), error: null }
  }
  const become = (next: ServerStatus): void => {
    idle = next
    onChange()
  }
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work)
    last = result.catch(() => undefined)
    return result
  }
  const start = async (options: { host: string; port: number }): Promise<ServerStatus> => {
    if (server !== null) return status()
    become({ ...stopped, state: 'starting', port: options.port })
    try {
      server = await serve(options)
    } catch (error) {
      const taken = error instanceof AppError && error.code === 'port_in_use'
      become({ ...stopped, state: taken ? 'port_in_use' : 'failed', port: options.port, error: toSerializedError(error) })
      throw error
    }
    server.activity.subscribe(onChange)
    become(stopped)
    return status()
  }
  const stop = async (): Promise<ServerStatus> => {
    const running = server
    server = null
    become(stopped)
    await running?.close()
    return status()
  }
  return { status, start: (options) => inTurn(() => start(options)), stop: () => inTurn(stop) }
}
