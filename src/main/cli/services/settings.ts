import type { ApiKey, AppContract, KeyScope, Setting } from '../../../shared/contract'
import type { Client } from '../../../shared/rpc'
import { createApiKeys } from '../../core/keys'
import { acquireOwnership, alreadyRunning } from '../../core/ownership'
import { createSettings, createSettingsManager, findField, readSetting } from '../../core/settings'
import type { Context } from '../context'
import { connectToOwner } from './owner'

const MAX_TRIES = 50

/**
 * Asks the owner of the data folder. Without one the work is done here: for reading as it is, for changing as the owner for as long as
 * the change takes, so that nobody else writes meanwhile.
 * @throws AppError already_running when somebody owns the folder but does not answer
 */
export async function throughOwner<T>(
  context: Context,
  kind: 'read' | 'change',
  ask: (owner: Client<AppContract>) => Promise<T>,
  here: () => T | Promise<T>,
): Promise<T> {
  const { signal } = context.interruption()
  for (let tries = 1; ; tries += 1) {
    const owner = await connectToOwner(context, signal)
    if (owner !== null) return ask(owner)
    if (kind === 'read') return here()
    const ownership = await acquireOwnership(context.paths)
    if (ownership !== null) {
      try {
        return await here()
      } finally {
        await ownership.release()
      }
    }
    // Somebody became the owner just now: one that stays, or a command like this one, which is soon done.
    if (tries >= MAX_TRIES || signal.aborted) throw alreadyRunning(null)
  }
}

export interface SettingsAccess {
  list: () => Promise<Setting[]>
  /** @throws AppError usage, with the nearest key as hint */
  get: (key: string) => Promise<Setting>
  /** @throws AppError usage, invalid_setting */
  set: (key: string, text: string) => Promise<Setting>
  /** @throws AppError usage */
  unset: (key: string) => Promise<Setting>
}

/** The settings as whoever runs sees them (its environment decides), else as this process does. */
export function openSettingsAccess(context: Context): SettingsAccess {
  const { env, paths } = context
  const manage = (owner: boolean) => createSettingsManager(createSettings({ paths, owner }), env)
  const list = (): Promise<Setting[]> =>
    throughOwner(
      context,
      'read',
      async (client) => (await client.call('config.list', {})).settings,
      () => manage(false).list(),
    )
  return {
    list,
    get: async (key) => {
      const field = findField(key)
      const name = `${field.section}.${field.key}`
      return (await list()).find((each) => each.key === name) ?? manage(false).get(key)
    },
    set: async (key, text) => {
      const value = readSetting(findField(key), text)
      return throughOwner(
        context,
        'change',
        (client) => client.call('config.set', { key, value }),
        () => manage(true).set(key, value),
      )
    },
    unset: async (key) => {
      findField(key)
      return throughOwner(
        context,
        'change',
        (client) => client.call('config.unset', { key }),
        () => manage(true).unset(key),
      )
    },
  }
}

export interface KeyAccess {
  list: () => Promise<ApiKey[]>
  create: (options: { name: string; scope: KeyScope }) => Promise<ApiKey & { key: string }>
  revoke: (key: string) => Promise<void>
}

/** The keys of the API: a change holds at once in an owner that runs. */
export function openKeys(context: Context): KeyAccess {
  const keys = createApiKeys({ paths: context.paths })
  return {
    list: () =>
      throughOwner(
        context,
        'read',
        async (client) => (await client.call('keys.list', {})).keys,
        () => keys.list(),
      ),
    create: (options) =>
      throughOwner(
        context,
        'change',
        (client) => client.call('keys.create', options),
        () => keys.create(options),
      ),
    revoke: (key) =>
      throughOwner(
        context,
        'change',
        async (client) => void (await client.call('keys.revoke', { key })),
        () => keys.revoke(key),
      ),
  }
}
