import { openDiscover, type Discover } from '../../core/discover'
import { createMachineMemory, toPoolPolicy } from '../../core/engine'
import { createEngineSupport } from '../../core/interpreter'
import { createSecrets } from '../../core/secrets'
import type { Context } from '../context'
import { openCatalog, openSettings } from './catalog'

/** Searches the Hub in this process. */
export function openSearch(context: Context): Discover {
  const { env, platform, paths } = context
  const settings = openSettings(context)
  return openDiscover({
    env,
    platform,
    paths,
    catalog: openCatalog(context),
    support: createEngineSupport({ env, platform, paths, layout: context.layout(), settings }),
    machine: createMachineMemory(platform, paths.engines),
    memoryCap: () => toPoolPolicy(settings.read()).memoryLimitBytes,
    readStored: createSecrets(paths).readHubToken,
  })
}
