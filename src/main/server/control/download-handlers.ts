import type { AppContract, DownloadList, Handlers } from '../../../shared/contract'
import type { Discover } from '../../core/discover'
import { toPreview } from '../../core/downloads'
import type { OpenQueue } from '../../core/queue'

type DownloadCalls = Extract<keyof AppContract, `downloads.${string}`>

/** The calls about the queue. */
export function createDownloadHandlers({
  downloads,
  discover,
}: {
  downloads: OpenQueue
  discover: Pick<Discover, 'fit'>
}): Pick<Handlers<AppContract>, DownloadCalls> {
  const list = (): Promise<DownloadList> => Promise.resolve({ downloads: downloads.list() })
  return {
    'downloads.list': list,
    'downloads.plan': async (request, { signal }) => {
      const plan = await downloads.plan(request, signal)
      const fit = await discover.fit(plan, signal)
      return toPreview(plan, fit, { message: `Would fetch ${plan.fetchBytes} of ${plan.totalBytes} bytes`, expandedName: null })
    },
    'downloads.add': (wish) => downloads.add(wish),
    'downloads.watch': ({ id }, { signal }) => downloads.watch(id, signal),
    'downloads.pause': ({ id }) => downloads.pause(id).then(list),
    'downloads.resume': ({ id }) => downloads.resume(id).then(list),
    'downloads.cancel': ({ id, keep = false }) => downloads.cancel(id, { keep }).then(list),
    'downloads.move': ({ id, to }) => downloads.move(id, to).then(list),
    'downloads.clear': async ({ id }) => {
      await downloads.clear(id)
      return {}
    },
  }
}
