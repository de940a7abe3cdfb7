import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PruneResult, StorageUsage } from '../../../src/shared/contract'
import type { PrunePreview } from '../../../src/shared/contract/documents'
import { mlxk, mlxkOnTerminal } from '../../drivers/cli'
import { startFakeHub, type FakeHub } from '../../fakes/hub'
import { danglingLink, healthyFiles, noRefs, repoPath, safetensorsFile, writeModel } from '../../fixtures/cache'
import { shareBlob } from '../../fixtures/shared-store'
import { bytesIn, HOUR_MS, snapshotOf, writeLock } from '../../fixtures/storage'
import { needsEngine } from '../../setup/needs'
import { createCacheHome, hf, type CacheHome } from '../interop/support'
import { ask, expectPythonSees } from './support'

const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const weights = (floats: number) => healthyFiles({ 'model.safetensors': safetensorsFile(floats) })
const age = (path: string): void => utimesSync(path, new Date(Date.now() - 30 * HOUR_MS), new Date(Date.now() - 30 * HOUR_MS))

let home: CacheHome
beforeEach(() => {
  home = createCacheHome()
  return () => home.remove()
})

/** One thing of every category, beside good models that `hf cache prune` would offer to delete. */
function writeWaste(): string[] {
  const { hub } = home
  noRefs(hub)
  const old = writeModel(hub, 'org/two', { commit: A, ref: null, files: weights(400) })
  writeModel(hub, 'org/two', { commit: B, files: weights(300) })
  age(old.snapshot)
  const { repo } = writeModel(hub, 'org/stale', { files: weights(20) })
  for (const name of [`${'c'.repeat(64)}.incomplete`, 'd'.repeat(64)]) {
    writeFileSync(join(repo, 'blobs', name), Buffer.alloc(5000))
    age(join(repo, 'blobs', name))
  }
  mkdirSync(join(repo, '.no_exist', A), { recursive: true })
  for (const path of [join(repo, '.no_exist', A), join(repo, '.no_exist')]) age(path)
  danglingLink(hub)
  return ['mlx-community/No-Refs-4bit', 'org/stale', 'org/two', 'mlx-community/Dangling-4bit']
}

describe('prune', () => {
  it('without a terminal and without --yes shows the plan by category, and changes nothing', async () => {
    writeWaste()
    const before = snapshotOf(home.hub)
    const { code, data } = await ask<PrunePreview>(home, ['prune'])
    expect([code, data.requires_confirmation]).toEqual([0, true])
    expect(data.plan.summary.map(({ category, count }) => `${count} ${category}`)).toEqual([
      '1 detached_revision',
      '1 stale_partial',
      '1 orphan_blob',
      '1 dangling_link',
      '1 empty_folder',
    ])
    expect((await ask<PrunePreview>(home, ['prune', '--dry-run'])).data).toEqual({ ...data, requires_confirmation: false })
    const { stdout, stderr } = await mlxk(['prune'], { env: home.env })
    expect(stdout).toMatch(
      /^1 detached revision, [\d.]+ KB: .*\n +[\d.]+ KB {2}org\/two {2}snapshots\/aaaaaaaaaaaa…\n1 stale download/,
    )
    expect(stderr).toBe('Nothing was removed. Add --yes to do it.\n')
    expect(snapshotOf(home.hub)).toEqual(before)
  })

  it('--yes removes exactly that, says what was freed, and leaves every model to Python; then there is nothing to do', async () => {
    const names = writeWaste()
    const before = bytesIn(home.hub)
    const { code, data } = await ask<PruneResult>(home, ['prune', '--yes'])
    expect([code, data.skipped, data.done.length]).toEqual([0, [], 5])
    expect(data.bytes_freed).toBe(before - bytesIn(home.hub))
    expect(data.bytes_freed).toBe(data.plan.bytes_freed)
    await expectPythonSees(home, names)
    const again = await mlxk(['prune', '-y'], { env: home.env })
    expect(again).toMatchObject({ code: 0, stdout: 'There is nothing to remove.\n', stderr: '' })
  })

  it('asks on a terminal after the plan; a no changes nothing', async () => {
    writeWaste()
    const before = snapshotOf(home.hub)
    const type = (text: string) => ({ env: home.env, type: [{ after: '[y/N] ', text }] })
    expect((await mlxkOnTerminal(['prune'], type('n\r'))).screen).toContain('Nothing was removed.')
    expect(snapshotOf(home.hub)).toEqual(before)
    const { code, screen } = await mlxkOnTerminal(['prune'], type('y\r'))
    expect(code).toBe(0)
    expect(screen).toMatch(/Remove 5 things, [\d.]+ KB\?[\s\S]*removed.* 1 detached revision, [\d.]+ KB[\s\S]*KB freed\./)
  })

  it('--category does only that kind; a kind that there is not is a usage error', async () => {
    writeWaste()
    const { data } = await ask<PruneResult>(home, [
      'prune',
      '-f',
      '--category',
      'stale-partial,orphan_blob',
      '--category',
      'empty-folder',
    ])
    expect(data.done.map(({ category }) => category).sort()).toEqual(['empty_folder', 'orphan_blob', 'stale_partial'])
    expect(existsSync(join(repoPath(home.hub, 'org/two'), 'snapshots', A))).toBe(true)
    const wrong = await mlxk(['prune', '--category', 'everything'], { env: home.env })
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain('stale-partial')
  })

  it('leaves out a model that somebody downloads just now, and says why', async () => {
    writeWaste()
    writeLock(home.hub, 'models--org--two', 'x')
    const { code, stdout } = await mlxk(['prune', '--yes'], { env: home.env })
    expect(code).toBe(0)
    expect(stdout).toContain('left out: org/two — It was in use less than a minute ago.')
    expect(existsSync(join(repoPath(home.hub, 'org/two'), 'snapshots', A))).toBe(true)
  })
})

describe('du', () => {
  it('counts each file once: by model, kind, shared and reclaimable, the largest first', async () => {
    writeWaste()
    const one = writeModel(home.hub, 'org/shares', { files: weights(9000) })
    const two = writeModel(home.hub, 'org/shares-too', { files: weights(9000) })
    for (const repo of [one, two]) shareBlob(home.hub, repo, 'model.safetensors')
    const { data } = await ask<StorageUsage>(home, ['du'])
    const sizes = data.models.map(({ size_bytes: size }) => size)
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
    const size = safetensorsFile(9000).length
    expect(data.models[0]).toMatchObject({ name: 'org/shares', shared_bytes: size, kinds: { weights: size, partials: 0 } })
    expect(data.total.size_bytes).toBeLessThanOrEqual(bytesIn(home.hub))
    expect(data.models.find(({ name }) => name === 'org/stale')).toMatchObject({ kinds: { partials: 5000, orphans: 5000 } })
    const { stdout } = await mlxk(['du'], { env: home.env })
    expect(stdout.split('\n')[0]).toMatch(/^Name +Size +Weights +Partial +Shared +Frees +Waste +Revs$/)
    expect(stdout).toMatch(/^Total of 6 +[\d.]+ KB .*$/m)
  })

  it('MODEL is one model by revision; an unknown one is an error; no models are said', async () => {
    const empty = await mlxk(['du'], { env: home.env })
    expect(empty).toMatchObject({ code: 0, stdout: '', stderr: 'There are no models.\n' })
    writeWaste()
    const { data } = await ask<StorageUsage>(home, ['du', 'two'])
    expect(data.models.map(({ name, revisions }) => [name, revisions.length])).toEqual([['org/two', 2]])
    expect(data.total.size_bytes).toBe(data.models[0]?.size_bytes)
    const { stdout } = await mlxk(['du', 'org/two'], { env: home.env })
    expect(stdout).toMatch(/^Revision +Refs +Files +Size +Frees$/m)
    expect(stdout).toMatch(/^bbbbbbb \* +main +5 /m)
    expect(await ask(home, ['du', 'nothing'])).toMatchObject({ code: 1, error: { type: 'model_not_found' } })
  })

  it.each([40, 60, 80, 200])('fits a terminal of %i columns', async (columns) => {
    writeWaste()
    writeModel(home.hub, 'mlx-community/Qwen模型-0.5B-Instruct-4bit-日本語の長い名前')
    const { screen } = await mlxkOnTerminal(['du', '--no-color'], { env: home.env, columns })
    const { displayWidth } = await import('../../../src/main/cli/output/table')
    const table = screen.slice(0, screen.indexOf('Total of')).trim().split('\r\n')
    for (const line of table) expect(displayWidth(line)).toBeLessThanOrEqual(columns)
    expect(table).toHaveLength(6)
  })
})

describe.skipIf(!needsEngine())('a cache that hf filled', () => {
  const [keep, go] = ['org/keep-4bit', 'org/go-4bit']
  let server: FakeHub
  beforeAll(async () => {
    server = await startFakeHub()
    for (const id of [keep, go]) server.publish({ id, files: healthyFiles({ 'model.safetensors': safetensorsFile(id.length) }) })
  })
  afterAll(() => server.close())

  it('after rm and prune hf lists and verifies what stayed, and downloads what went anew', async () => {
    for (const id of [keep, go]) expect((await hf(home, server.url, ['download', id])).code).toBe(0)
    expect(await ask(home, ['rm', go, '--force'])).toMatchObject({ code: 0, data: { action: 'deleted' } })
    expect(await ask(home, ['prune', '--yes'])).toMatchObject({ code: 0 })
    const listed = await hf(home, server.url, ['cache', 'ls', '--format', 'json'])
    expect([listed.code, listed.stderr]).toEqual([0, ''])
    expect(listed.stdout).toContain(keep)
    expect(listed.stdout).not.toContain(go)
    const verified = await hf(home, server.url, ['cache', 'verify', keep, '--fail-on-missing-files', '--fail-on-extra-files'])
    expect(verified.code).toBe(0)
    expect(readdirSync(home.hub).filter((name) => name.includes('go-4bit'))).toEqual([])
    expect((await hf(home, server.url, ['download', go])).code).toBe(0)
    await expectPythonSees(home, [keep, go])
  })
})
