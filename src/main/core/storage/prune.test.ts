import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  danglingLink,
  healthyFiles,
  healthyModel,
  noRefs,
  repoPath,
  safetensorsFile,
  writeModel,
} from '../../../../e2e/fixtures/cache'
import { shareBlob, writeTree } from '../../../../e2e/fixtures/shared-store'
import { bytesIn, createTestStorage, HOUR_MS, snapshotOf, writeLock } from '../../../../e2e/fixtures/storage'
import type { PrunePlan } from '../../../shared/contract'

const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const files = (floats: number) => healthyFiles({ 'model.safetensors': safetensorsFile(floats) })
const shown = ({ items }: PrunePlan) => items.map(({ category, path }) => [category, path])
const setTime = (path: string, ms: number): void => utimesSync(path, new Date(ms), new Date(ms))

/** `main` leads to B; A is there too. */
function superseded(hub: string, name = 'org/two') {
  const old = writeModel(hub, name, { commit: A, ref: null, files: files(16) })
  const main = writeModel(hub, name, { commit: B, files: files(32) })
  setTime(old.snapshot, Date.now() - HOUR_MS)
  return { old, main }
}

test('a revision that a newer whole one replaced is proposed, with the bytes that only it uses', async () => {
  const { hub, storage } = createTestStorage()
  superseded(hub)
  const before = bytesIn(hub)
  const plan = await storage.planPrune()
  expect(shown(plan)).toEqual([['detached_revision', `models--org--two/snapshots/${A}`]])
  const result = await storage.prune({ planId: plan.id })
  expect([result.bytes_freed, result.skipped]).toEqual([plan.bytes_freed, []])
  expect(before - bytesIn(hub)).toBe(plan.bytes_freed)
  expect(plan.bytes_freed).toBe(safetensorsFile(16).length)
  expect(shown(await storage.planPrune())).toEqual([])
})

test('nothing good that merely lacks a ref is proposed', async () => {
  const { hub, storage } = createTestStorage()
  noRefs(hub, 'org/by-hash')
  // Two revisions without refs, a newer one by hash beside main, and main itself broken.
  writeModel(hub, 'org/no-refs', { commit: A, ref: null, files: files(16) })
  writeModel(hub, 'org/no-refs', { commit: B, ref: null, files: files(32) })
  const { main, old } = superseded(hub, 'org/newer')
  setTime(main.snapshot, Date.now() - 2 * HOUR_MS)
  const broken = superseded(hub, 'org/broken')
  rmSync(join(broken.main.snapshot, 'config.json'))
  rmSync(join(broken.main.snapshot, 'model.safetensors'))
  const plan = await storage.planPrune({ categories: ['detached_revision'] })
  expect(shown(plan)).toEqual([])
  expect(existsSync(old.snapshot)).toBe(true)
})

test('partials go when nobody continues them: by age and by lock', async () => {
  const { hub, storage } = createTestStorage({ now: () => Date.now() + 30 * 60_000 })
  const { repo } = healthyModel(hub, 'org/m')
  const partial = (name: string, ageMs: number): void => {
    writeFileSync(join(repo, 'blobs', `${name}.0a1b2c3d.incomplete`), 'half')
    setTime(join(repo, 'blobs', `${name}.0a1b2c3d.incomplete`), Date.now() - ageMs)
  }
  partial('stale', HOUR_MS)
  partial('fresh', 0)
  expect(shown(await storage.planPrune())).toEqual([['stale_partial', 'models--org--m/blobs/stale.0a1b2c3d.incomplete']])
  expect(await storage.prune()).toMatchObject({ bytes_freed: 4, skipped: [] })
  expect(readdirSync(join(repo, 'blobs')).filter((name) => name.endsWith('.incomplete'))).toEqual(['fresh.0a1b2c3d.incomplete'])
})

test.runIf(process.platform === 'linux')('a model that is being downloaded is left out and named', async () => {
  const { hub, storage } = createTestStorage()
  const { repo } = healthyModel(hub, 'org/m')
  writeFileSync(join(repo, 'blobs', `x.0a1b2c3d.incomplete`), 'half')
  const child = spawn('flock', [writeLock(hub, 'models--org--m', 'x'), 'sh', '-c', 'echo; exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.stdin.end())
  await new Promise((resolve) => child.stdout.once('data', resolve))
  expect(await storage.planPrune()).toMatchObject({ items: [], left_out: [{ name: 'org/m' }] })
})

test('orphans go; those that a list of files names and repair would link again stay', async () => {
  const { hub, storage } = createTestStorage()
  const written = healthyModel(hub, 'org/m')
  writeTree(written, ['config.json', 'model.safetensors'])
  rmSync(join(written.snapshot, 'model.safetensors'))
  writeFileSync(join(written.repo, 'blobs', 'c'.repeat(64)), 'nobody')
  expect(shown(await storage.planPrune())).toEqual([['orphan_blob', `models--org--m/blobs/${'c'.repeat(64)}`]])
  expect(await storage.prune()).toMatchObject({ bytes_freed: 6, skipped: [] })
})

test('links to nothing go, so that other tools see the model again; links out of the model stay', async () => {
  const { home, hub, storage } = createTestStorage()
  const { snapshot } = danglingLink(hub, 'org/m')
  symlinkSync(join(home, 'unplugged', 'file'), join(snapshot, 'outside'))
  mkdirSync(join(snapshot, 'sub'))
  symlinkSync(`../../../blobs/${'d'.repeat(40)}`, join(snapshot, 'sub', 'gone'))
  symlinkSync('loop', join(snapshot, 'loop'))
  const shards = 'model-00002-of-00002.safetensors'
  const paths = (await storage.planPrune()).items.map(({ path }) => path.split('/').slice(3).join('/'))
  expect(paths.sort()).toEqual(['loop', shards, 'sub', 'sub/gone'].sort())
  expect((await storage.prune()).bytes_freed).toBe(0)
  expect([existsSync(join(snapshot, 'sub')), readdirSync(snapshot).includes('outside')]).toEqual([false, true])
  expect(shown(await storage.planPrune())).toEqual([])
})

test('empty folders go, but none that a ref leads to or that makes the folder a model', async () => {
  const { hub, storage } = createTestStorage()
  mkdirSync(join(repoPath(hub, 'org/nothing'), 'snapshots', A), { recursive: true })
  mkdirSync(join(repoPath(hub, 'org/ref'), 'snapshots', B), { recursive: true })
  mkdirSync(join(repoPath(hub, 'org/ref'), 'refs', 'pr'), { recursive: true })
  writeFileSync(join(repoPath(hub, 'org/ref'), 'refs', 'main'), B)
  mkdirSync(join(hub, '.locks', 'models--org--gone'), { recursive: true })
  expect(shown(await storage.planPrune())).toEqual([
    ['empty_folder', 'models--org--nothing'],
    ['empty_folder', 'models--org--ref/refs/pr'],
    ['empty_folder', '.locks/models--org--gone'],
  ])
  await storage.prune()
  expect(readdirSync(hub).sort()).toEqual(['.locks', 'models--org--ref'])
  expect(shown(await storage.planPrune())).toEqual([])
})

test('empty folders in empty folders go in one run, also by a clock at which the outer one was changed just now', async () => {
  const { hub, storage } = createTestStorage({ now: Date.now })
  const { snapshot } = healthyModel(hub, 'org/m')
  mkdirSync(join(snapshot, 'a', 'b', 'c'), { recursive: true })
  for (const path of ['a/b/c', 'a/b', 'a']) setTime(join(snapshot, path), Date.now() - 2 * HOUR_MS)
  const { done, skipped } = await storage.prune()
  expect(done.map(({ path }) => path.split('/').slice(3).join('/'))).toEqual(['a'])
  expect(skipped).toEqual([])
  expect(existsSync(join(snapshot, 'a'))).toBe(false)
})

test('what a killed process left beside a shared payload goes', async () => {
  const { hub, storage } = createTestStorage()
  const repo = healthyModel(hub, 'org/m')
  const kept = shareBlob(hub, repo, 'model.safetensors')
  const gone = join(hub, 'blobs', 'ab', `ab${'0'.repeat(62)}`)
  mkdirSync(join(gone, '..'))
  writeFileSync(`${gone}.refs`, 'models--org--gone/blobs/x\n')
  expect(shown(await storage.planPrune())).toEqual([['orphan_blob', `blobs/ab/ab${'0'.repeat(62)}`]])
  expect(await storage.prune()).toMatchObject({ skipped: [], bytes_freed: 0 })
  expect(existsSync(`${gone}.refs`)).toBe(false)
  expect(existsSync(`${kept}.refs`)).toBe(true)
  writeFileSync(`${kept}.refs.0123abcd.tmp`, 'half')
  await storage.remove('org/m')
  expect(readdirSync(join(kept, '..')).filter((name) => !name.endsWith('.lock'))).toEqual([])
})

test('payloads of the shared store go when nothing leads to them', async () => {
  const { hub, storage } = createTestStorage()
  const [one, two] = [writeModel(hub, 'org/one'), writeModel(hub, 'org/two')]
  const payload = shareBlob(hub, one, 'model.safetensors')
  shareBlob(hub, two, 'model.safetensors')
  expect((await storage.planPrune()).items).toEqual([])
  rmSync(one.repo, { recursive: true })
  expect((await storage.planPrune()).items).toEqual([])
  rmSync(two.repo, { recursive: true })
  const plan = await storage.planPrune()
  expect(plan.items).toMatchObject([{ category: 'orphan_blob', name: null, bytes_freed: safetensorsFile().length }])
  expect((await storage.prune()).bytes_freed).toBe(plan.bytes_freed)
  expect(existsSync(payload)).toBe(false)
})

test('an orphan that is a link takes its payload along, also when two models had it', async () => {
  const { hub, storage } = createTestStorage()
  const [one, two] = [writeModel(hub, 'org/one'), writeModel(hub, 'org/two')]
  const payload = shareBlob(hub, one, 'model.safetensors')
  shareBlob(hub, two, 'model.safetensors')
  for (const { snapshot } of [one, two]) rmSync(join(snapshot, 'model.safetensors'))
  const plan = await storage.planPrune()
  expect(plan.bytes_freed).toBe(safetensorsFile().length)
  expect((await storage.prune()).bytes_freed).toBe(plan.bytes_freed)
  expect(existsSync(payload)).toBe(false)
})

test('only the chosen categories are touched, and a plan that is no longer true is refused', async () => {
  const { hub, storage } = createTestStorage()
  superseded(hub)
  const { snapshot } = danglingLink(hub, 'org/m')
  const plan = await storage.planPrune({ categories: ['dangling_link'] })
  expect(plan.items.map(({ category }) => category)).toEqual(['dangling_link'])
  symlinkSync(`../../blobs/${'d'.repeat(40)}`, join(snapshot, 'gone'))
  const before = snapshotOf(hub)
  await expect(storage.prune({ categories: ['dangling_link'], planId: plan.id })).rejects.toMatchObject({ code: 'busy' })
  expect(snapshotOf(hub)).toEqual(before)
})

test('a root that is only read is left out and named', async () => {
  const { hub, storage } = createTestStorage({ kind: 'extra' })
  superseded(hub)
  const before = snapshotOf(hub)
  expect(await storage.planPrune()).toMatchObject({ items: [], left_out: [{ path: hub, name: null }] })
  expect(await storage.prune()).toMatchObject({ done: [], bytes_freed: 0 })
  expect(snapshotOf(hub)).toEqual(before)
})

test('a model that is loaded or being changed is skipped, and told', async () => {
  const { hub, storage } = createTestStorage({ inUse: () => Promise.resolve({ by: 'MLX Knife' }) })
  superseded(hub)
  expect((await storage.prune()).skipped).toMatchObject([{ reason: 'The model is in use.' }])
})

test('usage: each file once, by model, revision and kind, what is shared and what could go', async () => {
  const { hub, storage } = createTestStorage()
  const { main } = superseded(hub)
  const small = Object.entries(healthyFiles()).reduce(
    (sum, [path, text]) => sum + (path === 'model.safetensors' ? 0 : Buffer.byteLength(text)),
    0,
  )
  const [old, now] = [safetensorsFile(16).length, safetensorsFile(32).length]
  writeFileSync(join(main.repo, 'blobs', 'x.incomplete'), 'half')
  writeFileSync(join(main.repo, 'blobs', 'c'.repeat(40)), 'nobody')
  const other = writeModel(hub, 'org/other', { files: files(32) })
  shareBlob(hub, main, 'model.safetensors')
  shareBlob(hub, other, 'model.safetensors')
  const { models, roots, total } = await storage.usage()
  // A ref is forty bytes of the rest.
  expect(models[0]).toMatchObject({
    name: 'org/two',
    size_bytes: small + old + now + 4 + 6 + 40,
    shared_bytes: now,
    removable_bytes: small + old + 4 + 6 + 40,
    reclaimable_bytes: old + 4 + 6,
    kinds: { weights: old + now, other: small + 40, partials: 4, orphans: 6 },
    revisions: [
      { hash: A, refs: [], chosen: false, files: 5, size_bytes: small + old, removable_bytes: old },
      { hash: B, refs: ['main'], chosen: true, files: 5, size_bytes: small + now, removable_bytes: 40 },
    ],
    problem: null,
  })
  expect(total).toMatchObject({
    size_bytes: 2 * small + old + now + 4 + 6 + 80,
    reclaimable_bytes: old + 4 + 6,
    shared_bytes: 2 * now,
  })
  expect(roots[0]?.size_bytes).toBe(total.size_bytes)
  expect(roots[0]?.free_bytes).toBeGreaterThan(0)
})
