// In a checkout only: the built files are made anew when their sources have changed. The check reads no file but the stamp that the
// last build left (electron.vite.config.ts), and stats the sources once.
const fs = require('node:fs')
const path = require('node:path')

const root = path.dirname(path.dirname(__dirname))
const stampFile = path.join(root, 'out', '.built')

/** A number that changes when a source is added, removed or written. Tests are no sources of the build. */
function fingerprint() {
  let hash = 0
  const add = (stat) => {
    hash = (hash * 31 + Math.trunc(stat.mtimeMs) + stat.size) % 9007199254740881
  }
  const walk = (folder) => {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const full = path.join(folder, entry.name)
      if (entry.isDirectory()) walk(full)
      else if (entry.isFile() && !/\.test\.tsx?$/.test(entry.name)) add(fs.statSync(full))
    }
  }
  walk(path.join(root, 'src'))
  for (const name of ['package.json', 'electron.vite.config.ts']) add(fs.statSync(path.join(root, name)))
  return String(hash)
}

function isFresh() {
  try {
    return fs.readFileSync(stampFile, 'utf8') === fingerprint() && fs.existsSync(path.join(root, 'out', 'main', 'cli.cjs'))
  } catch {
    return false
  }
}

/** Called by the build itself at its very end, with the fingerprint from its very beginning. */
function writeStamp(value) {
  const temporary = `${stampFile}.${process.pid}`
  fs.writeFileSync(temporary, value)
  fs.renameSync(temporary, stampFile)
}

/**
 * Builds when needed. Two at once: one builds, the other waits; the lock is SQLite's, which the kernel frees on any death.
 * Talks on stderr only.
 * @returns {boolean} false when the build failed, which has been said
 */
function buildIfStale({ force = false } = {}) {
  if (!force && isFresh()) return true
  let lock
  try {
    const { DatabaseSync } = require('@photostructure/sqlite')
    const builder = path.join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js')
    if (!fs.existsSync(builder)) throw new Error('electron-vite is missing')
    fs.mkdirSync(path.join(root, '.cache'), { recursive: true })
    lock = new DatabaseSync(path.join(root, '.cache', 'build-lock.db'))
    lock.exec('PRAGMA busy_timeout = 300000')
    lock.exec('BEGIN EXCLUSIVE')
    if (!force && isFresh()) return true
    process.stderr.write('Building MLX Knife…\n')
    const env = { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', FORCE_COLOR: undefined }
    const options = { cwd: root, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }
    const result = require('node:child_process').spawnSync(process.execPath, [builder, 'build'], options)
    if (result.status === 0) return true
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}\nThe build failed.\n`)
    return false
  } catch (error) {
    process.stderr.write(`MLX Knife could not be built: ${error.message}\n  Run "npm ci" in ${root} first.\n`)
    return false
  } finally {
    lock?.close()
  }
}

module.exports = { buildIfStale, fingerprint, writeStamp }
