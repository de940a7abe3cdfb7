import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AppContract, HubCard, HubModel, PullPreview, SearchQuery } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import { toFailure } from '../../lib/serialized'
import type { DownloadActions } from '../downloads/store'
import { filesOf, requestFor } from './selection'

export type Wish = Pick<SearchQuery, 'query' | 'owner' | 'mlx' | 'bits' | 'fits' | 'sort'>

/** What is known of the model whose details are shown. */
export interface Looked {
  name: string
  plan: PullPreview | null
  planError: SerializedError | null
  card: HubCard | null
  cardError: SerializedError | null
  /** Paths that somebody chose; null: what is usually fetched. */
  chosen: ReadonlySet<string> | null
}

export interface DiscoverState {
  wish: Wish
  /** Null until the first answer. */
  models: readonly HubModel[] | null
  nextSkip: number | null
  busy: boolean
  error: SerializedError | null
  selected: string | null
  looked: Looked | null
}

export type DiscoverStore = StoreApi<DiscoverState>

export function createDiscoverStore(): DiscoverStore {
  return createStore<DiscoverState>(() => ({
    wish: { query: '', owner: null, mlx: true, bits: null, fits: false, sort: 'downloads' },
    models: null,
    nextSkip: null,
    busy: false,
    error: null,
    selected: null,
    looked: null,
  }))
}

export interface DiscoverActions {
  /** Asks once when nothing was asked yet. */
  open: () => void
  /** Another question; words are waited for until they rest. */
  change: (part: Partial<Wish>) => void
  retry: () => void
  more: () => Promise<void>
  select: (name: string | null) => void
  /** Takes files in or out of what is fetched. */
  choose: (paths: readonly string[], wanted: boolean) => void
  /** Into the queue, with the chosen files when it is the model that is shown. True when it is there. */
  download: (name: string) => Promise<boolean>
}

export interface DiscoverDeps {
  client: Client<AppContract>
  store: DiscoverStore
  add: DownloadActions['add']
  /** Calls `act` later, unless the returned function is called first. */
  later: (ms: number, act: () => void) => () => void
}

const TYPING_MS = 300
const PAGE = 20

export function createDiscoverActions({ client, store, add, later }: DiscoverDeps): DiscoverActions {
  let asking = new AbortController()
  let looking = new AbortController()
  let forgetTimer = (): void => undefined

  const ask = async (skip: number): Promise<void> => {
    asking.abort()
    const mine = new AbortController()
    asking = mine
    store.setState({ busy: true, error: null })
    try {
      const wish = store.getState().wish
      const found = await client.call('hub.search', { ...wish, skip, limit: PAGE }, { signal: mine.signal })
      if (mine.signal.aborted) return
      const before = skip === 0 ? [] : (store.getState().models ?? [])
      // Between two pages the order may have changed.
      const known = new Set(before.map(({ name }) => name))
      store.setState({
        models: [...before, ...found.models.filter(({ name }) => !known.has(name))],
        nextSkip: found.next_skip,
        busy: false,
      })
    } catch (error) {
      if (!mine.signal.aborted) store.setState({ busy: false, error: toFailure(error) })
    }
  }

  const learn = (name: string, part: Partial<Looked>): void => {
    const { looked } = store.getState()
    if (looked?.name === name) store.setState({ looked: { ...looked, ...part } })
  }
  const look = (model: HubModel): void => {
    const { name, hash } = model
    looking.abort()
    looking = new AbortController()
    const { signal } = looking
    store.setState({ looked: { name, plan: null, planError: null, card: null, cardError: null, chosen: null } })
    client.call('downloads.plan', { model: name }, { signal }).then(
      (plan) => learn(name, { plan }),
      (error: unknown) => learn(name, { planError: toFailure(error) }),
    )
    if (hash === null) return
    client.call('hub.card', { model: name, hash }, { signal }).then(
      (card) => learn(name, { card }),
      (error: unknown) => learn(name, { cardError: toFailure(error) }),
    )
  }

  return {
    open: () => {
      const { models, busy, error } = store.getState()
      if (models === null && !busy && error === null) void ask(0)
    },
    change: (part) => {
      store.setState((state) => ({ wish: { ...state.wish, ...part } }))
      forgetTimer()
      forgetTimer = later('query' in part || 'owner' in part ? TYPING_MS : 0, () => void ask(0))
    },
    retry: () => void ask(0),
    more: async () => {
      const { nextSkip, busy } = store.getState()
      if (nextSkip !== null && !busy) await ask(nextSkip)
    },
    select: (name) => {
      const { selected, looked } = store.getState()
      // What failed is asked again.
      if (selected === name && looked?.planError == null && looked?.cardError == null) return
      store.setState({ selected: name })
      const model = store.getState().models?.find((each) => each.name === name)
      if (model === undefined) store.setState({ looked: null })
      else look(model)
    },
    choose: (paths, wanted) => {
      const { looked } = store.getState()
      if (looked?.plan == null) return
      const chosen = new Set(looked.chosen ?? looked.plan.files.map(({ path }) => path))
      for (const path of paths) {
        if (wanted) chosen.add(path)
        else chosen.delete(path)
      }
      store.setState({ looked: { ...looked, chosen } })
    },
    download: async (name) => {
      const { looked } = store.getState()
      const own = looked?.name === name && looked.plan !== null && looked.chosen !== null ? looked : null
      const files = own?.plan == null ? null : requestFor(filesOf(own.plan), own.chosen ?? new Set())
      return (await add({ model: name, ...files })) !== null
    },
  }
}
