/** Entry of the thread that hashes what is fetched (`out/main/blob-hash-worker.cjs`). One thread per transfer; the thread that fetches ends it. */
import { parentPort } from 'node:worker_threads'
import { createHasher, type HashOrder } from './hasher'

const port = parentPort
if (port !== null) {
  const take = createHasher((answer) => port.postMessage(answer))
  port.on('message', (order: HashOrder) => take(order))
}
