import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AppContract } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import { toFailure } from '../../lib/serialized'

/** What the Hub says of a model's newest revision. `apart`: the model was fetched at one revision and follows no branch. */
export type Update =
  | { state: 'asking' }
  | { state: 'current' }
  | { state: 'apart' }
  | { state: 'newer'; fetchBytes: number; fitsDisk: boolean }
  | { state: 'failed'; error: SerializedError }

export interface UpdatesState {
  /** By model name. */
  updates: Readonly<Record<string, Update>>
}

export type UpdatesStore = StoreApi<UpdatesState>

export const createUpdatesStore = (): UpdatesStore => createStore<UpdatesState>(() => ({ updates: {} }))

export interface UpdateActions {
  /** Asks the Hub whether `main` has moved, and what that would cost. */
  check: (name: string) => Promise<void>
  /** Has the owner fetch what changed; the old revision stays. */
  start: (name: string) => Promise<void>
  forget: (name: string) => void
}

interface UpdateDeps {
  client: Client<AppContract>
  store: UpdatesStore
  /** It is in the queue. */
  onStarted: (name: string) => void
}

export function createUpdateActions({ client, store, onStarted }: UpdateDeps): UpdateActions {
  const set = (name: string, update: Update | null): void =>
    store.setState(({ updates }) => {
      const { [name]: _old, ...others } = updates
      return { updates: update === null ? others : { ...others, [name]: update } }
    })
  const attempt = async (name: string, act: () => Promise<Update | null>): Promise<void> => {
    try {
      set(name, await act())
    } catch (error) {
      const failed = toFailure(error)
      set(name, failed === null ? null : { state: 'failed', error: failed })
    }
  }
  return {
    check: async (name) => {
      set(name, { state: 'asking' })
      await attempt(name, async () => {
        const { revisions } = await client.call('models.show', { model: name })
        const here = revisions.find(({ refs }) => refs.includes('main'))
        if (here === undefined) return { state: 'apart' }
        const plan = await client.call('downloads.plan', { model: name })
        if (plan.commit === here.hash) return { state: 'current' }
        return { state: 'newer', fetchBytes: plan.fetch_bytes, fitsDisk: plan.fits_disk }
      })
    },
    start: (name) =>
      attempt(name, async () => {
        await client.call('downloads.add', { model: name })
        onStarted(name)
        return null
      }),
    forget: (name) => set(name, null),
  }
}
