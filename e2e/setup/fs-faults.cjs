// Loaded into a process by --require: breaks its file system where a machine cannot be made to. MLXK_TEST_FAULTS is JSON:
//   fail: [{ path, code, ops }]  a call of one of the ops whose path contains the text fails with the code (EIO, ENOSPC …)
//   late: [{ path, ms }]         a call whose path contains the text takes that long by the clock of the process, and no time by any other
//   killAt, below, after         the nth call that changes something below a folder is the last: the process is killed before or after it
//   full: { name, while }        a database whose path ends with the name takes no writes while the other file is there: no space left
//   rss                          at its end the process writes the most memory it took, in KiB, to this file
//   count                        at its end the process writes the number of such calls to this file
const fs = require('node:fs')
const { existsSync, readlinkSync } = fs

const faults = JSON.parse(process.env.MLXK_TEST_FAULTS || '{}')
const changing = [
  'rename',
  'unlink',
  'rmdir',
  'rm',
  'mkdir',
  'writeFile',
  'appendFile',
  'symlink',
  'link',
  'truncate',
  'ftruncate',
  'write',
  'utimes',
  'chmod',
]
const reading = ['open', 'readFile', 'readdir', 'opendir', 'stat', 'lstat', 'readlink', 'read', 'access', 'realpath']
let steps = 0

/** A file that is open is named by its number: Linux tells which it is. */
const pathOf = (number) => {
  try {
    return readlinkSync(`/proc/self/fd/${number}`)
  } catch {
    return String(number)
  }
}
const textOf = (target) =>
  Buffer.isBuffer(target) ? target.toString('latin1') : typeof target === 'number' ? pathOf(target) : String(target)

const now = performance.now.bind(performance)
let skewMs = 0
if (faults.late) performance.now = () => now() + skewMs

function findFault(name, target) {
  for (const { path, ms } of faults.late || []) if (textOf(target).includes(path)) skewMs += ms
  const found = (faults.fail || []).find(({ path, ops }) => textOf(target).includes(path) && (!ops || ops.includes(name)))
  if (found === undefined) return null
  return Object.assign(new Error(`${found.code}: injected, ${name} '${textOf(target)}'`), {
    code: found.code,
    errno: -1,
    syscall: name,
    path: textOf(target),
  })
}

/** True when this call is the one after or before which the process ends. */
function isLast(name, target) {
  if (faults.below === undefined || !changing.includes(name) || !textOf(target).startsWith(faults.below)) return false
  steps += 1
  return steps === faults.killAt
}
const die = () => process.kill(process.pid, 'SIGKILL')

for (const name of [...changing, ...reading]) {
  const sync = fs[`${name}Sync`]
  if (typeof sync === 'function') {
    const patched = function (target, ...rest) {
      const fault = findFault(name, target)
      if (fault !== null) throw fault
      const last = isLast(name, target)
      if (last && !faults.after) die()
      try {
        return sync.call(this, target, ...rest)
      } finally {
        if (last) die()
      }
    }
    fs[`${name}Sync`] = Object.assign(patched, sync)
  }
  const promised = fs.promises[name]
  if (typeof promised === 'function') {
    fs.promises[name] = async function (target, ...rest) {
      const fault = findFault(name, target)
      if (fault !== null) throw fault
      const last = isLast(name, target)
      if (last && !faults.after) die()
      try {
        return await promised.call(this, target, ...rest)
      } finally {
        if (last) die()
      }
    }
  }
  const called = fs[name]
  if (typeof called === 'function') {
    const patched = function (target, ...rest) {
      const fault = findFault(name, target)
      const done = rest.at(-1)
      if (fault !== null && typeof done === 'function') {
        process.nextTick(done, fault)
        return undefined
      }
      if (isLast(name, target)) die()
      return called.call(this, target, ...rest)
    }
    fs[name] = Object.assign(patched, called)
  }
}
/** SQLite writes by itself, so a full disk is imitated where it is called: as `SQLITE_FULL`, which it then says. */
if (faults.full) {
  const Module = require('node:module')
  const load = Module._load
  const check = (path, sql) => {
    if (!String(path).endsWith(faults.full.name) || !/^\s*(?:INSERT|UPDATE|DELETE|REPLACE|COMMIT|CREATE)/i.test(sql)) return
    if (!existsSync(faults.full.while)) return
    throw Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 })
  }
  Module._load = function (request, ...rest) {
    const real = load.call(this, request, ...rest)
    if (request !== '@photostructure/sqlite') return real
    class Full extends real.DatabaseSync {
      constructor(path, ...more) {
        super(path, ...more)
        this.pathOfFile = path
      }
      exec(sql) {
        check(this.pathOfFile, sql)
        return super.exec(sql)
      }
      prepare(sql) {
        const path = this.pathOfFile
        // Its methods cannot be replaced.
        return new Proxy(super.prepare(sql), {
          get: (statement, name) => {
            const value = statement[name]
            if (typeof value !== 'function') return value
            return (...values) => {
              check(path, sql)
              return value.apply(statement, values)
            }
          },
        })
      }
    }
    return { ...real, DatabaseSync: Full }
  }
}
if (faults.rss) process.on('exit', () => fs.writeFileSync(faults.rss, String(process.resourceUsage().maxRSS)))
if (faults.count) process.on('exit', () => fs.writeFileSync(faults.count, String(steps)))

require('node:module').syncBuiltinESMExports()
