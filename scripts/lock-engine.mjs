#!/usr/bin/env node
// Writes resources/engine/lock.txt: exact versions and hashes of everything that the engine's environment holds, for macOS arm64 and
// Linux, Python 3.11 and newer (what mlx-lm 0.32.2 supports). Run it after an edit of requirements.in; needs uv on PATH, or its path
// in UV. It then asks uv whether wheels for every supported machine are among the hashes. Only wheels: nothing is built at a user's.
import { execFileSync } from 'node:child_process'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '..', 'resources', 'engine')
const uv = process.env.UV ?? 'uv'
const lock = join(folder, 'lock.txt')
const draft = join(folder, 'lock.new.txt')
const run = (args) =>
  execFileSync(uv, args.split(' '), { cwd: folder, encoding: 'utf8', env: { ...process.env, MACOSX_DEPLOYMENT_TARGET: '14.0' } })
const compile =
  'pip compile requirements.in --universal --python-version 3.11 --generate-hashes --only-binary :all: ' +
  '--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet'
const check = 'pip install --dry-run --quiet --require-hashes --only-binary :all: --target nowhere -r lock.new.txt'

try {
  const compiled = run(compile)
  if (/:\/\//.test(compiled)) throw new Error('the lock names a host')
  writeFileSync(draft, `# Made by scripts/lock-engine.mjs from requirements.in. Do not edit.\n${compiled}`)
  for (const platform of ['aarch64-apple-darwin', 'x86_64-manylinux_2_36', 'aarch64-manylinux_2_36']) {
    for (const version of ['3.11', '3.12', '3.13']) {
      run(`${check} --python-platform ${platform} --python-version ${version}`)
      console.log(`${platform} ${version}: complete`)
    }
  }
  renameSync(draft, lock)
  console.log(`${readFileSync(lock, 'utf8').match(/^[a-z].*==/gm)?.length ?? 0} pins written`)
} finally {
  rmSync(draft, { force: true })
  rmSync(join(folder, 'nowhere'), { recursive: true, force: true })
}
