import { resolveRoots, scanRoots } from '../../core/cache'
import { createEngineSupport } from '../../core/interpreter'
import { createCatalog, createVerdictIndex, type ModelCatalog, type ModelInspector } from '../../core/models'
import { createSettings, type OpenSettings } from '../../core/settings'
import { keepHeapSmall } from '../../core/system'
import { createTrust } from '../../core/trust'
import { createContentMemory, createHashMemory } from '../../core/verify'
import type { Context } from '../context'

/** The settings of the data folder, for reading. */
export function openSettings({ paths }: Pick<Context, 'paths'>): OpenSettings {
  return createSettings({ paths })
}

/** The models of all cache roots, scanned in this thread: starting a worker would take longer than most scans. */
export function openCatalog(context: Pick<Context, 'paths' | 'env' | 'platform' | 'layout'>): ModelCatalog & ModelInspector {
  const { paths, env, platform } = context
  const settings = openSettings(context)
  keepHeapSmall()
  return createCatalog({
    roots: () => {
      const { demo, cache } = settings.read()
      return resolveRoots(env, platform, { demoHub: paths.demoHub, demoEnabled: demo.enabled, extraRoots: cache.extra_roots })
    },
    scan: (roots, skip) => Promise.resolve(scanRoots(roots, skip)),
    content: createContentMemory(createHashMemory(paths.index)),
    index: createVerdictIndex(paths.index),
    support: createEngineSupport({ env, platform, paths, layout: context.layout(), settings }),
    isTrusted: createTrust({ paths }).isTrusted,
    cwd: process.cwd(),
    home: platform.home,
  })
}
