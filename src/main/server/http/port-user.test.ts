import { describe, expect, it } from 'vitest'
import { createPortUserFinder, parseListeners, parseLsof, type PortUserDeps } from './port-user'

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2E23 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0
   1: 0100007F:2E23 0100007F:D3A0 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0 100 0 0 10 0
`

const proc: Omit<PortUserDeps, 'os'> = {
  readText: (path) => {
    if (path === '/proc/net/tcp') return Promise.resolve(table)
    return path === '/proc/77/comm' ? Promise.resolve('python3\n') : Promise.reject(new Error('ENOENT'))
  },
  readDir: (path) => {
    const folders: Record<string, string[]> = { '/proc': ['self', '12', '77'], '/proc/77/fd': ['0', '3'] }
    return folders[path] ? Promise.resolve(folders[path]) : Promise.reject(new Error('EACCES'))
  },
  readLink: (path) => Promise.resolve(path === '/proc/77/fd/3' ? 'socket:[4242]' : '/dev/null'),
  run: () => Promise.resolve('p981\ncControlCenter\nf10\n'),
}

describe('who uses a port', () => {
  it('finds the listening socket, not the connected one, in /proc/net/tcp', () => {
    expect(parseListeners(table, 11811)).toEqual(['4242'])
    expect(parseListeners(table, 80)).toEqual([])
  })

  it('names the process on Linux although other processes may not be looked into', async () => {
    expect(await createPortUserFinder('linux', proc)(11811)).toEqual({ pid: 77, process: 'python3' })
  })

  it('says nothing when the owner cannot be seen', async () => {
    expect(await createPortUserFinder('linux', { ...proc, readLink: () => Promise.reject(new Error('EACCES')) })(11811)).toBeNull()
    expect(await createPortUserFinder('darwin', { ...proc, run: () => Promise.reject(new Error('exit 1')) })(11811)).toBeNull()
  })

  it('names the process on macOS by lsof', async () => {
    expect(await createPortUserFinder('darwin', proc)(11811)).toEqual({ pid: 981, process: 'ControlCenter' })
    expect(parseLsof('')).toBeNull()
  })
})
