import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { openHub } from '../hub'
import type { StoredToken } from '../secrets'
import { createFileLocks, type Env, type Platform } from '../system'
import { createHashMemory } from '../verify'
import { createHashing } from './blob-hash'
import { createJournal } from './journal'
import { runTransfer } from './run-transfer'
import type { Limits, PullPlan, TransferProgress, TransferResult } from './types'

/** What a transfer needs to know of the process that asked for it; plain data. */
export interface TransferSetting {
  env: Env
  platform: Platform
  /** `<data>/downloads` and `<data>/index`. */
  downloads: string
  index: string
  /** Token of our own store, in memory only. */
  stored: StoredToken
  /** File of the thread that hashes; null: in this thread. */
  hashWorker: string | null
}

/** The folder of the journal, below `<data>/downloads`. */
export function journalFolder(downloads: string): string {
  return join(downloads, 'partials')
}

/** Runs a transfer in this thread. @throws as `runTransfer` */
export async function transferHere(
  plan: PullPlan,
  { env, platform, downloads, index, stored, hashWorker }: TransferSetting,
  limits: () => Limits,
  onProgress: (progress: TransferProgress) => void,
  signal: AbortSignal,
): Promise<TransferResult> {
  const hub = openHub({ env, platform, readStored: () => Promise.resolve(stored) })
  const hashing = createHashing(hashWorker)
  try {
    return await runTransfer(
      plan,
      {
        hub: hub.client,
        journal: createJournal(journalFolder(downloads)),
        hashes: createHashMemory(index),
        hashing,
        locks: createFileLocks({ platform }),
        limits,
        // Not the time of day, which somebody may set: waits, limits and what is written down go by what has passed.
        now: () => performance.now(),
        random: Math.random,
        sleep: async (ms, by) => await setTimeout(ms, undefined, by === undefined ? {} : { signal: by }),
        onProgress,
      },
      signal,
    )
  } finally {
    await Promise.all([hub.close(), hashing.close()])
  }
}
