/** Entry of the thread that fetches (`out/main/transfer-worker.cjs`): the main thread never touches bytes. One thread per transfer. */
import { parentPort, workerData } from 'node:worker_threads'
import { toSerializedError, type SerializedError } from '../../../shared/errors'
import { transferHere, type TransferSetting } from './transfer-here'
import type { Limits, PullPlan, TransferProgress, TransferResult } from './types'

export interface TransferWork {
  plan: PullPlan
  setting: TransferSetting
  limits: Limits
}

export type ToTransfer = { limits: Limits } | 'stop'
export type FromTransfer = { progress: TransferProgress } | { result: TransferResult } | { error: SerializedError }

const port = parentPort
if (port !== null) {
  const { plan, setting, limits: first } = workerData as TransferWork
  let limits = first
  const stop = new AbortController()
  const say = (message: FromTransfer): void => port.postMessage(message)
  port.on('message', (message: ToTransfer) => {
    if (message === 'stop') stop.abort()
    else ({ limits } = message)
  })
  transferHere(
    plan,
    setting,
    () => limits,
    (progress) => say({ progress }),
    stop.signal,
  )
    .then((result) => say({ result }))
    .catch((error: unknown) => say({ error: toSerializedError(error) }))
    .finally(() => port.close())
}
