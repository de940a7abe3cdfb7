import { Worker } from 'node:worker_threads'
import { AppError } from '../../../shared/errors'
import { createHasher, type HashAnswer, type HashOrder } from './hasher'
import type { Algorithm } from './types'

/** The hash that a blob is named by, computed while its file grows. */
export interface BlobHash {
  /** All bytes before `to` are on the disk. */
  reach: (to: number) => void
  /** The file begins anew. */
  restart: () => void
  /**
   * Hex, once the file is whole; null when it is shorter than it should be. Once only.
   * @throws AppError cancelled (the signal), internal; Error with the `code` of the system
   */
  digest: (signal: AbortSignal) => Promise<string | null>
  close: () => void
}

export interface Hashing {
  open: (path: string, algorithm: Algorithm, sizeBytes: number) => BlobHash
  close: () => Promise<void>
}

/** Below this a thread costs more than it saves. */
const THREAD_BYTES = 8 * 1024 * 1024
/** Told at once: a message for each write would be thousands in a second. */
const STEP_BYTES = 4 * 1024 * 1024
/** Its buffers lie outside of the heap. */
const YOUNG_MB = 1

type Tell = (order: HashOrder) => void
interface Waiting {
  resolve: (digest: string | null) => void
  reject: (error: unknown) => void
}

/** Hashes in a thread of its own, so that it costs the thread that fetches nothing. @param worker file of that thread; null: in this thread, in turns */
export function createHashing(worker: string | null): Hashing {
  const waiting = new Map<number, Waiting>()
  let nextId = 0
  let thread: Worker | null = null
  let lost: AppError | null = null

  const take = (answer: HashAnswer): void => {
    const waiter = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (waiter === undefined) return
    if ('digest' in answer) waiter.resolve(answer.digest)
    else waiter.reject(Object.assign(new Error(answer.failed.message), { code: answer.failed.errno }))
  }
  const here = createHasher(take)
  const lose = (cause: unknown): void => {
    lost ??= new AppError('internal', 'The thread that hashes stopped.', { hint: 'Try again: what was fetched is kept.', cause })
    for (const { reject } of waiting.values()) reject(lost)
    waiting.clear()
  }
  const there =
    (file: string): Tell =>
    (order) => {
      if (thread === null && lost === null) {
        thread = new Worker(file, { name: 'blob-hash', env: {}, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } })
        thread.on('message', take).on('error', lose).on('exit', lose)
      }
      thread?.postMessage(order)
    }

  return {
    open: (path, algorithm, sizeBytes) => {
      const tell: Tell = worker === null || sizeBytes < THREAD_BYTES ? here : there(worker)
      let id: number | null = null
      let told = 0
      const begin = (): number => {
        if (id !== null) return id
        id = nextId++
        tell({ order: 'begin', id, path, algorithm, sizeBytes })
        return id
      }
      const close = (): void => {
        if (id !== null) tell({ order: 'drop', id })
        id = null
        told = 0
      }
      return {
        reach: (to) => {
          if (to < told + STEP_BYTES) return
          told = to
          tell({ order: 'reach', id: begin(), to })
        },
        restart: close,
        digest: (signal) =>
          new Promise<string | null>((resolve, reject) => {
            if (lost !== null) return reject(lost)
            const mine = begin()
            // What an earlier run has left may take a while to be read: nobody who stops waits for that.
            const stop = (): void => {
              waiting.delete(mine)
              close()
              reject(new AppError('cancelled', 'The download was stopped.'))
            }
            const settle =
              <T>(end: (value: T) => void) =>
              (value: T): void => {
                signal.removeEventListener('abort', stop)
                end(value)
              }
            waiting.set(mine, { resolve: settle(resolve), reject: settle(reject) })
            if (signal.aborted) return stop()
            signal.addEventListener('abort', stop, { once: true })
            tell({ order: 'finish', id: mine })
          }),
        close,
      }
    },
    close: async () => {
      await thread?.terminate()
    },
  }
}
