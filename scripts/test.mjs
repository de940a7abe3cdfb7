// `npm test [-- [--full] [stage…]]`: installs what the tests need, runs every stage and ends with "N passed, N failed".
// Stages: check, build, unit, launcher, integration, web, electron. `--full` uses the large counts (kills, races, fuzz bodies).
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildIfStale } from './lib/build-if-stale.cjs'
import { setUpBrowser } from './lib/browser.mjs'
import { electronBinary } from './lib/electron-binary.mjs'
import { run, tool } from './lib/run.mjs'

process.chdir(dirname(import.meta.dirname))
const ci = process.env.CI === 'true'
const full = process.argv.includes('--full')
const named = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const wanted = (stage) => named.length === 0 || named.includes(stage)
const work = mkdtempSync(join(tmpdir(), 'mlxk-run-'))
const countsFile = join(work, 'counts.jsonl')
const env = { ...process.env, MLXK_TEST_COUNTS: countsFile, ...(full ? { MLXK_TEST_FULL: '1' } : {}) }
const total = { passed: 0, failed: 0, skipped: 0 }
const notes = []

/** Runs one stage. A stage that fails without a counted failure (it did not start) counts as one. */
async function stage(name, command, args, options = {}) {
  if (!wanted(name)) return
  console.log(`\n== ${name}`)
  rmSync(countsFile, { force: true })
  const { code, milliseconds } = await run(command, args, { env: { ...env, ...options.env } })
  const counts = existsSync(countsFile)
    ? readFileSync(countsFile, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : []
  const sum = { passed: 0, failed: 0, skipped: 0 }
  for (const count of counts) for (const key of Object.keys(sum)) sum[key] += count[key] ?? 0
  if (counts.length === 0) sum[code === 0 ? 'passed' : 'failed'] += 1
  else if (code !== 0 && sum.failed === 0) sum.failed += 1
  for (const key of Object.keys(sum)) total[key] += sum[key]
  notes.push(`${name}: ${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped (${(milliseconds / 1000).toFixed(0)} s)`)
}

/** A missing tool is a printed skip at a desk and a failure in CI. */
function missing(what, reason) {
  console.log(`${ci ? 'FAIL' : 'skip'} ${what}: ${reason}`)
  notes.push(`${what}: not run, ${reason}`)
  if (ci) total.failed += 1
}

async function setUpEngine() {
  if (!['launcher', 'integration', 'web', 'electron'].some(wanted)) return
  if (process.env.MLXK_TEST_PYTHON) return
  console.log('\n== engine for the tests (installed once into .cache, by our own installer)')
  const { code, output } = await run(process.execPath, ['scripts/setup-engine.mjs'], { capture: true })
  const python = output.trim().split('\n').at(-1)
  if (code === 0 && python && existsSync(python)) env.MLXK_TEST_PYTHON = python
  else missing('engine', `it could not be installed:\n${output}`)
}

/** The real mlx-knife, which our JSON is compared with. */
async function setUpPeers() {
  if (!wanted('integration') || process.env.MLXK_TEST_PEER) return
  console.log('\n== peers for the tests (installed once into .cache, from PyPI)')
  const { code, output } = await run(process.execPath, ['scripts/setup-peers.mjs'], { capture: true, env })
  const peer = output.trim().split('\n').at(-1)
  if (code === 0 && peer && existsSync(peer)) env.MLXK_TEST_PEER = peer
  else env.MLXK_TEST_PEER_PROBLEM = output.trim()
}

/** The clients of other makers that the API is tried with. */
async function setUpClients() {
  if (!wanted('integration') || process.env.MLXK_TEST_CLIENTS) return
  console.log('\n== clients for the tests (installed once into .cache, from npm and PyPI)')
  const { code, output } = await run(process.execPath, ['scripts/setup-clients.mjs'], { capture: true, env })
  const folder = output.trim().split('\n').at(-1)
  if (code === 0 && folder && existsSync(folder)) env.MLXK_TEST_CLIENTS = folder
  else env.MLXK_TEST_CLIENTS_PROBLEM = output.trim()
}

/** The command that gives a program a display, where there is none. */
function onDisplay(command, args) {
  const headless = process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY
  return headless ? ['xvfb-run', ['-a', '-s', '-screen 0 1280x800x24', command, ...args]] : [command, args]
}

await stage('check', process.execPath, ['scripts/check.mjs'])
// Everything but `check` looks at the built files.
if (wanted('build') || named.some((name) => name !== 'check')) {
  console.log('\n== build')
  total[buildIfStale({ force: true }) ? 'passed' : 'failed'] += 1
}
await stage('unit', tool('vitest'), ['run', '--project', 'node', '--project', 'dom'])
await setUpEngine()
if (env.MLXK_TEST_PYTHON) await stage('launcher', process.execPath, ['scripts/test-launcher.mjs'])
await setUpPeers()
await setUpClients()
// Its tests wait for processes more than they compute; on two cores vitest would run one file at a time.
await stage('integration', tool('vitest'), ['run', '--project', 'integration', '--maxWorkers=2'])

if (wanted('web')) {
  const browser = await setUpBrowser()
  if (browser.path === null) missing('web', browser.reason)
  else await stage('web', tool('playwright'), ['test', '--project', 'web'], { env: { MLXK_CHROMIUM: browser.path } })
}
if (wanted('electron')) {
  const electron = electronBinary()
  if (electron.path === null) {
    // The one skip that CI allows: the package fetches its binary from a host that not every machine reaches.
    console.log(`electron: not run, ${electron.reason}`)
    notes.push(`electron: not run, ${electron.reason}`)
  } else {
    const [command, args] = onDisplay(tool('playwright'), ['test', '--project', 'electron'])
    const before = { ...total }
    await stage('electron', command, args)
    const skipped = total.skipped - before.skipped
    if (skipped > 0) {
      total.failed += skipped
      notes.push(`electron: ${skipped} skipped although Electron is here: counted as failed`)
    }
    notes.push(`electron ${electron.version}: ${total.passed - before.passed} passed`)
  }
}

rmSync(work, { recursive: true, force: true })
console.log(`\n${notes.join('\n')}`)
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
process.exitCode = total.failed === 0 ? 0 : 1
