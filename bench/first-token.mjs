import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { createInterface } from 'node:readline'
import { median, quantile } from './lib/pairs.mjs'

const model = 'mlx-knife-demo/hello-fp32'
const requests = 300

/** Milliseconds from sending a chat request to the first piece of text. The answer is short and read to its end. */
function timeFirstToken({ url, headers = {}, agent }, body) {
  return new Promise((resolve, reject) => {
    const payload = Buffer.from(JSON.stringify(body))
    const started = performance.now()
    let first
    let text = ''
    const outgoing = request(
      `${url}/v1/chat/completions`,
      { method: 'POST', agent, headers: { 'Content-Type': 'application/json', 'Content-Length': payload.length, ...headers } },
      (response) => {
        response.setEncoding('utf8')
        response.on('data', (part) => {
          text += part
          if (first === undefined && /"content":\s?"[^"]/.test(text)) first = performance.now() - started
        })
        response.on('end', () => (first === undefined ? reject(new Error(`no text: ${text.slice(0, 500)}`)) : resolve(first)))
      },
    )
    outgoing.on('error', reject)
    outgoing.end(payload)
  })
}

/** The engine alone, started with our launcher and the same limits. */
async function startEngine({ python, env }, snapshotPath) {
  const token = randomBytes(16).toString('hex')
  const child = spawn(
    python,
    [
      '-I',
      '-u',
      'resources/engine/launcher.py',
      '--model',
      snapshotPath,
      '--host',
      '127.0.0.1',
      '--port',
      '0',
      '--log-level',
      'WARNING',
    ],
    { env: { ...env, MLXK_ENGINE_TOKEN: token, MLX_DISABLE_COMPILE: '1' }, stdio: ['pipe', 'pipe', 'ignore'] },
  )
  let port
  let loaded = false
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line)
    if (event.event === 'listening') port = event.port
    if (event.event === 'loaded') loaded = true
    if (port !== undefined && loaded) break
  }
  child.stdout.resume()
  return { child, side: { url: `http://127.0.0.1:${port}`, headers: { 'X-Engine-Token': token, Connection: 'close' } } }
}

async function startServer({ env, mlxk }) {
  const child = spawn(mlxk[0], [mlxk[1], 'serve', model, '--port', '0', '--json'], { env, stdio: ['ignore', 'pipe', 'ignore'] })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return { child, side: { url: JSON.parse(line).data.url, agent: new Agent({ keepAlive: true }) } }
}

/** What the gateway adds to the time to the first token, beside the engine alone; one request at a time, alternating. */
export async function measure(bench) {
  execFileSync(bench.mlxk[0], [bench.mlxk[1], 'demo', '--json'], { env: bench.env, stdio: 'ignore' })
  const shown = execFileSync(bench.mlxk[0], [bench.mlxk[1], 'show', model, '--json=full'], { env: bench.env, encoding: 'utf8' })
  const engine = await startEngine(bench, JSON.parse(shown).data.snapshot_path)
  const server = await startServer(bench)
  try {
    const body = { messages: [{ role: 'user', content: 'Hello' }], stream: true, max_tokens: 8, temperature: 0 }
    const raw = { ours: [], theirs: [] }
    for (let index = 0; index < requests + 20; index += 1) {
      const direct = () => timeFirstToken(engine.side, body)
      const through = () => timeFirstToken(server.side, { ...body, model })
      const [ours, theirs] = index % 2 === 0 ? [await through(), await direct()] : [await direct(), await through()].reverse()
      if (index >= 20) {
        raw.ours.push(ours)
        raw.theirs.push(theirs)
      }
    }
    const added = median(raw.ours) - median(raw.theirs)
    const p99 = quantile(raw.ours, 0.99) - quantile(raw.theirs, 0.99)
    return [
      {
        name: 'time to first token, gateway - engine, p50',
        goal: '< 3',
        limit: 3,
        value: added,
        unit: 'ms',
        detail: `medians ${median(raw.ours).toFixed(2)} and ${median(raw.theirs).toFixed(2)} ms over ${requests} requests each, p99 added ${p99.toFixed(2)} ms`,
        raw_ms: raw,
      },
    ]
  } finally {
    server.side.agent.destroy()
    for (const { child } of [server, engine]) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  }
}
