import { spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { mkdtempSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createFileLocks } from '.'

const folder = (): string => mkdtempSync(join(tmpdir(), 'mlxk-lock-'))
const emptyFile = (): string => {
  const path = join(folder(), 'a b.lock')
  writeFileSync(path, '')
  return path
}
const linux = { platform: { os: 'linux' as const } }

describe.runIf(process.platform === 'linux')('Linux, by the flock program', () => {
  const hold = async (path: string): Promise<void> => {
    const child = spawn('flock', [path, 'sh', '-c', 'echo; exec cat >/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
    onTestFinished(() => void child.stdin.end())
    await new Promise((resolve) => child.stdout.once('data', resolve))
  }

  test('a held lock, a free one, one that is gone and what is no file are told apart, in order', async () => {
    const [held, free, gone, link] = [emptyFile(), emptyFile(), emptyFile(), join(folder(), 'link')]
    await hold(held)
    unlinkSync(gone)
    symlinkSync(free, link)
    expect(await createFileLocks(linux).probe([free, gone, held, link, folder()])).toEqual([
      'free',
      'free',
      'held',
      'unknown',
      'unknown',
    ])
  })

  test('a taken lock is held for everybody else until it is released', async () => {
    const locks = createFileLocks(linux)
    const path = emptyFile()
    const taken = await locks.take(path)
    if (taken.state !== 'taken') throw new Error(taken.state)
    expect([await locks.probe([path]), await locks.take(path)]).toEqual([['held'], { state: 'held' }])
    await taken.release()
    expect(await locks.probe([path])).toEqual(['free'])
  })

  test('a lock ends with the process that took it, even when that is killed', async () => {
    const path = emptyFile()
    const program = `const { spawn } = require('node:child_process')
      const child = spawn('flock', ['-n', ${JSON.stringify(path)}, 'sh', '-c', 'echo taken; exec cat >/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] })
      child.stdout.once('data', () => console.log('taken'))`
    const owner = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise((resolve) => owner.stdout.once('data', resolve))
    const locks = createFileLocks(linux)
    expect(await locks.probe([path])).toEqual(['held'])
    owner.kill('SIGKILL')
    // Waits for the lock itself: it comes free when the kernel has closed the pipe.
    const waiting = spawn('flock', ['-w', '10', path, 'true'])
    expect(await new Promise((resolve) => waiting.once('close', resolve))).toBe(0)
  })

  test('many files are asked at once', async () => {
    const place = folder()
    const paths = Array.from({ length: 450 }, (_, index) => join(place, `${index}.lock`))
    for (const path of paths) writeFileSync(path, '')
    expect(new Set(await createFileLocks(linux).probe(paths))).toEqual(new Set(['free']))
  })
})

test('without the program nothing is known', async () => {
  const missing = ((_command: string, args: string[], options: object) => spawn('/nowhere/program', args, options)) as typeof spawn
  const locks = createFileLocks({ ...linux, spawn: missing })
  const path = emptyFile()
  expect([await locks.canProbe(), await locks.probe([path]), await locks.take(path)]).toEqual([
    false,
    ['unknown'],
    { state: 'unknown' },
  ])
})

test('a file system without locks is unknown, not held', async () => {
  const failing = (() => {
    const child = Object.assign(new EventEmitter(), {
      stdout: Object.assign(new EventEmitter(), { setEncoding: () => child.stdout }),
      kill: () => true,
    })
    setImmediate(() => {
      child.stdout.emit('data', '71\n')
      child.emit('close', 0)
    })
    return child
  }) as unknown as typeof spawn
  expect(await createFileLocks({ ...linux, spawn: failing }).probe([emptyFile()])).toEqual(['unknown'])
})

describe('macOS, by the flags of open', () => {
  const mac = (errno: string | null) => {
    const opened: number[] = []
    const closed: number[] = []
    const open = (_path: string, flags: number): number => {
      opened.push(flags)
      if (errno !== null) throw Object.assign(new Error(errno), { code: errno })
      return 7
    }
    return {
      locks: createFileLocks({ platform: { os: 'darwin' }, open, close: (descriptor) => closed.push(descriptor) }),
      opened,
      closed,
    }
  }

  test('a free lock is taken without waiting or following links, and closed again', async () => {
    const { locks, opened, closed } = mac(null)
    const path = emptyFile()
    expect(await locks.probe([path])).toEqual(['free'])
    expect([opened, closed]).toEqual([[0x4 | 0x20 | 0x100], [7]])
    const taken = await locks.take(path)
    expect([taken.state, closed]).toEqual(['taken', [7]])
  })

  test.each([
    ['EAGAIN', 'held'],
    ['EWOULDBLOCK', 'held'],
    ['ENOTSUP', 'unknown'],
    ['EACCES', 'unknown'],
  ])('%s is %s', async (errno, state) => {
    const { locks } = mac(errno)
    const path = emptyFile()
    expect([await locks.probe([path]), await locks.take(path)]).toEqual([[state], { state }])
  })
})
