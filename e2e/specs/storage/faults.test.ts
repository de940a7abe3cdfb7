import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { danglingLink, healthyFiles, healthyModel, safetensorsFile, writeModel } from '../../fixtures/cache'
import { bytesIn, snapshotOf } from '../../fixtures/storage'
import { projectFile } from '../../setup/build'
import { createCacheHome, type CacheHome } from '../interop/support'
import { ask, expectPythonSees } from './support'

/** The disk fails in the middle of a removal: what is not being removed is as it was, and the next run does the rest. */

let home: CacheHome
beforeEach(() => {
  home = createCacheHome()
  return () => home.remove()
})

const failing = (path: string, code: string, ops: string[]): Record<string, string> => ({
  NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --require ${JSON.stringify(projectFile('e2e/setup/fs-faults.cjs'))}`,
  MLXK_TEST_FAULTS: JSON.stringify({ fail: [{ path, code, ops }] }),
})
/** What lies outside of the folders that something is removed from. */
const outside = (...victims: string[]): Map<string, string> =>
  new Map([...snapshotOf(home.hub)].filter(([path]) => !victims.some((victim) => path.includes(victim))))

const steps: [op: string, where: string, ops: string[]][] = [
  ['setting the model aside', 'models--org--victim', ['rename']],
  ['making room for it', '', ['mkdir']],
  ['removing a file', 'config.json', ['unlink', 'rm']],
  ['removing a folder', 'blobs', ['rmdir', 'rm']],
]

describe.each(['EIO', 'ENOSPC'])('%s', (code) => {
  test.each(steps)(
    'of rm at %s is an error with a type; nothing else is touched, and the next run finishes',
    async (_at, where, ops) => {
      healthyModel(home.hub, 'org/bystander')
      writeModel(home.hub, 'org/victim', { files: healthyFiles({ 'model.safetensors': safetensorsFile(500) }) })
      const before = outside('victim')
      const first = await ask(home, ['rm', 'org/victim', '--force'], {
        env: failing(where === '' ? home.hub : where, code, ops),
      })
      expect(first.error).toMatchObject({ type: expect.stringMatching(/^(?!internal)[a-z_]+$/), hint: expect.stringMatching(/./) })
      expect(first.code).toBe(1)
      for (const [path, is] of before) expect([path, snapshotOf(home.hub).get(path)]).toEqual([path, is])
      const second = await ask(home, ['rm', 'org/victim', '--force'])
      expect([second.code, second.error]).toEqual([0, null])
      expect([...snapshotOf(home.hub).keys()].filter((path) => path.includes('victim'))).toEqual([])
      expect(bytesIn(join(home.hub, 'models--org--bystander'))).toBeGreaterThan(0)
      expect(outside('victim', '.locks', '.mlxk')).toEqual(new Map([...before].filter(([path]) => !/\.locks|\.mlxk/.test(path))))
      await expectPythonSees(home, ['org/bystander'])
    },
  )

  test('of prune is said of that thing; the others go, and the next run finishes', async () => {
    danglingLink(home.hub)
    const bad = writeModel(home.hub, 'org/bad')
    writeModel(home.hub, 'org/good')
    const rest = [...snapshotOf(home.hub).keys()]
    writeFileSync(join(bad.repo, 'blobs', 'd'.repeat(64)), Buffer.alloc(9000))
    const { utimesSync } = await import('node:fs')
    const old = new Date(Date.now() - 40 * 3_600_000)
    utimesSync(join(bad.repo, 'blobs', 'd'.repeat(64)), old, old)
    type Pruned = { done: { category: string }[]; skipped: { path: string; reason: string }[] }
    const first = await ask<Pruned>(home, ['prune', '--yes'], { env: failing('d'.repeat(64), code, ['unlink', 'rm', 'rename']) })
    expect(first.data.done.map(({ category }) => category)).toEqual(['dangling_link'])
    expect(JSON.stringify(first.data.skipped)).toContain(code)
    const second = await ask<Pruned>(home, ['prune', '--yes'])
    expect(second.data.done.map(({ category }) => category)).toEqual(['orphan_blob'])
    const left = new Set(snapshotOf(home.hub).keys())
    expect(rest.filter((path) => !left.has(path)).length).toBeLessThanOrEqual(1)
  })
})
