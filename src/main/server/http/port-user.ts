import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import type { Platform } from '../../core/system'

export interface PortUser {
  pid: number
  process: string | null
}

export interface PortUserDeps {
  os: Platform['os']
  readText: (path: string) => Promise<string>
  readDir: (path: string) => Promise<string[]>
  readLink: (path: string) => Promise<string>
  /** Runs a program and gives its stdout; rejects when it fails or takes too long. */
  run: (file: string, args: string[]) => Promise<string>
}

const lookups: Omit<PortUserDeps, 'os'> = {
  readText: (path) => readFile(path, 'utf8'),
  readDir: (path) => readdir(path),
  readLink: (path) => readlink(path),
  run: (file, args) =>
    new Promise((resolve, reject) => {
      execFile(file, args, { timeout: 2000, maxBuffer: 1024 * 1024 }, (error, stdout) => (error ? reject(error) : resolve(stdout)))
    }),
}

/**
 * Who listens on a TCP port of this machine. Best effort: null when it cannot be seen, as for another user's process. Never throws.
 * Linux: `/proc/net/tcp*` gives the socket's inode, `/proc/PID/fd` its owner. macOS: `lsof`.
 */
export function createPortUserFinder(
  os: Platform['os'],
  deps: Omit<PortUserDeps, 'os'> = lookups,
): (port: number) => Promise<PortUser | null> {
  const find = os === 'darwin' ? findByLsof : findByProc
  return (port) => find(port, { os, ...deps }).catch(() => null)
}

async function findByLsof(port: number, deps: PortUserDeps): Promise<PortUser | null> {
  return parseLsof(await deps.run('/usr/sbin/lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']))
}

/** `lsof -F` prints one field a line, its first letter the field: `p123`, then `cnode`. */
export function parseLsof(output: string): PortUser | null {
  const lines = output.split('\n')
  const pid = Number(lines.find((line) => line.startsWith('p'))?.slice(1))
  if (!Number.isInteger(pid) || pid <= 0) return null
  return { pid, process: lines.find((line) => line.startsWith('c'))?.slice(1) ?? null }
}

async function findByProc(port: number, deps: PortUserDeps): Promise<PortUser | null> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => deps.readText(`/proc/net/${name}`).catch(() => '')))
  const sockets = new Set(tables.flatMap((table) => parseListeners(table, port)).map((inode) => `socket:[${inode}]`))
  if (sockets.size === 0) return null
  for (const pid of await deps.readDir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const fds = await deps.readDir(`/proc/${pid}/fd`).catch(() => [])
    for (const fd of fds) {
      const target = await deps.readLink(`/proc/${pid}/fd/${fd}`).catch(() => '')
      if (!sockets.has(target)) continue
      const name = await deps.readText(`/proc/${pid}/comm`).catch(() => '')
      return { pid: Number(pid), process: name.trim() || null }
    }
  }
  return null
}

/** Inodes of the sockets that listen (state 0A) on `port` in a table like `/proc/net/tcp`. */
export function parseListeners(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) === true && state === '0A')
    .map((fields) => fields[9] ?? '')
    .filter((inode) => /^[1-9]\d*$/.test(inode))
}
