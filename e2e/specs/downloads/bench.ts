import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import {
  createHashing,
  createJournal,
  planPull,
  runTransfer,
  type Limits,
  type PullPlan,
  type PullRequest,
  type TransferProgress,
  type TransferResult,
} from '../../../src/main/core/downloads'
import { createHubClient, createTransport } from '../../../src/main/core/hub'
import { createFileLocks } from '../../../src/main/core/system'
import { createHashMemory } from '../../../src/main/core/verify'
import { startFakeHub, type FakeHub, type FakeHubOptions } from '../../fakes/hub'

/** A download in this process, against a Hub of its own, into an empty cache. */
export interface Bench {
  hub: FakeHub
  /** The cache root. */
  root: string
  data: string
  progress: TransferProgress[]
  plan: (request?: Partial<PullRequest>) => Promise<PullPlan>
  run: (plan: PullPlan, signal?: AbortSignal) => Promise<TransferResult>
  pull: (request?: Partial<PullRequest>) => Promise<TransferResult>
  close: () => Promise<void>
}

export async function openBench(
  options: FakeHubOptions & { limits?: Partial<Limits>; repo?: string; now?: () => number; folder?: string } = {},
): Promise<Bench> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'mlxk-downloads-'))
  const root = join(folder, 'hub')
  const data = join(folder, 'data')
  const hub = await startFakeHub(options)
  const transport = createTransport({ endpoint: hub.url, readToken: async () => null, userAgent: 'mlx-knife-test', env: {} })
  const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    await setTimeout(Math.min(ms, 20), undefined, signal === undefined ? {} : { signal })
  }
  const client = createHubClient({
    endpoint: hub.url,
    offline: null,
    transport,
    retrying: { sleep, random: Math.random },
    tokenState: async () => 'none',
    now: Date.now,
  })
  const journal = createJournal(join(data, 'partials'))
  const hashing = createHashing(null)
  const hashes = createHashMemory(join(data, 'index'))
  const limits = { connections: 8, bytesPerSecond: null, ...options.limits }
  const progress: TransferProgress[] = []
  const bench: Bench = {
    hub,
    root,
    data,
    progress,
    plan: (request = {}) => {
      const repo = options.repo ?? 'org/model'
      return planPull(
        { repo, revision: null, include: [], exclude: [], all: true, ...request },
        { hub: client, root, journal, hashes },
      )
    },
    run: (plan, signal = new AbortController().signal) =>
      runTransfer(
        plan,
        {
          hub: client,
          journal,
          hashes,
          hashing,
          locks: createFileLocks({ platform: { os: 'linux' } }),
          limits: () => limits,
          now: options.now ?? (() => performance.now()),
          random: Math.random,
          sleep,
          onProgress: (each) => progress.push(each),
        },
        signal,
      ),
    pull: async (request) => await bench.run(await bench.plan(request)),
    close: async () => {
      await transport.close()
      await hub.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return bench
}
