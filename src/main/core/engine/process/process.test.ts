import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { engineArguments, engineEnvironment } from './command'
import { createLineSplitter, parseLauncherEvent } from './events'
import { createLogRing } from './log-ring'
import { createProcessTable, parseProc, parsePs, type ProcessIdentity } from './process-table'
import { createEngineRecords } from './records'

const limits = { decodeConcurrency: 7, promptConcurrency: 2, promptCacheEntries: 4, promptCacheBytes: 1e9 }

describe('command of an engine', () => {
  it('always caps prompt cache and concurrency, and takes a free port on loopback', () => {
    const args = engineArguments('/r', '/models/a b', limits)
    expect(args.slice(0, 5)).toEqual(['-I', '-u', '/r/engine/launcher.py', '--model', '/models/a b'])
    for (const flag of ['--prompt-cache-bytes', '--prompt-cache-size', '--decode-concurrency', '--prompt-concurrency']) {
      expect(Number(args[args.indexOf(flag) + 1])).toBeGreaterThan(0)
    }
    expect(args[args.indexOf('--host') + 1]).toBe('127.0.0.1')
    expect(args[args.indexOf('--port') + 1]).toBe('0')
  })

  it('never lets Python, MLX, loader or token variables of the user through', () => {
    const env = {
      HOME: '/h',
      PATH: '/bin',
      LC_ALL: 'C',
      PYTHONPATH: 'x',
      PYTHONHOME: 'x',
      MLX_RANK: '0',
      DYLD_INSERT_LIBRARIES: 'x',
    }
    const more = { LD_PRELOAD: 'x', HF_TOKEN: 'x', VIRTUAL_ENV: 'x', HF_HUB_OFFLINE: '0', JACCL_RING: '1' }
    const result = engineEnvironment({ ...env, ...more }, { token: 't', contextLength: 5, safeMemory: true, freedBytes: 9 })
    expect(result).toMatchObject({ HOME: '/h', PATH: '/bin', LC_ALL: 'C', HF_HUB_OFFLINE: '1', MLXK_ENGINE_TOKEN: 't' })
    for (const name of [
      'PYTHONPATH',
      'PYTHONHOME',
      'MLX_RANK',
      'DYLD_INSERT_LIBRARIES',
      'LD_PRELOAD',
      'HF_TOKEN',
      'VIRTUAL_ENV',
      'JACCL_RING',
    ]) {
      expect(result).not.toHaveProperty(name)
    }
  })
})

describe('what an engine prints', () => {
  it('keeps the last lines only, cut at \\n and \\r, bounded in length', () => {
    const ring = createLogRing(3, 5)
    ring.write('one\rtwo\nthr')
    ring.write('ee\n\nfour-and-more\nopen')
    expect(ring.lines()).toEqual(['two', 'three', 'four-', 'open'])
  })

  it('reads events, and takes anything else for a line of the log', () => {
    expect(parseLauncherEvent('{"event":"listening","port":1234}')).toEqual({ event: 'listening', port: 1234 })
    expect(parseLauncherEvent('{"event":"loading","done":1,"total":"x"}')).toEqual({ event: 'loading', done: 1, total: 0 })
    for (const line of [
      '',
      'text',
      '{',
      '[]',
      '{"event":"x"}',
      '{"event":"listening","port":-1}',
      '{"event":"listening","port":1e9}',
    ]) {
      expect(parseLauncherEvent(line)).toBeNull()
    }
    expect(parseLauncherEvent(`{"event":"fatal","error":"${'x'.repeat(70_000)}"}`)).toBeNull()
  })

  it('puts lines together that arrive in parts', () => {
    const lines: string[] = []
    const split = createLineSplitter((line) => lines.push(line))
    for (const part of ['a', 'b\nc', '\n', 'd']) split(part)
    expect(lines).toEqual(['ab', 'c'])
  })
})

function stat(state: string): string {
  return `7 (odd) name) ${state} 1 7 7 0 -1 4194304 1 0 0 0 1 1 0 0 20 0 1 0 98765 1 1`
}

describe('process table', () => {
  it('reads /proc on Linux, whatever the name of the program, and sees no zombies', () => {
    expect(parseProc(stat('S'), 'python\0-I\0a b\0', 'boot')).toEqual({ startTime: 'boot:98765', command: 'python -I a b' })
    expect(parseProc(stat('Z'), '', 'boot')).toBeNull()
  })

  it('asks ps on macOS', async () => {
    const line = 'Sat Nov 22 23:50:00 2026     /Library/x y/python -I launcher.py\n'
    const read = { file: () => Promise.reject(new Error('no /proc')), ps: (pid: number) => Promise.resolve(pid === 7 ? line : '') }
    const table = createProcessTable({ os: 'darwin' }, read)
    expect(await table.inspect(7)).toEqual({ startTime: 'Sat Nov 22 23:50:00 2026', command: '/Library/x y/python -I launcher.py' })
    expect(await table.inspect(8)).toBeNull()
    expect(parsePs('Sat Nov  2 03:50:00 2026 x')).toEqual({ startTime: 'Sat Nov 2 03:50:00 2026', command: 'x' })
  })
})

describe('sweep of engines whose owner is gone', () => {
  const args = ['-I', 'launcher.py', '--model', '/m']
  const engine: ProcessIdentity = { startTime: 'e', command: `python ${args.join(' ')}` }
  const owner: ProcessIdentity = { startTime: 'o', command: 'node' }

  async function sweepWith(
    change: (processes: Map<number, ProcessIdentity>) => void,
  ): Promise<{ killed: number[]; left: string[] }> {
    const folder = mkdtempSync(join(tmpdir(), 'mlxk-records-'))
    const processes = new Map([
      [100, engine],
      [200, owner],
    ])
    const killed: number[] = []
    const table = { inspect: (pid: number) => Promise.resolve(processes.get(pid) ?? null) }
    const records = createEngineRecords({ folder, table, ownPid: 200, killGroup: (pid) => killed.push(pid) })
    await records.write(100, args)
    change(processes)
    expect(await records.sweep()).toEqual(killed)
    return { killed, left: readdirSync(folder) }
  }

  it('kills one when pid, start time and command line are the recorded ones', async () => {
    expect(await sweepWith((processes) => processes.delete(200))).toEqual({ killed: [100], left: [] })
  })

  it('kills one whose interpreter ran itself again under another path, as on macOS', async () => {
    const change = (processes: Map<number, ProcessIdentity>): void => {
      processes.delete(200)
      processes.set(100, { ...engine, command: `/Library/Python.app/Contents/MacOS/Python ${args.join(' ')}` })
    }
    expect((await sweepWith(change)).killed).toEqual([100])
  })

  it('leaves one alone whose owner lives', async () => {
    expect(await sweepWith(() => undefined)).toEqual({ killed: [], left: ['100.json'] })
  })

  it('kills when the pid of the owner belongs to a later process', async () => {
    expect((await sweepWith((processes) => processes.set(200, { startTime: 'later', command: 'node' }))).killed).toEqual([100])
  })

  it.each([
    ['another start time', { ...engine, startTime: 'x' }],
    ['another command', { ...engine, command: 'vim notes' }],
  ])('leaves a process with %s alone and forgets the record', async (_name, other) => {
    const change = (processes: Map<number, ProcessIdentity>): void => {
      processes.delete(200)
      processes.set(100, other)
    }
    expect(await sweepWith(change)).toEqual({ killed: [], left: [] })
  })

  it('is not stopped by a record that is damaged or foreign', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mlxk-records-'))
    for (const [name, text] of Object.entries({ '5.json': '{', '6.json': '{"pid":1}', 'notes.txt': 'mine' })) {
      writeFileSync(join(folder, name), text)
    }
    const table = { inspect: () => Promise.resolve(null) }
    await createEngineRecords({ folder, table, ownPid: 1, killGroup: () => undefined }).sweep()
    expect(readdirSync(folder)).toEqual(['notes.txt'])
  })
})
