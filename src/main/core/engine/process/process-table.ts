import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { Platform } from '../../system'

/** Tells two processes apart that had the same pid one after the other. */
export interface ProcessIdentity {
  /** Opaque; equal only for the same process. */
  startTime: string
  /** Arguments joined by blanks. */
  command: string
}

export interface ProcessTable {
  /** Null when there is no such process, or only its zombie. */
  inspect: (pid: number) => Promise<ProcessIdentity | null>
}

/** Reads /proc on Linux, asks ps on macOS. */
export function createProcessTable(
  platform: Pick<Platform, 'os'>,
  read: { file: (path: string) => Promise<string>; ps: (pid: number) => Promise<string> } = { file: readText, ps: runPs },
): ProcessTable {
  if (platform.os === 'darwin') return { inspect: async (pid) => parsePs(await read.ps(pid).catch(() => '')) }
  return {
    inspect: async (pid) => {
      try {
        const [stat, command, boot] = await Promise.all([
          read.file(`/proc/${pid}/stat`),
          read.file(`/proc/${pid}/cmdline`),
          read.file('/proc/sys/kernel/random/boot_id').catch(() => ''),
        ])
        return parseProc(stat, command, boot.trim())
      } catch {
        return null
      }
    },
  }
}

/** `/proc/PID/stat`: the name in parentheses may hold anything; field 3 is the state, field 22 the start in ticks since boot. */
export function parseProc(stat: string, command: string, boot: string): ProcessIdentity | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = fields[19]
  if (ticks === undefined || fields[0] === 'Z' || fields[0] === 'X') return null
  return { startTime: `${boot}:${ticks}`, command: command.replace(/\0$/, '').replaceAll('\0', ' ') }
}

/** `ps -o lstart=,command=`: `Sat Nov 22 23:50:00 2026     /path/python -I …`. */
export function parsePs(output: string): ProcessIdentity | null {
  const match = /^\s*(\w{3}\s+\w{3}\s+\d+\s+[\d:]{8}\s+\d{4})\s+(.*\S)\s*$/s.exec(output)
  if (match?.[1] === undefined || match[2] === undefined || match[2] === '<defunct>') return null
  return { startTime: match[1].replace(/\s+/g, ' '), command: match[2] }
}

function readText(path: string): Promise<string> {
  return readFile(path, 'utf8')
}

function runPs(pid: number): Promise<string> {
  return new Promise((resolve, reject) => {
    // One zone and one language, so that the text of a start time never changes.
    const env = { LC_ALL: 'C', TZ: 'UTC0', PATH: '/bin:/usr/bin' }
    execFile('/bin/ps', ['-ww', '-o', 'lstart=,command=', '-p', String(pid)], { env, timeout: 5000 }, (error, stdout) => {
      if (error === null) resolve(stdout)
      else reject(error)
    })
  })
}
