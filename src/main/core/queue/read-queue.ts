import type { Download } from '../../../shared/contract'
import { inOrder, toDownload } from './entry'
import { createQueueStore } from './store'

/** The queue as its owner has left it, for whoever only looks. A list that makes no sense counts as none. */
export function readQueue(folder: string): Download[] {
  const { entries } = createQueueStore(folder).read({ setAside: false })
  return inOrder(entries).map((entry) => toDownload(entry, { progress: null, note: null }))
}
