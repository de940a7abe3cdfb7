import { createStore, type StoreApi } from 'zustand/vanilla'
import type { ActivityFrame, ApiKey, ApiRequest, AppContract, EngineMemory, KeyScope, LogLine } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import { toFailure } from '../../lib/serialized'

export const KEPT_REQUESTS = 200
export const KEPT_LINES = 1_000

export interface ActivityState {
  /** Newest first; null before the first frame. */
  requests: ApiRequest[] | null
  total: number
  throughput: ActivityFrame['throughput'] | null
  /** The owner's time of the last frame, ms. */
  atMs: number
  lines: LogLine[] | null
  logFile: string | null
  memory: EngineMemory | null
  keys: ApiKey[] | null
  /** A key that was made just now: the only time that it can be seen. */
  newKey: { name: string; key: string } | null
  /** Why a key was not listed, made or removed. */
  keyError: SerializedError | null
}

export type ActivityStore = StoreApi<ActivityState>

export function createActivityStore(): ActivityStore {
  return createStore<ActivityState>(() => ({
    requests: null,
    total: 0,
    throughput: null,
    atMs: 0,
    lines: null,
    logFile: null,
    memory: null,
    keys: null,
    newKey: null,
    keyError: null,
  }))
}

/** The list with what a frame says of it: newest first, bounded, entries that did not change keep their identity. */
export function mergeRequests(before: readonly ApiRequest[], changed: readonly ApiRequest[]): ApiRequest[] {
  const news = new Map(changed.map((request) => [request.id, request]))
  const known = before.map((request) => {
    const next = news.get(request.id)
    news.delete(request.id)
    return next ?? request
  })
  const fresh = [...news.values()].reverse()
  return [...fresh, ...known].slice(0, KEPT_REQUESTS)
}

export interface ActivityActions {
  /** Follows requests and log until `signal` aborts. */
  follow: (signal: AbortSignal) => void
  refreshKeys: () => Promise<void>
  createKey: (name: string, scope: KeyScope) => Promise<boolean>
  revokeKey: (id: string) => Promise<void>
  forgetNewKey: () => void
  /** A pinned model is not unloaded. */
  pin: (name: string, pinned: boolean) => Promise<void>
}

const noResult = (): void => undefined

export function createActivityActions(client: Client<AppContract>, store: ActivityStore): ActivityActions {
  const followRequests = async (signal: AbortSignal): Promise<void> => {
    for await (const frame of client.stream('server.activity', {}, { signal })) {
      const before = frame.whole ? [] : (store.getState().requests ?? [])
      store.setState({
        requests:
          frame.requests.length === 0 && before === store.getState().requests ? before : mergeRequests(before, frame.requests),
        total: frame.total,
        throughput: frame.throughput,
        atMs: Date.parse(frame.at),
      })
    }
  }
  const followLog = async (signal: AbortSignal): Promise<void> => {
    for await (const { file, whole, lines } of client.stream('log.watch', {}, { signal })) {
      const before = whole ? [] : (store.getState().lines ?? [])
      store.setState({ logFile: file, lines: [...before, ...lines].slice(-KEPT_LINES) })
    }
  }
  const readMemory = async (): Promise<void> => {
    store.setState({ memory: await client.call('engine.memory', {}) })
  }
  const attempt = async (act: () => Promise<void>): Promise<boolean> => {
    store.setState({ keyError: null })
    try {
      await act()
      return true
    } catch (error) {
      store.setState({ keyError: toFailure(error) })
      return false
    }
  }
  const readKeys = async (): Promise<void> => {
    const { keys } = await client.call('keys.list', {})
    store.setState({ keys })
  }
  // A connection that ends is the window's to tell: it shows it for all views.
  const quiet = (work: Promise<void>): void => void work.catch(() => undefined)
  return {
    follow: (signal) => {
      quiet(followRequests(signal))
      quiet(followLog(signal))
      quiet(readMemory())
    },
    refreshKeys: async () => void (await attempt(readKeys)),
    createKey: (name, scope) =>
      attempt(async () => {
        const { key } = await client.call('keys.create', { name, scope })
        store.setState({ newKey: { name, key } })
        await readKeys()
      }),
    revokeKey: async (id) =>
      void (await attempt(async () => {
        await client.call('keys.revoke', { key: id })
        store.setState({ newKey: null })
        await readKeys()
      })),
    forgetNewKey: () => store.setState({ newKey: null }),
    // A model that is no longer loaded has nothing to pin: the list says so by itself.
    pin: (name, pinned) => client.call('models.pin', { model: name, pinned }).then(noResult, noResult),
  }
}
