#!/usr/bin/env node
// Installs the peers that tests compare our output with, once, from PyPI into `.cache/peers` of the checkout. Prints the path of the
// real `mlxk` on stdout and nothing else there; progress goes to stderr. Ends with 1 and the reason when it cannot be installed.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './lib/run.mjs'

const root = join(import.meta.dirname, '..')
const pins = readFileSync(join(import.meta.dirname, 'lib', 'peers.txt'), 'utf8')
const folder = join(root, '.cache', 'peers', createHash('sha256').update(pins).digest('hex').slice(0, 12))
const command = join(folder, 'bin', 'mlxk')

/** Runs a step. @throws Error with the end of its output */
async function step(program, args) {
  const { code, output } = await run(program, args, { capture: true, timeoutMs: 15 * 60_000 })
  if (code !== 0)
    throw new Error(`${[program, ...args].join(' ')} ended with ${code}: ${output.trim().split('\n').slice(-5).join('\n')}`)
  return output
}

/** An interpreter that can make environments: that of the engine for the tests, else the system's. */
async function findPython() {
  const candidates = [process.env.MLXK_TEST_PYTHON, 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3']
  for (const python of candidates.filter(Boolean)) {
    const script = 'import sys, ensurepip; sys.exit(sys.version_info < (3, 10))'
    if ((await run(python, ['-c', script], { capture: true })).code === 0) return python
  }
  throw new Error('no Python 3.10 or newer with ensurepip was found')
}

async function install() {
  const python = await findPython()
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  console.error(`peers: an environment for ${pins.match(/^mlx-knife==.*$/m)?.[0]}`)
  await step(python, ['-m', 'venv', folder])
  const pip = (...args) =>
    step(join(folder, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...args])
  const [peer, ...needs] = pins.split('\n').filter((line) => /^[a-z]/.test(line))
  // Its list of requirements is longer than what it loads, and does not say that mlx needs another package away from macOS.
  await pip('--no-deps', peer)
  await pip(...needs.map((line) => (process.platform === 'darwin' ? line : line.replace(/^mlx==/, 'mlx[cpu]=='))))
  const { cli_version: version } = JSON.parse(await step(command, ['--version', '--json'])).data
  console.error(`peers: mlx-knife ${version} is ready`)
}

const marker = join(folder, '.ready')
try {
  if (!existsSync(marker) || !existsSync(command)) {
    await install()
    writeFileSync(marker, '')
  }
  console.log(command)
} catch (error) {
  console.error(`peers: ${error.message}`)
  process.exitCode = 1
}
