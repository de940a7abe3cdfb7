#!/usr/bin/env node
// Installs the peers that tests compare our output with, once, from PyPI into `.cache/peers` of the checkout. Prints the path of the
// real `mlxk` on stdout and nothing else there; progress goes to stderr. Ends with 1 and the reason when it cannot be installed.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPython, step } from './lib/python-env.mjs'

const root = join(import.meta.dirname, '..')
const pins = readFileSync(join(import.meta.dirname, 'lib', 'peers.txt'), 'utf8')
const folder = join(root, '.cache', 'peers', createHash('sha256').update(pins).digest('hex').slice(0, 12))
const command = join(folder, 'bin', 'mlxk')

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
