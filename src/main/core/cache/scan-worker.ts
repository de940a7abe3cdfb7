/** Entry of the scanner's worker thread (`out/main/scan-worker.cjs`): answers each `{id, roots}` with `{id, scan}`. */
import { parentPort } from 'node:worker_threads'
import { scanRoots } from './scan'
import type { CacheRoot, CacheScan } from './types'

export interface ScanRequest {
  id: number
  roots: CacheRoot[]
}

export interface ScanReply {
  id: number
  scan: CacheScan
}

parentPort?.on('message', ({ id, roots }: ScanRequest) => {
  parentPort?.postMessage({ id, scan: scanRoots(roots) } satisfies ScanReply)
})
