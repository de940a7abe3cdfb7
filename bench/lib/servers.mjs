import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'

/** Never ends by itself, and its text is known: every answer can be compared with every other. */
export const countingModel = 'mlx-knife-demo/counting-fp32'

/** Writes the demo models. @returns the folder of one of them */
export function writeDemo({ mlxk: [node, cli], env }, model = countingModel) {
  execFileSync(node, [cli, 'demo', '--json'], { env, stdio: 'ignore' })
  return JSON.parse(execFileSync(node, [cli, 'show', model, '--json=full'], { env, encoding: 'utf8' })).data.snapshot_path
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const hard = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(hard)
}

/** The engine by itself, with our launcher (its listen backlog is 128) and the widths that the pool gives so small a model. */
export async function startEngine({ python, env }, snapshot) {
  const token = randomBytes(16).toString('hex')
  const options = ['--model', snapshot, '--host', '127.0.0.1', '--port', '0', '--log-level', 'WARNING', '--max-tokens', '4096']
  const widths = ['--decode-concurrency', '32', '--prompt-concurrency', '8', '--prompt-cache-size', '10']
  const child = spawn(python, ['-I', '-u', 'resources/engine/launcher.py', ...options, ...widths], {
    env: { ...env, MLXK_ENGINE_TOKEN: token },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  let port
  let loaded = false
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line)
    if (event.event === 'listening') port = event.port
    if (event.event === 'loaded') loaded = true
    if (port !== undefined && loaded) break
  }
  child.stdout.resume()
  return {
    pid: child.pid,
    side: { url: `http://127.0.0.1:${port}`, headers: { 'X-Engine-Token': token, Connection: 'close' } },
    close: () => end(child),
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** `mlx_lm.server` as it is shipped, with its own defaults. */
export async function startShipped({ python, env }, snapshot) {
  const port = await freePort()
  const options = ['--model', snapshot, '--host', '127.0.0.1', '--port', String(port), '--log-level', 'ERROR']
  const child = spawn(python, ['-m', 'mlx_lm', 'server', ...options], { env, stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; ; tries += 1) {
    const healthy = await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (healthy) break
    if (tries === 300 || child.exitCode !== null) throw new Error('mlx_lm.server did not start')
    await wait(200)
  }
  return { pid: child.pid, side: { url, headers: { Connection: 'close' } }, close: () => end(child) }
}

/** The gateway, as users start it. */
export async function startServer({ env, mlxk: [node, cli] }, words = []) {
  const child = spawn(node, [...(process.env.MLXK_BENCH_NODE?.split(' ') ?? []), cli, 'serve', ...words, '--port', '0', '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  const agent = new Agent({ keepAlive: true })
  return {
    pid: child.pid,
    side: { url: JSON.parse(line).data.url, headers: {}, agent },
    close: async () => {
      agent.destroy()
      await end(child)
    },
  }
}

/** @returns what Linux or `ps` tell of a process: resident bytes and processor seconds since its start */
export function readProcess(pid) {
  if (process.platform === 'linux') {
    const [, rss] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return { rss: Number(rss) * 1024, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100 }
  }
  const [rss, time] = execFileSync('ps', ['-o', 'rss=,time=', '-p', String(pid)], { encoding: 'utf8' })
    .trim()
    .split(/\s+/)
  return { rss: Number(rss) * 1024, cpuSeconds: time.split(/[:-]/).reduce((sum, part) => sum * 60 + Number(part), 0) }
}
