import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createMachineMemory, parseVmStat } from './machine'

const gib = 1024 ** 3
const meminfo = 'MemTotal:       33554432 kB\nMemFree:        1024 kB\nMemAvailable:   20971520 kB\n'
const vmStat = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               10000.
Pages active:                            400000.
Pages inactive:                          200000.
Pages speculative:                         5000.
Pages wired down:                        100000.
Pages purgeable:                           1000.
`

/** A machine with these files, of which nothing else can be read. */
function machineOf(os: 'linux' | 'darwin', files: Record<string, string>, totalBytes = 64 * gib, folder = '/none') {
  const file = (path: string): Promise<string> => {
    const text = path.startsWith(folder) && folder !== '/none' ? readFileSync(path, 'utf8') : files[path]
    return text === undefined ? Promise.reject(new Error(`no ${path}`)) : Promise.resolve(text)
  }
  return createMachineMemory({ os }, folder, {
    file: (path) => Promise.resolve().then(() => file(path)),
    run: (command) => Promise.resolve(command.endsWith('vm_stat') ? vmStat : ''),
    totalBytes: () => totalBytes,
  })
}

describe('the memory of the machine', () => {
  it('is nine tenths of it on Linux', async () => {
    expect(await machineOf('linux', { '/proc/meminfo': meminfo }).read(null)).toEqual({
      totalBytes: 32 * gib,
      limitBytes: Math.floor(32 * gib * 0.9),
      source: 'machine',
      availableBytes: 20 * gib,
    })
  })

  it('is that of the container, cgroup 2, whichever ancestor is the tightest', async () => {
    const files = {
      '/proc/meminfo': meminfo,
      '/proc/self/cgroup': '0::/user.slice/app.scope\n',
      '/sys/fs/cgroup/user.slice/memory.max': `${4 * gib}\n`,
      '/sys/fs/cgroup/user.slice/memory.current': `${3 * gib}\n`,
      '/sys/fs/cgroup/user.slice/memory.stat': `anon 1\ninactive_file ${gib}\n`,
      '/sys/fs/cgroup/user.slice/app.scope/memory.max': 'max\n',
    }
    expect(await machineOf('linux', files).read(null)).toMatchObject({
      limitBytes: Math.floor(4 * gib * 0.9),
      source: 'container',
      availableBytes: 2 * gib,
    })
  })

  it('is that of the container, cgroup 1, also when it sees its own group as the root', async () => {
    const files = {
      '/proc/meminfo': meminfo,
      '/proc/self/cgroup': '9:memory:/docker/0123\n1:name=systemd:/docker/0123\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${2 * gib}\n`,
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': `${gib}\n`,
    }
    expect(await machineOf('linux', files).read(null)).toMatchObject({ source: 'container', availableBytes: gib })
    const unlimited = { ...files, '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' }
    expect(await machineOf('linux', unlimited).read(null)).toMatchObject({ source: 'machine' })
  })

  it('is estimated on a Mac until an engine has said what Metal recommends; then that, also after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mlxk-machine-'))
    const mac = machineOf('darwin', {}, 64 * gib, folder)
    expect(await mac.read(null)).toMatchObject({ limitBytes: 48 * gib, source: 'estimate', availableBytes: 216_000 * 16_384 })
    await mac.learn(50 * gib)
    expect(await mac.read(null)).toMatchObject({ limitBytes: 50 * gib, source: 'metal' })
    expect(await machineOf('darwin', {}, 64 * gib, folder).read(null)).toMatchObject({ limitBytes: 50 * gib, source: 'metal' })
    expect(await machineOf('darwin', {}, 16 * gib).read(null)).toMatchObject({ limitBytes: Math.floor(16 * gib * 0.66) })
  })

  it('is no more than the settings allow, and never more because of them', async () => {
    const machine = machineOf('linux', { '/proc/meminfo': meminfo })
    expect(await machine.read(5e9)).toMatchObject({ limitBytes: 5e9, source: 'settings' })
    expect(await machine.read(500e9)).toMatchObject({ source: 'machine' })
  })

  it('is not made up where the system says nothing', async () => {
    expect(parseVmStat('')).toBeNull()
    expect(await machineOf('linux', {}).read(null)).toMatchObject({ totalBytes: 64 * gib, availableBytes: null })
  })
})
