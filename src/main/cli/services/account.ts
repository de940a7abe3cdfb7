import type { HubSignIn } from '../../../shared/contract'
import { createAccount, type Account as OwnAccount } from '../../core/account'
import { createSecrets } from '../../core/secrets'
import type { Context } from '../context'
import { connectToOwner } from './owner'

export interface Account extends Pick<OwnAccount, 'current' | 'identify' | 'store' | 'remove'> {
  /** What the app says of the account, since it can open the keychain; null: it does not run. */
  askApp: () => Promise<HubSignIn | null>
}

/**
 * Tokens of the Hub as this process sees them. While the app runs it keeps what is stored, in the keychain where there is one: this
 * process has none.
 */
export function openAccount(context: Context): Account {
  const { env, platform, paths, interruption } = context
  const account = createAccount({ env, platform, secrets: createSecrets(paths) })
  const findApp = async (): ReturnType<typeof connectToOwner> => {
    const owner = await connectToOwner(context, interruption().signal)
    return owner?.owner.info.kind === 'app' ? owner : null
  }
  return {
    current: account.current,
    identify: (token) => account.identify(token, interruption().signal),
    store: async (token) => {
      const app = await findApp()
      await (app === null ? account.store(token) : app.call('account.login', { token }, { signal: interruption().signal }))
    },
    remove: account.remove,
    askApp: async () => (await (await findApp())?.call('account.show', {}, { signal: interruption().signal })) ?? null,
  }
}
