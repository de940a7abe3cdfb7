// An engine without mlx: what an interpreter with mlx_lm looks like from outside, with faults on command. See README.md.
// Run as the product runs Python: engine.mjs -I -u …/launcher.py ARGUMENTS, engine.mjs -I -c SCRIPT, engine.mjs -I …/architectures.py
import { appendFileSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createReader } from './http-reader.mjs'
import { answer } from './answers.mjs'

const version = '0.32.2'
const args = process.argv.slice(2)
const emit = (event, data = {}) => process.stdout.write(`${JSON.stringify({ event, ...data })}\n`)

/** The facts that the product reads from an interpreter that somebody names. */
function describeInterpreter() {
  console.log(
    JSON.stringify({
      version: '3.12.4',
      minor: [3, 12],
      implementation: 'CPython',
      machine: process.platform === 'darwin' ? 'arm64' : 'x86_64',
      free_threaded: false,
      libc: ['glibc', '2.36'],
      macos: '15.0',
      venv: true,
      executable: process.argv[1],
      site_packages: import.meta.dirname,
      packages: { mlx: '0.32.4', mlx_lm: version, transformers: '5.23.0' },
    }),
  )
}

function runEngine() {
  const options = readOptions(args.slice(args.findIndex((word) => word.endsWith('launcher.py')) + 1))
  const faults = readFaults(options.model)
  const log = (entry) => {
    if (faults.log !== undefined) appendFileSync(faults.log, `${JSON.stringify({ at: Date.now(), pid: process.pid, ...entry })}\n`)
  }
  // The end of stdin is the end of the parent.
  if (faults.orphan !== true) process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0))
  process.stdin.resume()
  if (faults.ignore_sigterm === true) process.on('SIGTERM', () => log({ event: 'sigterm' }))
  log({ event: 'start', options })
  if (faults.stderr_bytes !== undefined) flood(faults.stderr_bytes)
  if (faults.stdout_bytes !== undefined) process.stdout.write(`${'x'.repeat(faults.stdout_bytes)}\n`)
  if (faults.events !== false) {
    emit('imported', {
      mlx: '0.32.4',
      mlx_lm: version,
      device: 'Device(cpu, 0)',
      memory: null,
      working_set: faults.working_set ?? null,
    })
    for (const patch of faults.degraded ?? []) emit('degraded', { patch, error: 'scripted' })
  }
  listen(options, faults, log)
  void load(options, faults)
}

/** The flags of mlx_lm.server that the product uses; another one ends with 2, as argparse does. */
function readOptions(words) {
  const names = ['model', 'host', 'port', 'allowed-origins', 'log-level', 'max-tokens', 'decode-concurrency', 'prompt-concurrency']
  names.push('prompt-cache-size', 'prompt-cache-bytes', 'prefill-step-size', 'adapter-path', 'draft-model')
  try {
    return parseArgs({ args: words, options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) }).values
  } catch (error) {
    console.error(`launcher.py: error: ${error.message}`)
    process.exit(2)
  }
}

function readFaults(model) {
  try {
    return JSON.parse(readFileSync(join(model, 'faults.json'), 'utf8'))
  } catch {
    return {}
  }
}

async function load(options, faults) {
  const total = faults.bytes ?? 1000
  const steps = faults.load_steps ?? 2
  const tell = (event, data) => {
    if (faults.events !== false) emit(event, data)
  }
  for (let step = 0; step < steps; step += 1) {
    tell('loading', { done: Math.floor((total * step) / steps), total })
    if (faults.load_ms !== undefined) await pause(faults.load_ms / steps)
    if (faults.die_in_load !== undefined && step === steps - 1) die(faults.die_in_load)
    if (faults.hang_in_load === true && step === steps - 1) return
  }
  if (faults.load_error !== undefined) {
    tell('load_failed', { code: faults.load_error_code ?? 'failed', error: faults.load_error })
    tell('engine_died', { error: faults.load_error })
    // With a bad model the plain server stays and answers /health.
    if (faults.linger !== true) process.exit(70)
    return
  }
  tell('loaded', { seconds: 0.1, bytes: total, batchable: true })
  state.loaded = true
  state.wake.splice(0).forEach((wake) => wake())
  if (faults.stats_ms === undefined) return
  let active = total
  setInterval(
    () => tell('stats', { active: (active += faults.leak_bytes ?? 0), cache: 0, peak: active, pid: process.pid }),
    faults.stats_ms,
  )
}

/** Resolves when the model is loaded: requests wait for it, as in the real one. */
const untilLoaded = () => (state.loaded ? Promise.resolve() : new Promise((resolve) => state.wake.push(resolve)))

function listen(options, faults, log) {
  const server = createServer({ allowHalfOpen: false, noDelay: true }, (socket) => {
    const id = (state.requests += 1)
    if (faults.reset_connections === true) return void socket.resetAndDestroy()
    socket.on('error', () => undefined)
    socket.on('close', () => log({ event: 'closed', id }))
    socket.on(
      'data',
      createReader((request) => {
        log({ event: 'request', id, method: request.method, path: request.path, body: request.body })
        const token = process.env.MLXK_ENGINE_TOKEN ?? ''
        answer(request, socket, {
          faults,
          model: options.model,
          untilLoaded,
          authorized: token === '' || request.headers['x-engine-token'] === token,
          die,
          flood,
        })
      }),
    )
  })
  server.on('error', (error) => {
    console.error(`OSError: [Errno 98] Address already in use (${error.code})`)
    if (faults.linger === true) return
    emit('fatal', { error: `OSError: ${error.code}` })
    process.exit(71)
  })
  // Another program's port: the launcher says it listens, and somebody else answers there.
  if (faults.port !== undefined) return void emit('listening', { port: faults.port })
  server.listen(Number(options.port ?? 0), options.host ?? '127.0.0.1', () => {
    if (faults.events !== false && faults.listen_event !== false) emit('listening', { port: server.address().port })
  })
}

/** An exit code, or the name of a signal that nobody catches. */
function die(how) {
  if (typeof how === 'number') {
    if (how === 70) emit('engine_died', { error: 'RuntimeError: scripted' })
    process.exit(how)
  }
  process.kill(process.pid, how)
}

function flood(bytes) {
  const line = `${'0123456789abcde'.repeat(64)}\n`
  for (let written = 0; written < bytes; written += line.length) process.stderr.write(line)
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

const state = { loaded: false, wake: [], requests: 0 }

if (args.includes('-c')) describeInterpreter()
else if (args.some((word) => word.endsWith('architectures.py'))) {
  console.log(JSON.stringify({ version, architectures: ['llama'], failed: [], files: [import.meta.dirname] }))
} else runEngine()
