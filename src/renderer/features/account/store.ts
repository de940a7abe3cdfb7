import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AppContract, HubSignIn } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import { toFailure } from '../../lib/serialized'

export interface AccountState {
  /** Null before the owner was asked. */
  signIn: HubSignIn | null
  /** What is under way. */
  busy: 'show' | 'login' | 'logout' | null
  /** Why the last of it did not get through. */
  error: SerializedError | null
}

export type AccountStore = StoreApi<AccountState>

export const createAccountStore = (): AccountStore => createStore<AccountState>(() => ({ signIn: null, busy: null, error: null }))

export interface AccountActions {
  /** Asks the owner, which asks the Hub. */
  refresh: () => Promise<void>
  /** True when the Hub knew the token. The window keeps it nowhere. */
  logIn: (token: string) => Promise<boolean>
  logOut: () => Promise<void>
}

export function createAccountActions(client: Client<AppContract>, store: AccountStore): AccountActions {
  const act = async (busy: NonNullable<AccountState['busy']>, ask: () => Promise<HubSignIn>): Promise<boolean> => {
    store.setState({ busy, error: null })
    try {
      store.setState({ signIn: await ask(), busy: null })
      return true
    } catch (error) {
      store.setState({ busy: null, error: toFailure(error) })
      return false
    }
  }
  return {
    refresh: async () => void (await act('show', () => client.call('account.show', {}))),
    logIn: (token) => act('login', () => client.call('account.login', { token })),
    logOut: async () => void (await act('logout', () => client.call('account.logout', {}))),
  }
}
