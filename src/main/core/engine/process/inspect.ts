import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { Platform } from '../../system'
import type { ProcessActivity } from './watchdog'

/** What the system says of a running engine, where the engine itself says nothing. Null when it cannot be had. */
export interface ProcessInspector {
  activity: (pid: number) => Promise<ProcessActivity | null>
  /** Bytes of physical memory. */
  memory: (pid: number) => Promise<number | null>
  /** Bytes read from files since its start; Linux only. */
  bytesRead: (pid: number) => Promise<number | null>
}

export interface InspectReaders {
  file: (path: string) => Promise<string>
  ps: (pid: number, columns: string) => Promise<string>
}

/** Reads /proc on Linux, asks ps on macOS. */
export function createProcessInspector(
  platform: Pick<Platform, 'os'>,
  read: InspectReaders = { file: (path) => readFile(path, 'utf8'), ps: runPs },
): ProcessInspector {
  if (platform.os === 'darwin') {
    return {
      activity: async (pid) => parsePsActivity(await read.ps(pid, 'state=,time=').catch(() => '')),
      memory: async (pid) => fromKibibytes(await read.ps(pid, 'rss=').catch(() => '')),
      bytesRead: () => Promise.resolve(null),
    }
  }
  const file = (path: string): Promise<string> => read.file(path).catch(() => '')
  return {
    activity: async (pid) => parseStatActivity(await file(`/proc/${pid}/stat`)),
    memory: async (pid) => fromKibibytes(/^VmRSS:\s+(\d+) kB$/m.exec(await file(`/proc/${pid}/status`))?.[1] ?? ''),
    bytesRead: async (pid) => {
      const match = /^rchar: (\d+)$/m.exec(await file(`/proc/${pid}/io`))
      return match === null ? null : Number(match[1])
    },
  }
}

/** The kernel's clock ticks of user space: 100 a second on every Linux that runs Node. */
const tickMs = 10

/** Field 3 is the state, 14 and 15 are ticks in user and kernel mode; see `parseProc` for the name in parentheses. */
export function parseStatActivity(stat: string): ProcessActivity | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  if (stat === '' || !Number.isFinite(ticks)) return null
  return { stopped: fields[0] === 'T' || fields[0] === 't', cpuMs: ticks * tickMs }
}

/** `S+   0:12.34`, with hours and days before it: `[[D-]H:]M:S.f`. */
export function parsePsActivity(output: string): ProcessActivity | null {
  const match = /^\s*(\S+)\s+(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)\s*$/.exec(output)
  if (match === null) return null
  const [, state = '', days = '0', hours = '0', minutes = '0', seconds = '0'] = match
  const total = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)
  return { stopped: state.startsWith('T'), cpuMs: total * 1000 }
}

function fromKibibytes(text: string): number | null {
  return /^\d+$/.test(text.trim()) ? Number(text.trim()) * 1024 : null
}

function runPs(pid: number, columns: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { LC_ALL: 'C', PATH: '/bin:/usr/bin' }
    execFile('/bin/ps', ['-o', columns, '-p', String(pid)], { env, timeout: 5000 }, (error, stdout) => {
      if (error === null) resolve(stdout)
      else reject(error)
    })
  })
}
