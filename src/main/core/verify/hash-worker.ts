/** Entry of a hashing thread (`out/main/hash-worker.cjs`): answers each job with the bytes read so far, then with its outcome. */
import { parentPort } from 'node:worker_threads'
import { hashFile } from './hash-file'
import type { HashJob, HashOutcome } from './types'

export type HashReply = { bytes: number } | { outcome: HashOutcome }

/** Two dozen replies for each second of hashing. */
const REPORT_BYTES = 64 * 1024 * 1024

parentPort?.on('message', (job: HashJob) => {
  const steps = hashFile(job)
  let bytes = 0
  for (;;) {
    const step = steps.next()
    if (step.done === true) {
      parentPort?.postMessage({ outcome: step.value } satisfies HashReply)
      return
    }
    bytes += step.value
    if (bytes >= REPORT_BYTES) {
      parentPort?.postMessage({ bytes } satisfies HashReply)
      bytes = 0
    }
  }
})
