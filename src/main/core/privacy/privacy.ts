import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ForgetResult, Place, PrivateKind } from '../../../shared/contract'
import { toSerializedError } from '../../../shared/errors'
import { toFileError, type DataPaths } from '../system'
import { sizeOf, withSiblings } from './sizes'

export interface Privacy {
  /** Everything that this program keeps, with its size. */
  places: () => Promise<{ root: string; places: Place[] }>
  /** Deletes these kinds. What cannot be deleted is told and the rest goes on. */
  forget: (what: readonly PrivateKind[]) => Promise<ForgetResult>
}

/** What is to be done when the files are gone, or when they could not be removed. */
type Released = ((gone: boolean) => void) | undefined | void

export interface PrivacyDeps {
  paths: DataPaths
  /** Whatever holds a kind in memory, or has its file open, lets go of it; its files are removed after that. */
  release: Record<PrivateKind, () => Released | Promise<Released>>
}

/** In the order in which they go: what works ends first, the settings last, since they say how the rest behaves. */
const order: readonly PrivateKind[] = ['downloads', 'chats', 'activity', 'trust', 'api_keys', 'hub_token', 'logs', 'settings']
const folders: ReadonlySet<Place['what']> = new Set(['downloads', 'logs', 'engine', 'index', 'demo'])
const isPrivate = (what: Place['what']): what is PrivateKind => (order as readonly string[]).includes(what)

export function createPrivacy({ paths, release }: PrivacyDeps): Privacy {
  const at: Record<Place['what'], string> = {
    chats: paths.chats,
    activity: paths.lastUsed,
    settings: paths.settings,
    api_keys: paths.apiKeys,
    hub_token: paths.secrets,
    trust: paths.trust,
    downloads: paths.downloads,
    logs: paths.logs,
    index: paths.index,
    engine: paths.engine,
    demo: paths.demo,
  }
  const files = async (what: Place['what']): Promise<string[]> => {
    const path = at[what]
    if (!folders.has(what)) return withSiblings(path)
    return (await readdir(path).catch((): string[] => [])).map((name) => join(path, name))
  }
  const measure = async (what: Place['what']): Promise<number | null> => {
    const sizes = await Promise.all((await files(what)).map(sizeOf))
    return sizes.length === 0 ? null : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
  }
  const remove = async (what: PrivateKind): Promise<number> => {
    const bytes = (await measure(what)) ?? 0
    const after = await release[what]()
    let gone = false
    try {
      for (const file of await files(what)) {
        try {
          await rm(file, { recursive: true, force: true })
        } catch (error) {
          throw toFileError(error, file)
        }
      }
      gone = true
    } finally {
      after?.(gone)
    }
    return bytes
  }
  return {
    places: async () => {
      const kinds = Object.keys(at) as Place['what'][]
      const places = kinds.map(async (what): Promise<Place> => {
        return { what, path: at[what], size_bytes: await measure(what), private: isPrivate(what) }
      })
      return { root: paths.root, places: await Promise.all(places) }
    },
    forget: async (what) => {
      const result: ForgetResult = { forgotten: [], failed: [], freed_bytes: 0 }
      for (const kind of order) {
        if (!what.includes(kind)) continue
        try {
          result.freed_bytes += await remove(kind)
          result.forgotten.push(kind)
        } catch (error) {
          result.failed.push({ what: kind, error: toSerializedError(error) })
        }
      }
      return result
    },
  }
}
