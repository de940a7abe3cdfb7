import type { HubSignIn } from '../../../shared/contract'
import { AppError, toSerializedError } from '../../../shared/errors'
import { openHub, readToken, type HubAccount, type HubToken } from '../hub'
import type { SecretStore } from '../secrets'
import type { Env, Platform } from '../system'

export interface AccountDeps {
  env: Env
  platform: Pick<Platform, 'home' | 'os' | 'arch'>
  secrets: SecretStore
}

export interface Account {
  /** The token that counts, and where it comes from. `sealed`: one that this process cannot read. Null: none. @throws AppError permission_denied */
  current: () => Promise<HubToken | 'sealed' | null>
  /** Asks the Hub whose token this is. @throws AppError access_denied, network_failed, hub_offline */
  identify: (token: string, signal?: AbortSignal) => Promise<HubAccount>
  /** Keeps a token without asking. @throws AppError permission_denied, disk_full */
  store: (token: string) => Promise<void>
  /** True when we had stored one. @throws AppError permission_denied */
  remove: () => Promise<boolean>
  /** All of it for a window. What the Hub would not say is in `error`. @throws AppError permission_denied */
  show: (signal?: AbortSignal) => Promise<HubSignIn>
  /** Keeps a token once the Hub has said whose it is. @throws AppError invalid_input, and as `identify` and `store` */
  logIn: (token: string, signal?: AbortSignal) => Promise<HubSignIn>
}

const MAX_TOKEN = 1024

/** The token without what a paste brings along. @throws AppError invalid_input for what can be none */
export function checkToken(text: string): string {
  const token = text.trim()
  if (/^[\x21-\x7e]+$/.test(token) && token.length <= MAX_TOKEN) return token
  const isEmpty = token === ''
  throw new AppError(
    'invalid_input',
    isEmpty ? 'The token is empty.' : 'This is no token: it has spaces or other characters in it.',
    {
      hint: 'Tokens are made at https://huggingface.co/settings/tokens.',
    },
  )
}

/** Tokens of the Hub as this process sees them. huggingface_hub's own file is only read. */
export function createAccount({ env, platform, secrets }: AccountDeps): Account {
  const current = (): ReturnType<Account['current']> => readToken({ env, platform, readStored: secrets.readHubToken })
  const identify = async (token: string, signal?: AbortSignal): Promise<HubAccount> => {
    const { HF_TOKEN: _other, HUGGING_FACE_HUB_TOKEN: _old, ...rest } = env
    const hub = openHub({ env: { ...rest, HF_TOKEN: token }, platform, readStored: () => Promise.resolve(null) })
    try {
      return await hub.client.whoAmI(signal)
    } finally {
      await hub.close()
    }
  }
  const show = async (signal?: AbortSignal): Promise<HubSignIn> => {
    const kept = await secrets.findHubToken()
    const nobody = { name: null, role: null, source: null, kept, sealed: false, error: null }
    const found = await current()
    if (found === null) return nobody
    if (found === 'sealed') return { ...nobody, sealed: true }
    const { token, source } = found
    try {
      const { name, role } = await identify(token, signal)
      return { ...nobody, name, role, source }
    } catch (error) {
      return { ...nobody, source, error: toSerializedError(error) }
    }
  }
  return {
    current,
    identify,
    store: async (token) => void (await secrets.storeHubToken(token)),
    remove: secrets.removeHubToken,
    show,
    logIn: async (text, signal) => {
      const token = checkToken(text)
      await identify(token, signal)
      await secrets.storeHubToken(token)
      return await show(signal)
    },
  }
}
