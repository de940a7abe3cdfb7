/** A download of ours inside one process, for figures that a whole process hides. */
import { createDownloader } from '../../src/main/core/downloads'
import { openHub } from '../../src/main/core/hub'
import { createRepoLock } from '../../src/main/core/ownership'
import { currentPlatform, dataPaths, type Env } from '../../src/main/core/system'

/**
 * Fetches `repo` into the cache of `env`.
 * @param outMain folder of the built threads
 * @returns milliseconds of the transfer alone, without the plan
 */
export async function pull(env: Env, repo: string, outMain: string): Promise<number> {
  const platform = currentPlatform(env)
  const paths = dataPaths(env, platform)
  const readStored = (): Promise<null> => Promise.resolve(null)
  const hub = openHub({ env, platform, readStored })
  const limits = { connections: 8, bytesPerSecond: null }
  const downloader = createDownloader({
    hub: hub.client,
    env,
    platform,
    paths,
    layout: { outMain },
    root: () => env['HF_HUB_CACHE'] ?? '',
    limits: () => limits,
    lock: createRepoLock(paths),
    readStored,
  })
  try {
    const plan = await downloader.plan({ repo, revision: null, include: [], exclude: [], all: false })
    const started = performance.now()
    await downloader.run(plan, new AbortController().signal, () => undefined)
    return performance.now() - started
  } finally {
    await hub.close()
  }
}
