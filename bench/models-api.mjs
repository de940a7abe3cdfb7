import { median, quantile } from './lib/pairs.mjs'
import { startServer } from './lib/servers.mjs'

const models = 500
const requests = 300

/** `/v1/models` with a full cache, one request at a time, read to its end. */
export async function measure(bench) {
  bench.fillCache(models)
  const server = await startServer(bench)
  try {
    const times = []
    for (let index = 0; index < requests + 20; index += 1) {
      const started = performance.now()
      const answer = await fetch(`${server.side.url}/v1/models`)
      const { data } = await answer.json()
      if (data.length < models) throw new Error(`only ${data.length} models`)
      if (index >= 20) times.push(performance.now() - started)
    }
    return [
      {
        name: `/v1/models with ${models} models, p99`,
        goal: '< 10',
        limit: 10,
        value: quantile(times, 0.99),
        unit: 'ms',
        detail: `median ${median(times).toFixed(2)} ms over ${requests} requests`,
        raw_ms: times,
      },
    ]
  } finally {
    await server.close()
  }
}
