import type { Download, TrustedRevision } from '../../../shared/contract'
import type { PrivacyDeps } from './privacy'

/** Whoever holds something of the person, as far as letting go of it needs them. */
export interface Holders {
  downloads: {
    list: () => Download[]
    cancel: (id: string, options: { keep: boolean }) => Promise<void>
    clear: (id: string | null) => Promise<void>
  }
  chats: { release: () => Promise<() => void> }
  requests: { clear: () => void }
  lastUsed: { forget: () => void }
  trust: { list: () => TrustedRevision[] }
  pool: { unload: (name: string, options: { drainMs: number }) => Promise<unknown> }
  keys: { forget: () => void }
  log: { reopen: () => void }
  lines: { clear: () => void }
  settings: { edit: (change: () => Record<string, unknown>) => Promise<unknown> }
  modelsChanged: () => void
}

/** How each kind is let go of before its files are removed, and what follows after. */
export function releaseAll(holders: Holders): PrivacyDeps['release'] {
  const { downloads, chats, requests, lastUsed, trust, pool, keys, log, lines, settings, modelsChanged } = holders
  return {
    downloads: async () => {
      // Partial files lie in the Hugging Face cache and stay there, as every other download tool can go on with them.
      for (const { id } of downloads.list()) await downloads.cancel(id, { keep: true })
      await downloads.clear(null)
    },
    chats: () => chats.release(),
    activity: () => {
      requests.clear()
      lastUsed.forget()
      return modelsChanged
    },
    trust: async () => {
      // What runs on that trust ends with it.
      await Promise.all(trust.list().map(({ name }) => pool.unload(name, { drainMs: 0 })))
      return modelsChanged
    },
    api_keys: () => (gone) => {
      if (gone) keys.forget()
    },
    hub_token: () => undefined,
    logs: () => (gone) => {
      log.reopen()
      if (gone) lines.clear()
    },
    settings: async () => {
      await settings.edit(() => ({}))
    },
  }
}
