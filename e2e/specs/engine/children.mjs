// Processes for the engine specs that are killed from outside. Run as: node children.mjs ROLE JSON
import { join } from 'node:path'
import { createServer } from 'vite'

const [role, json] = process.argv.slice(2)
const input = JSON.parse(json)
const root = join(import.meta.dirname, '..', '..', '..')
const sources = await createServer({
  root,
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, hmr: false, watch: null, ws: false },
  optimizeDeps: { noDiscovery: true },
})
const { createEngineEnvironment, createEnginePool, openEngineStream } = await sources.ssrLoadModule(
  join(root, 'src/main/core/engine/index.ts'),
)
const { currentPlatform, dataPaths, findLayout } = await sources.ssrLoadModule(join(root, 'src/main/core/system/index.ts'))
const env = { ...process.env, ...input.env }
const platform = currentPlatform(env)
const paths = dataPaths(env, platform)
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)

if (role === 'install') {
  const environment = createEngineEnvironment({
    env,
    platform,
    paths,
    layout: { resources: input.resources },
    settings: { read: () => ({ engine: { python: null } }) },
  })
  try {
    const work = environment.install(new AbortController().signal)
    for (let next = await work.next(); ; next = await work.next()) {
      say(next.done ? { status: next.value } : { progress: next.value })
      if (next.done) break
    }
  } catch (error) {
    say({ error: { code: error.code, message: error.message, hint: error.hint } })
  }
  await sources.close()
} else {
  const pool = createEnginePool({
    environment: { python: () => Promise.resolve(input.python) },
    env,
    platform,
    paths,
    layout: findLayout(root),
  })
  const lease = await pool.acquire(input.model, { signal: AbortSignal.timeout(55_000) })
  const body = { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 100_000 }
  const stream = openEngineStream(lease, '/v1/chat/completions', body, new AbortController().signal)
  await stream.next()
  say({ pid: pool.list()[0].pid, url: lease.url })
  for await (const _ of stream);
}
