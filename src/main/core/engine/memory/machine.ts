import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import type { EngineMemory } from '../../../../shared/contract'
import { writePrivateFile, type Platform } from '../../system'
import { readContainer } from './container'

export interface MachineState {
  totalBytes: number
  /** What engines may take together. */
  limitBytes: number
  source: EngineMemory['limit_source']
  /** What could be taken now without pushing anybody out; null when the system does not say. */
  availableBytes: number | null
}

export interface MachineMemory {
  /** @param cap the user's own limit in bytes */
  read: (cap: number | null) => Promise<MachineState>
  /** The engine's word: what Metal recommends to use at most. Kept for the next start. */
  learn: (workingSetBytes: number) => Promise<void>
}

export interface MachineReaders {
  file: (path: string) => Promise<string>
  run: (command: string, args: readonly string[]) => Promise<string>
  totalBytes: () => number
}

const gibibyte = 1024 ** 3
/** Of a machine without Metal; the rest is for the system and us. */
const usableShare = 0.9

/**
 * What this machine can give to engines. Metal recommends a working set, which only an engine can tell: until one did, it is estimated
 * (mlx-lm.md §6.4). On Linux it is the container's limit (cgroup 2 or 1) or the machine's memory.
 * @param folder where what was learned is kept
 */
export function createMachineMemory(
  platform: Pick<Platform, 'os'>,
  folder: string,
  readers: MachineReaders = { file: (path) => readFile(path, 'utf8'), run, totalBytes: totalmem },
): MachineMemory {
  const file = join(folder, 'machine.json')
  let workingSet: Promise<number | null> | null = null
  const known = (): Promise<number | null> => (workingSet ??= readers.file(file).then(parseKnown, () => null))
  return {
    read: async (cap) => {
      const state = platform.os === 'darwin' ? await readMac(readers, await known()) : await readLinux(readers, await known())
      return cap === null || cap >= state.limitBytes ? state : { ...state, limitBytes: cap, source: 'settings' }
    },
    learn: async (bytes) => {
      if (!Number.isSafeInteger(bytes) || bytes < gibibyte || (await known()) === bytes) return
      workingSet = Promise.resolve(bytes)
      // It is learned anew at the next start of an engine.
      await writePrivateFile(file, JSON.stringify({ working_set: bytes })).catch(() => undefined)
    },
  }
}

async function readMac(readers: MachineReaders, workingSet: number | null): Promise<MachineState> {
  const totalBytes = readers.totalBytes()
  const estimate = Math.floor(totalBytes * (totalBytes <= 36 * gibibyte ? 0.66 : 0.75))
  const availableBytes = parseVmStat(await readers.run('/usr/bin/vm_stat', []).catch(() => ''))
  const [limitBytes, source] = workingSet === null ? [estimate, 'estimate' as const] : [workingSet, 'metal' as const]
  return { totalBytes, limitBytes, source, availableBytes }
}

async function readLinux(readers: MachineReaders, workingSet: number | null): Promise<MachineState> {
  const [meminfo, container] = await Promise.all([readers.file('/proc/meminfo').catch(() => ''), readContainer(readers.file)])
  const totalBytes = parseMeminfo(meminfo, 'MemTotal') ?? readers.totalBytes()
  const free = parseMeminfo(meminfo, 'MemAvailable')
  const parts = [free, container === null ? null : container.limitBytes - container.usedBytes].filter((value) => value !== null)
  const availableBytes = parts.length === 0 ? null : Math.max(0, Math.min(...parts))
  // A card with memory of its own: the machine's does not matter.
  if (workingSet !== null) return { totalBytes, limitBytes: workingSet, source: 'metal', availableBytes: null }
  const isContained = container !== null && container.limitBytes < totalBytes
  const limitBytes = Math.floor((isContained ? container.limitBytes : totalBytes) * usableShare)
  return { totalBytes, limitBytes, source: isContained ? 'container' : 'machine', availableBytes }
}

/** `MemAvailable:   23456 kB`. */
export function parseMeminfo(text: string, key: string): number | null {
  const match = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)
  return match === null ? null : Number(match[1]) * 1024
}

/** Pages that the system would give away: free, speculative, inactive and purgeable ones. */
export function parseVmStat(text: string): number | null {
  const size = /page size of (\d+) bytes/.exec(text)
  if (size === null) return null
  const pages = ['free', 'speculative', 'inactive', 'purgeable'].map((kind) => {
    const match = new RegExp(`^Pages ${kind}:\\s+(\\d+)\\.$`, 'm').exec(text)
    return match === null ? 0 : Number(match[1])
  })
  return pages.reduce((sum, count) => sum + count, 0) * Number(size[1])
}

function parseKnown(text: string): number | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('working_set' in value)) return null
    const bytes = value.working_set
    return typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= gibibyte ? bytes : null
  } catch {
    return null
  }
}

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, [...args], { env: { LC_ALL: 'C', PATH: '/bin:/usr/bin' }, timeout: 5000 }, (error, stdout) => {
      if (error === null) resolve(stdout)
      else reject(error)
    })
  })
}
