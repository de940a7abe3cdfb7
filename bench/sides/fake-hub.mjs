// The fake Hub of the tests as a process: told by messages what to hold, and asked for the bytes that it has sent.
import { loadSource } from '../lib/core.mjs'
import { shard } from '../lib/weights.mjs'

async function serve({ repos, bytesPerSecond }) {
  const { module, close } = await loadSource('/e2e/fakes/hub/index.ts')
  let sent = 0
  const count = (next) => async (call) => {
    const reply = await next(call)
    if (call.where !== 'cdn') return reply
    const { size, read } = reply.body
    const counted = async function* (from, to) {
      for await (const chunk of read(from, to)) {
        sent += chunk.length
        yield chunk
      }
    }
    return { ...reply, body: { size, read: counted } }
  }
  const layers = bytesPerSecond === 0 ? [count] : [count, module.slow('cdn', bytesPerSecond)]
  const hub = await module.startFakeHub({
    layers,
    repos: Object.entries(repos).map(([id, files]) => ({
      id,
      files: Object.fromEntries(
        Object.entries(files).map(([path, content]) => [path, typeof content === 'number' ? shard(path, content) : content]),
      ),
    })),
  })
  process.send({ url: hub.url })
  process.on('message', () => process.send({ bytes: sent }))
  process.once('disconnect', () => void hub.close().then(close))
}

process.once('message', (order) => void serve(order))
