import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mlxk, mlxkPath } from '../../drivers/cli'
import { finish, type CliResult } from '../../drivers/process'
import { createHome, type TestHome } from './home'

let home: TestHome
/** Commands that own the data folder. */
const owners = [['serve'], ['demo', '--once'], ['ui', '--no-open']]
const isRoot = process.getuid?.() === 0
const NOBODY = 65534

interface Failure {
  error: { type: string; message: string; hint: string }
}

async function fail(args: readonly string[], data: string): Promise<Failure['error'] & { rc: number | null }> {
  const result = await mlxk([...args, '--json=full'], { env: { ...home.env, MLXK_HOME: data, MLXK_PORT: '0' } })
  return { ...(JSON.parse(result.stdout) as Failure).error, rc: result.code }
}

beforeAll(() => {
  home = createHome()
})
afterAll(() => home.remove())

describe('a data folder that cannot be one', () => {
  it.each<[string, (path: string) => void, string]>([
    ['a file', (path) => writeFileSync(path, 'x'), 'is a file'],
    ['a dangling link', (path) => symlinkSync(`${path}-nothing`, path), 'is a link to nothing'],
    ['a circle of links', (path) => symlinkSync(path, path), 'leads in a circle'],
  ])('%s is a mistake in a setting, with what to do, and exit code 2', async (what, make, sentence) => {
    const data = join(home.root, what.replaceAll(' ', '-'))
    make(data)
    for (const args of owners) {
      const error = await fail(args, data)
      expect(error).toMatchObject({ type: 'invalid_setting', rc: 2 })
      expect(error.message).toContain(sentence)
      expect(error.hint).toContain('MLXK_HOME')
    }
    // Looking needs no data folder.
    expect((await mlxk(['list', '--json'], { env: { ...home.env, MLXK_HOME: data } })).code).toBe(0)
    const doctor = await mlxk(['doctor'], { env: { ...home.env, MLXK_HOME: data } })
    expect(doctor.stdout).toContain(sentence)
    expect(doctor.stdout).toContain('name another data folder with MLXK_HOME')
    expect(doctor.stdout).not.toContain('chmod')
    expect(doctor.stdout).not.toContain('settings.json')
  })

  /** As root nothing is forbidden, so another user has to try. */
  it('one that may not be read or written is permission_denied, with exit code 1', async () => {
    const data = join(home.root, 'closed')
    mkdirSync(data)
    chmodSync(data, 0)
    chmodSync(home.root, 0o755)
    for (const args of owners) {
      const child = spawn(process.execPath, [mlxkPath, ...args, '--json=full'], {
        env: { ...process.env, ...home.env, HOME: '/nonexistent', NODE_OPTIONS: '', MLXK_HOME: data, MLXK_PORT: '0' },
        stdio: ['ignore', 'pipe', 'pipe'],
        ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
      })
      const { stdout, stderr, code }: CliResult = await finish(child)
      expect(stderr).toBe('')
      const { error } = JSON.parse(stdout) as Failure
      expect(error).toMatchObject({ type: 'permission_denied', hint: expect.stringContaining('MLXK_HOME') })
      expect(code).toBe(1)
    }
  })

  it('one on a full disk is disk_full, with exit code 1', async (test) => {
    const disk = join(home.root, 'disk')
    mkdirSync(disk)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]).status !== 0)
      return test.skip('cannot mount a small disk here')
    try {
      expect(() => writeFileSync(join(disk, 'filler'), Buffer.alloc(64 * 1024))).toThrow('ENOSPC')
      for (const args of owners) {
        const error = await fail(args, join(disk, 'data'))
        expect(error).toMatchObject({ type: 'disk_full', rc: 1 })
        expect(error.hint).toContain('Free some space')
      }
    } finally {
      spawnSync('umount', [disk])
    }
  })
})
