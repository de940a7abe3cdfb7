import { AppError } from '../../shared/errors'
import type { ApiKeys } from '../core/keys'
import { isLoopbackHost, type Chosen } from '../core/settings'
import type { SettingsStore } from '../core/settings/types'
import type { ApiAccess } from './openai'

/** Who may call the API, by the settings and keys of this moment. */
export function createApiAccess({
  settings,
  keys,
}: {
  settings: Pick<SettingsStore, 'read'>
  keys: Pick<ApiKeys, 'list' | 'check' | 'problem'>
}): {
  rules: () => ApiAccess
  /** What other machines can reach is served to whoever has a key, so there must be one. @throws AppError invalid_setting */
  checkHost: (host: Chosen<string>) => void
} {
  return {
    rules: () => {
      const { require_key: always, allowed_hosts: hosts, allowed_origins: origins } = settings.read().server
      return { hosts, origins, keys: { always, check: keys.check } }
    },
    checkHost: ({ value, from }) => {
      if (isLoopbackHost(value) || keys.list().length > 0) return
      const problem = keys.problem()
      const message = `Other machines can reach ${value}, so the API needs a key there, and there is none.`
      throw new AppError('invalid_setting', problem === null ? message : `${message} ${problem}`, {
        hint: 'Make a key with "mlxk config key create NAME", or listen on 127.0.0.1.',
        data: { setting: from, value },
      })
    },
  }
}
