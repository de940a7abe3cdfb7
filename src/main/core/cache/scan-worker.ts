/** Entry of the scanner's worker thread (`out/main/scan-worker.cjs`): answers each `{id, root, skip}` with `{id, scan}`. */
import { parentPort } from 'node:worker_threads'
import { scanRoots } from './scan'
import type { CacheRoot, RootScan, ScanSkip } from './types'

export interface ScanRequest {
  id: number
  root: CacheRoot
  skip: ScanSkip
}

export interface ScanReply {
  id: number
  scan: RootScan
}

parentPort?.on('message', ({ id, root, skip }: ScanRequest) => {
  for (const scan of scanRoots([root], skip).roots) parentPort?.postMessage({ id, scan } satisfies ScanReply)
})
