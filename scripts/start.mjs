// `npm start`: builds what is stale and starts the app. Where there is no display, or Electron's binary cannot be had, it says so in one
// line and serves the interface for a browser instead.
import { fork, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { electronBinary } from './lib/electron-binary.mjs'
import { watchProgress } from './lib/progress-watch.mjs'

const NO_PROGRESS_MS = 15_000
/** Electron that dies by a signal this early did not start: a missing library, or a kernel that refuses its sandbox. */
const START_MS = 10_000
const root = dirname(import.meta.dirname)
const say = (line) => process.stderr.write(`${line}\n`)

/** Downloads Electron. Resolves with null when it is there, else with the reason. */
function fetchElectron() {
  return new Promise((done) => {
    const child = fork(join(root, 'scripts/lib/fetch-electron.mjs'), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    let reason = 'its download failed'
    let tenth = -1
    say('Downloading Electron (once)…')
    const watch = watchProgress({
      limitMs: NO_PROGRESS_MS,
      onStall: () => {
        reason = `its download made no progress for ${NO_PROGRESS_MS / 1000} s`
        child.kill('SIGKILL')
      },
    })
    child.on('message', ({ transferred, total, unpacking, failed }) => {
      if (failed !== undefined) reason = `its download failed: ${failed}`
      if (unpacking) watch.stop()
      if (transferred === undefined) return
      watch.progress(transferred)
      const now = total ? Math.floor((transferred / total) * 10) : -1
      if (now > tenth) say(`  ${now * 10} % of ${Math.round(total / 1e6)} MB`)
      tenth = Math.max(tenth, now)
    })
    child.on('close', (code) => {
      watch.stop()
      done(code === 0 && electronBinary().path !== null ? null : reason)
    })
    passSignals(child)
  })
}

const children = new Set()

/** Signals that we get go to the child, which ends; we end with it. */
function passSignals(child) {
  children.add(child)
  child.once('close', () => children.delete(child))
}
let interrupted = null
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = signal
    // A terminal's Ctrl-C reaches the whole group by itself; twice would mean "end at once".
    if (signal === 'SIGINT' && process.stdin.isTTY) return
    for (const child of children) child.kill(signal)
  })
}

const exitCode = (code, signal) => code ?? 128 + (constants.signals[signal] ?? 0)

/** Runs a program in our place. Resolves with how it ended. */
function become(command, args) {
  return new Promise((done) => {
    const started = performance.now()
    const child = spawn(command, args, { stdio: 'inherit' })
    passSignals(child)
    child.on('error', () => done({ code: 127, signal: null, ms: 0 }))
    child.on('close', (code, signal) => done({ code, signal, ms: performance.now() - started }))
  })
}

async function serveInstead(reason, canOpen) {
  say(`${reason}: the interface is served for your browser instead (Ctrl-C ends it).`)
  const { code, signal } = await become(process.execPath, [join(root, 'bin/mlxk.cjs'), 'ui', ...(canOpen ? [] : ['--no-open'])])
  return exitCode(code, signal)
}

async function main() {
  if (!createRequire(import.meta.url)('./lib/build-if-stale.cjs').buildIfStale()) return 1
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY)
    return await serveInstead('There is no display', false)
  const missing = electronBinary().path === null ? await fetchElectron() : null
  if (interrupted !== null) return exitCode(null, interrupted)
  if (missing !== null) return await serveInstead(`Electron is not here, ${missing}`, true)
  // Chromium's sandbox does not run for root, and says so by ending.
  const sandbox = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const { code, signal, ms } = await become(electronBinary().path, [...sandbox, root, ...process.argv.slice(2)])
  if (signal !== null && interrupted === null && ms < START_MS)
    return await serveInstead(`Electron does not start here (${signal})`, true)
  return exitCode(code, signal)
}

process.exitCode = await main()
