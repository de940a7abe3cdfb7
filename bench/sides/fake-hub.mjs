// The fake Hub of the tests as a process: told by messages what to hold, and asked for the bytes that it has sent.
import { createHash } from 'node:crypto'
import { loadSource } from '../lib/core.mjs'

/** Bytes that do not repeat within a mebibyte, made quickly. */
function noise(size, seed) {
  const bytes = Buffer.allocUnsafe(size)
  for (let at = 0, block = 0; at < size; at += 2 ** 20, block += 1) {
    const end = Math.min(size, at + 2 ** 20)
    createHash('sha512').update(`${seed} ${block}`).digest().copy(bytes, at)
    for (let filled = 64; at + filled < end; filled *= 2) bytes.copy(bytes, at + filled, at, Math.min(at + filled, end - filled))
  }
  return bytes
}

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
        Object.entries(files).map(([path, content]) => [path, typeof content === 'number' ? noise(content, path) : content]),
      ),
    })),
  })
  process.send({ url: hub.url })
  process.on('message', () => process.send({ bytes: sent }))
  process.once('disconnect', () => void hub.close().then(close))
}

process.once('message', (order) => void serve(order))
