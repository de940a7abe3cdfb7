import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { healthyModel } from '../../../../e2e/fixtures/cache'
import { describeMissing } from './root-state'
import { scanRoots } from './scan'

describe('a root that is not there', () => {
  test.each<[string, string, string[], string, string]>([
    ['never made', '/home/me/.cache/huggingface/hub', ['/home/me'], 'missing', 'no cache folder'],
    ['on a Mac’s volume that is gone', '/Volumes/Models/hub', ['/Volumes'], 'unplugged', '"Models"'],
    ['on a volume that is there without it', '/Volumes/Models/deep/hub', ['/Volumes/Models/deep'], 'missing', 'no cache folder'],
    ['behind an empty mount point', '/mnt/disk/hub', ['/mnt/disk'], 'unplugged', '"disk"'],
    ['on a desktop’s volume', '/run/media/me/USB/hub', ['/run/media/me'], 'unplugged', '"USB"'],
    ['the volume itself', '/media/me/USB', ['/media/me'], 'unplugged', '"USB"'],
  ])('%s', (_name, path, there, state, reason) => {
    const exists = (folder: string): boolean => there.some((known) => known === folder || known.startsWith(`${folder}/`))
    expect(describeMissing(path, exists)).toEqual({ state, reason: expect.stringContaining(reason) })
  })
})

test('a root that is a link to nothing says where it leads, or which volume is missing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlxk-root-'))
  symlinkSync('elsewhere/hub', join(folder, 'dead'))
  symlinkSync('/Volumes/Models/hub', join(folder, 'unplugged'))
  const stateOf = (path: string) => scanRoots([{ path, kind: 'primary', rule: 'HF_HUB_CACHE' }]).roots[0]?.state
  expect(stateOf(join(folder, 'dead', 'below'))).toMatchObject({
    state: 'unreadable',
    reason: `${join(folder, 'dead')} is a link to ${join(folder, 'elsewhere/hub')}, which is not there.`,
  })
  expect(stateOf(join(folder, 'unplugged'))).toMatchObject({ state: 'unplugged', reason: expect.stringContaining('"Models"') })
  rmSync(folder, { recursive: true })
})

describe.skipIf(process.getuid?.() === 0)('a root that may only be read', () => {
  test('is listed, and says so when it is the one that is written to', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mlxk-root-'))
    const hub = join(folder, 'hub')
    mkdirSync(hub)
    healthyModel(hub)
    chmodSync(hub, 0o555)
    const stateOf = (kind: 'primary' | 'extra') => scanRoots([{ path: hub, kind, rule: 'default' }]).roots[0]
    expect(stateOf('primary')).toMatchObject({ state: { state: 'read_only', reason: expect.any(String) }, repos: { length: 1 } })
    expect(stateOf('extra')).toMatchObject({ state: { state: 'ok', reason: null } })
    chmodSync(hub, 0o755)
    rmSync(folder, { recursive: true })
  })
})
