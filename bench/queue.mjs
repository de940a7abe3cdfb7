import { countingModel, readProcess, startServer, writeDemo } from './lib/servers.mjs'
import { openStream } from './lib/streams.mjs'

const requests = 1000
const body = { model: countingModel, messages: [{ role: 'user', content: 'Count' }], max_tokens: 8, temperature: 0 }

/** A thousand streams at once at one engine, most of which wait: what the gateway's memory grows by, and whether all are answered. */
export async function measure(bench) {
  writeDemo(bench)
  const server = await startServer(bench, [countingModel])
  try {
    await openStream(server.side, body)
    const before = readProcess(server.pid).rss
    let peak = before
    const timer = setInterval(() => {
      peak = Math.max(peak, readProcess(server.pid).rss)
    }, 50)
    const settled = await Promise.allSettled(Array.from({ length: requests }, () => openStream(server.side, body)))
    clearInterval(timer)
    const failed = settled.filter(({ status }) => status === 'rejected')
    return [
      {
        name: '1000 requests at once, resident memory above the start',
        goal: '< 128 MiB',
        limit: 128,
        value: (peak - before) / 2 ** 20,
        unit: 'MiB',
        detail: `from ${(before / 2 ** 20).toFixed(0)} to ${(peak / 2 ** 20).toFixed(0)} MiB`,
      },
      {
        name: '1000 requests at once, refused or lost',
        goal: '0',
        limit: 0,
        value: failed.length,
        unit: 'requests',
        detail: `of ${requests}${failed.length > 0 ? `: ${failed[0].reason}` : ''}`,
      },
    ]
  } finally {
    await server.close()
  }
}
