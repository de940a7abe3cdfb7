import { createRepoLock } from '../../core/ownership'
import { createRepairer, type Repairer } from '../../core/repair'
import { createHashMemory, createVerifier, type Verifier } from '../../core/verify'
import type { Context } from '../context'
import { openCatalog } from './catalog'

/** Hashes the content of the models in all cache roots, in threads of this process. */
export function openVerifier(context: Context): Verifier {
  const { inspect } = openCatalog(context)
  return createVerifier({ inspect, memory: createHashMemory(context.paths.index), layout: context.layout() })
}

/** Plans and does the offline half of repairs, under the lock that every other process of ours respects. */
export function openRepairer(context: Context): Repairer {
  const { inspect } = openCatalog(context)
  return createRepairer({ inspect, prove: openVerifier(context).prove, lock: createRepoLock(context.paths) })
}
