#!/usr/bin/env node
// Installs the clients of other makers that the API is tried with (e2e/clients), once, from npm and PyPI into `.cache/clients` of the checkout.
// Prints that folder's path on stdout and nothing else there; progress goes to stderr. Ends with 1 and the reason when it cannot.
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPython, step } from './lib/python-env.mjs'

const root = join(import.meta.dirname, '..')
const sources = join(root, 'e2e', 'clients')
const pins = ['package-lock.json', 'requirements.txt'].map((name) => readFileSync(join(sources, name), 'utf8')).join('\0')
const folder = join(root, '.cache', 'clients', createHash('sha256').update(pins).digest('hex').slice(0, 12))
const marker = join(folder, '.ready')

/** The scripts find their packages beside them. */
function copySources() {
  for (const name of readdirSync(sources))
    if (/\.(mjs|py|json|txt)$/.test(name)) copyFileSync(join(sources, name), join(folder, name))
}

async function install() {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  copySources()
  console.error('clients: packages from npm')
  await step('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder })
  console.error('clients: packages from PyPI')
  await step(await findPython(), ['-m', 'venv', join(folder, 'python')])
  const python = join(folder, 'python', 'bin', 'python')
  await step(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', join(folder, 'requirements.txt')])
}

try {
  if (existsSync(marker)) copySources()
  else {
    await install()
    writeFileSync(marker, '')
  }
  console.log(folder)
} catch (error) {
  console.error(`clients: ${error.message}`)
  process.exitCode = 1
}
