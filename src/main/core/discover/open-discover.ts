import type { EngineSupport } from '../interpreter'
import type { MachineMemory } from '../engine'
import type { ModelCatalog } from '../models'
import type { StoredToken } from '../secrets'
import type { DataPaths, Env, Platform } from '../system'
import type { Discover } from './discover'

export interface OpenDiscoverDeps {
  env: Env
  platform: Platform
  paths: Pick<DataPaths, 'index'>
  catalog: Pick<ModelCatalog, 'list'>
  support: () => Promise<EngineSupport>
  machine: MachineMemory
  /** The user's own limit of the engine's memory, in bytes. */
  memoryCap: () => number | null
  /** The token that `mlxk login` stored; null: none. */
  readStored: () => Promise<StoredToken>
}

/** Discover over the Hub of the environment. The HTTP client is loaded with the first question: most runs ask none. */
export function openDiscover({
  env,
  platform,
  paths,
  catalog,
  support,
  machine,
  memoryCap,
  readStored,
}: OpenDiscoverDeps): Discover {
  const use = async <T>(work: (discover: Discover) => Promise<T>): Promise<T> => {
    const [{ createDiscover }, { createRemoteMemory }, { openHub }] = await Promise.all([
      import('./discover'),
      import('./remember'),
      import('../hub'),
    ])
    const hub = openHub({ env, platform, readStored })
    try {
      const discover = createDiscover({
        hub: hub.client,
        memory: createRemoteMemory(paths.index),
        support,
        limitBytes: async () => (await machine.read(memoryCap())).limitBytes,
        cached: async () => new Set((await catalog.list()).models.map(({ name }) => name.toLowerCase())),
      })
      return await work(discover)
    } finally {
      await hub.close()
    }
  }
  return {
    search: (query, signal) => use((discover) => discover.search(query, signal)),
    card: (repo, commit, signal) => use((discover) => discover.card(repo, commit, signal)),
    fit: (known, signal) => use((discover) => discover.fit(known, signal)),
  }
}
