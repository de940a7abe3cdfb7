import { openHub, readToken, type HubAccount, type HubToken } from '../../core/hub'
import { createFileSecrets } from '../../core/secrets'
import type { Context } from '../context'

export interface Account {
  /** The token that counts, and where it comes from; null: none. */
  current: () => Promise<HubToken | null>
  /** Asks the Hub whose token this is. @throws AppError access_denied, network_failed, hub_offline */
  identify: (token: string) => Promise<HubAccount>
  store: (token: string) => Promise<void>
  /** True when we had stored one. */
  remove: () => Promise<boolean>
}

/** Tokens of the Hub as this process sees them. huggingface_hub's own file is only read. */
export function openAccount({ env, platform, paths, interruption }: Context): Account {
  const secrets = createFileSecrets(paths)
  return {
    current: () => readToken({ env, platform, readStored: secrets.readHubToken }),
    identify: async (token) => {
      const { HF_TOKEN: _other, HUGGING_FACE_HUB_TOKEN: _old, ...rest } = env
      const hub = openHub({ env: { ...rest, HF_TOKEN: token }, platform, readStored: () => Promise.resolve(null) })
      try {
        return await hub.client.whoAmI(interruption().signal)
      } finally {
        await hub.close()
      }
    },
    store: secrets.storeHubToken,
    remove: secrets.removeHubToken,
  }
}
