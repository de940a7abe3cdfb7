import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AppContract, AppInfo, ServerStatus } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import { toFailure } from '../../lib/serialized'

export interface ServerState {
  app: AppInfo | null
  server: ServerStatus | null
  /** Why the last start or stop from this window failed. */
  error: SerializedError | null
  pending: boolean
}

export type ServerStore = StoreApi<ServerState>

export function createServerStore(): ServerStore {
  return createStore<ServerState>(() => ({ app: null, server: null, error: null, pending: false }))
}

/** What programs put into their settings: the API's address with `/v1`, or null while it does not listen. */
export function baseUrl(server: ServerStatus | null): string | null {
  return server?.url == null || server.state !== 'ready' ? null : `${server.url}/v1`
}

/** True while the API wants to listen and cannot. */
export function isServerBroken({ state }: ServerStatus): boolean {
  return state === 'port_in_use' || state === 'failed'
}

/** The port to offer when the wanted one is taken. */
export function nextPort(error: SerializedError, wanted: number | null): number | null {
  const port = error.data?.['port'] ?? wanted
  return typeof port === 'number' && port > 0 && port < 65535 ? port + 1 : null
}

export interface ServerActions {
  start: (port?: number) => Promise<void>
  stop: () => Promise<void>
  /** Stops and starts it when it runs or wants to, so that new settings hold. */
  restart: () => Promise<void>
}

export function createServerActions(client: Client<AppContract>, store: ServerStore): ServerActions {
  const attempt = async (act: () => Promise<ServerStatus>): Promise<void> => {
    store.setState({ pending: true, error: null })
    try {
      store.setState({ server: await act(), pending: false })
    } catch (error) {
      store.setState({ error: toFailure(error), pending: false })
    }
  }
  return {
    start: (port) => attempt(() => client.call('server.start', port === undefined ? {} : { port })),
    stop: () => attempt(() => client.call('server.stop', {})),
    restart: async () => {
      if (store.getState().server?.state === 'stopped') return
      await attempt(async () => {
        await client.call('server.stop', {})
        return client.call('server.start', {})
      })
    },
  }
}
