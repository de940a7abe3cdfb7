// Loaded into every test process and, through NODE_OPTIONS, into every Node program that a test starts: reading or writing the user's
// own Hugging Face cache or data folder throws. MLXK_TEST_GUARD holds the forbidden folders as a JSON array.
const fs = require('node:fs')
const path = require('node:path')
const { fileURLToPath } = require('node:url')

const forbidden = JSON.parse(process.env.MLXK_TEST_GUARD || '[]')

function check(target) {
  if (typeof target === 'number') return
  const text = target instanceof URL ? fileURLToPath(target) : String(target)
  const full = path.resolve(text)
  for (const folder of forbidden) {
    const relative = path.relative(folder, full)
    if (relative === '' || (!relative.startsWith('..') && !path.isAbsolute(relative))) {
      throw new Error(`MLXK_TEST_GUARD: a test reached the user's own files: ${full}`)
    }
  }
}

const names = [
  'open',
  'opendir',
  'readdir',
  'readFile',
  'writeFile',
  'stat',
  'lstat',
  'readlink',
  'mkdir',
  'rm',
  'rename',
  'symlink',
  'unlink',
]
for (const name of names) {
  for (const [holder, key] of [
    [fs, `${name}Sync`],
    [fs, name],
    [fs.promises, name],
  ]) {
    const real = holder[key]
    if (typeof real !== 'function') continue
    holder[key] = Object.assign(function guarded(target, ...rest) {
      check(target)
      return real.call(this, target, ...rest)
    }, real)
  }
}

// Named imports of ES modules see the guarded functions only after this.
require('node:module').syncBuiltinESMExports()
