import { resolveRoots } from '../../core/cache'
import { createDownloader, type Downloader, type Limits } from '../../core/downloads'
import { openHub } from '../../core/hub'
import { createRepoLock } from '../../core/ownership'
import { createFileSecrets } from '../../core/secrets'
import type { Context } from '../context'

export interface OpenDownloads extends Downloader {
  close: () => Promise<void>
}

/** Downloads in this process, into the primary cache. */
export function openDownloads(context: Context, limits: Limits): OpenDownloads {
  const { env, platform, paths } = context
  const readStored = createFileSecrets(paths).readHubToken
  const hub = openHub({ env, platform, readStored })
  const downloader = createDownloader({
    hub: hub.client,
    env,
    platform,
    paths,
    layout: context.layout(),
    root: () => {
      const [primary] = resolveRoots(env, platform, { demoHub: paths.demoHub, demoEnabled: false, extraRoots: [] })
      return primary?.path ?? ''
    },
    limits: () => limits,
    lock: createRepoLock(paths),
    readStored,
  })
  return { ...downloader, close: hub.close }
}
