import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { AppError } from '../../../shared/errors'
import type { Layout } from '../system'
import { hashFile } from './hash-file'
import type { HashReply } from './hash-worker'
import type { HashJob, HashOutcome } from './types'

/** Hashes one file after the other. */
export interface Lane {
  /** `onBytes`: bytes read since it was last called. @throws AppError internal when the thread died, cancelled after `close` */
  hash: (job: HashJob, onBytes: (bytes: number) => void) => Promise<HashOutcome>
  /** Stops at once, in the middle of a file too. */
  close: () => Promise<void>
}

/** Below this a thread's start costs more than it saves. */
const WORTH_A_THREAD = 32 * 1024 * 1024
/** The event loop is given a turn after this much. */
const TURN_BYTES = 2 * 1024 * 1024
/** In bytes hashed in the same time. */
const OPEN_COSTS = 64 * 1024

/** In this thread, in turns. */
function createLocalLane(): Lane {
  let closed = false
  let sinceTurn = 0
  return {
    hash: async (job, onBytes) => {
      const steps = hashFile(job)
      // Opening takes time as well: a thousand small files are work too.
      sinceTurn += OPEN_COSTS
      let bytes = 0
      for (;;) {
        const step = steps.next()
        if (step.done === true) return step.value
        bytes += step.value
        sinceTurn += step.value
        if (sinceTurn < TURN_BYTES) continue
        onBytes(bytes)
        bytes = 0
        sinceTurn = 0
        await setImmediate()
        if (closed) {
          steps.return({ state: 'changed' })
          throw new AppError('cancelled', 'Checking was stopped.')
        }
      }
    },
    close: () => {
      closed = true
      return Promise.resolve()
    },
  }
}

function createThreadLane(file: string): Lane {
  const worker = new Worker(file, { name: 'hash' })
  let waiting: {
    onBytes: (bytes: number) => void
    resolve: (outcome: HashOutcome) => void
    reject: (error: Error) => void
  } | null = null
  let ended: Error | null = null
  worker.on('message', (reply: HashReply) => {
    if ('bytes' in reply) return waiting?.onBytes(reply.bytes)
    waiting?.resolve(reply.outcome)
    waiting = null
  })
  const end = (error: Error): void => {
    ended ??= error
    waiting?.reject(ended)
    waiting = null
  }
  const lost = (cause: unknown): void => end(new AppError('internal', 'A hashing thread stopped.', { hint: 'Try again.', cause }))
  worker.on('error', lost)
  worker.on('messageerror', lost)
  worker.on('exit', lost)
  return {
    hash: (job, onBytes) =>
      new Promise((resolve, reject) => {
        if (ended !== null) return reject(ended)
        waiting = { onBytes, resolve, reject }
        worker.postMessage(job)
      }),
    close: async () => {
      end(new AppError('cancelled', 'Checking was stopped.'))
      await worker.terminate()
    },
  }
}

/**
 * As many lanes as there are cores and files to share among them: threads, or this thread alone for little work and where the built
 * worker is not at hand (from the sources).
 */
export function openLanes(work: { files: number; bytes: number }, layout: Pick<Layout, 'outMain'>, cores: number): Lane[] {
  const file = join(layout.outMain, 'hash-worker.cjs')
  if (work.bytes < WORTH_A_THREAD || !existsSync(file)) return [createLocalLane()]
  return Array.from({ length: Math.max(1, Math.min(cores, work.files)) }, () => createThreadLane(file))
}
