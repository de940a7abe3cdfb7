#!/usr/bin/env node
// Writes resources/engine/lock/PLATFORM.txt: exact versions and hashes of everything that the engine's environment holds on that platform,
// for Python 3.11 and newer (what mlx-lm 0.32.2 supports). Run it after an edit of requirements.in; needs uv on PATH, or its path in UV.
// Each platform is resolved for itself, from any machine, and uv is then asked whether there is a wheel for every package, Python and
// machine: nothing is built at a user's. Arguments go to the resolution (`--constraint FILE` keeps versions).
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '..', 'resources', 'engine')
const uv = process.env.UV ?? 'uv'
const env = { ...process.env, MACOSX_DEPLOYMENT_TARGET: '14.0' }
const run = (args) => execFileSync(uv, args, { cwd: folder, encoding: 'utf8', env })
const compile =
  'pip compile wanted.in --universal --python-version 3.11 --generate-hashes --only-binary :all: ' +
  '--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet'
const check = 'pip install --dry-run --quiet --require-hashes --only-binary :all: --target nowhere -r draft.txt'

const platforms = {
  'macos-arm64': { marker: "sys_platform == 'darwin' and platform_machine == 'arm64'", target: 'aarch64-apple-darwin' },
  'linux-x64': { marker: "sys_platform == 'linux' and platform_machine == 'x86_64'", target: 'x86_64-manylinux_2_36' },
  'linux-arm64': { marker: "sys_platform == 'linux' and platform_machine == 'aarch64'", target: 'aarch64-manylinux_2_36' },
}

const lines = readFileSync(join(folder, 'requirements.in'), 'utf8').split('\n')
const wanted = (name) => lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2))
const scratch = ['wanted.in', 'draft.txt', 'nowhere'].map((name) => join(folder, name))

try {
  mkdirSync(join(folder, 'lock'), { recursive: true })
  for (const [name, { marker, target }] of Object.entries(platforms)) {
    const requirements = wanted(name.startsWith('macos') ? 'macos' : 'linux')
    if (requirements.length === 0) throw new Error(`requirements.in wants nothing for ${name}`)
    writeFileSync(scratch[0], requirements.map((line) => `${line} ; ${marker}\n`).join(''))
    const compiled = run([...compile.split(' '), ...process.argv.slice(2)])
    if (/:\/\//.test(compiled)) throw new Error('the lock names a host')
    writeFileSync(scratch[1], `# Made by scripts/lock-engine.mjs from requirements.in. Do not edit.\n${compiled}`)
    for (const version of ['3.11', '3.12', '3.13', '3.14']) {
      run([...check.split(' '), '--python-platform', target, '--python-version', version])
    }
    renameSync(scratch[1], join(folder, 'lock', `${name}.txt`))
    console.log(`${name}: ${compiled.match(/^[a-z].*==/gm)?.length ?? 0} pins, wheels for Python 3.11 to 3.14`)
  }
} finally {
  for (const path of scratch) rmSync(path, { recursive: true, force: true })
}
