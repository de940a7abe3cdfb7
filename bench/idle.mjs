import { setTimeout as wait } from 'node:timers/promises'
import { readProcess, startServer } from './lib/servers.mjs'

const seconds = 20

/** The server with nothing to do, after it has settled. */
export async function measure(bench) {
  const server = await startServer(bench)
  try {
    await wait(5000)
    const before = readProcess(server.pid)
    await wait(seconds * 1000)
    const after = readProcess(server.pid)
    const share = ((after.cpuSeconds - before.cpuSeconds) / seconds) * 100
    return [
      {
        name: 'idle server, resident memory',
        goal: '< 120 MB',
        limit: 120,
        value: after.rss / 1e6,
        unit: 'MB',
        detail: `after ${seconds + 5} s`,
      },
      {
        name: 'idle server, share of one processor',
        goal: '< 0.5 %',
        limit: 0.5,
        value: share,
        unit: '%',
        detail: `over ${seconds} s`,
      },
    ]
  } finally {
    await server.close()
  }
}
