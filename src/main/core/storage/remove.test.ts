import { spawn } from 'node:child_process'
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { danglingLink, healthyFiles, healthyModel, repoPath, safetensorsFile, writeModel } from '../../../../e2e/fixtures/cache'
import { shareBlob, writeTree } from '../../../../e2e/fixtures/shared-store'
import { bytesIn, createTestStorage, snapshotOf, writeLock } from '../../../../e2e/fixtures/storage'
import { createRepoLock } from '../ownership'
import { createFileLocks } from '../system'

const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const weights = (floats: number) => healthyFiles({ 'model.safetensors': safetensorsFile(floats) })
/** Two revisions of one model; everything but the weights is the same in both. */
const twoRevisions = (hub: string, name = 'org/two') => {
  const old = writeModel(hub, name, { commit: A, ref: 'old', files: weights(16) })
  return { old, main: writeModel(hub, name, { commit: B, files: weights(32) }) }
}
const young = { now: () => Date.now() }

/** Holds a lock as another program would, until the test ends. */
async function hold(path: string): Promise<void> {
  const child = spawn('flock', [path, 'sh', '-c', 'echo; exec cat >/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.stdin.end())
  await new Promise((resolve) => child.stdout.once('data', resolve))
}

test('E101: removing one of two revisions leaves nothing of it, and the other whole', async () => {
  const { hub, storage } = createTestStorage()
  const { old, main } = twoRevisions(hub)
  writeTree(old, ['config.json'])
  mkdirSync(join(old.repo, '.no_exist', A), { recursive: true })
  writeFileSync(join(old.repo, '.no_exist', A, 'added_tokens.json'), '')
  const before = bytesIn(hub)
  const plan = await storage.planRemove(`org/two@${A.slice(0, 8)}`)
  expect(plan).toMatchObject({ target: 'revision', revision: A, refs: ['refs/old'], trees: [`trees/${A}.json`], obstacle: null })
  expect(plan.blobs.map(({ size_bytes: size }) => size)).toEqual([safetensorsFile(16).length])
  expect(plan.kept.map(({ reason, used_by: usedBy }) => [reason, usedBy])).toEqual(
    Array.from({ length: 4 }, () => ['other_revision', [B]]),
  )
  const result = await storage.remove(`org/two@${A}`)
  expect(result.bytes_freed).toBe(before - bytesIn(hub))
  expect(result.bytes_freed).toBe(plan.bytes_freed)
  expect([...snapshotOf(hub).keys()].filter((path) => path.includes(A) || path.includes('old') || path.includes('.mlxk'))).toEqual(
    [],
  )
  expect(readFileSync(join(main.snapshot, 'model.safetensors'))).toEqual(safetensorsFile(32))
})

test('E101: removing the last revision removes the model, in one run', async () => {
  const { hub, storage } = createTestStorage()
  writeModel(hub, 'org/one', { commit: A })
  writeLock(hub, 'models--org--one', 'x')
  const result = await storage.remove('org/one@aaaa')
  expect(result).toMatchObject({ target: 'model', revision: A, action: 'deleted', lock_files_cleaned: 1 })
  expect([...snapshotOf(hub).keys()]).toEqual(['.locks'])
})

test('E104: young lock files that nobody holds are named, and go with force', async () => {
  const { hub, storage } = createTestStorage(young)
  const { repo } = healthyModel(hub, 'a/b')
  writeLock(hub, 'models--a--b', 'one')
  writeLock(hub, 'models--a--b', 'two')
  const files = ['.locks/models--a--b/one.lock', '.locks/models--a--b/two.lock']
  await expect(storage.remove('a/b')).rejects.toMatchObject({ code: 'locks_present', data: { lock_files: files } })
  expect(existsSync(repo)).toBe(true)
  expect(await storage.remove('a/b', { force: true })).toMatchObject({ lock_files_cleaned: 2 })
  expect(existsSync(join(hub, '.locks', 'models--a--b'))).toBe(false)
})

test('E104: lock files older than a minute never block', async () => {
  const { hub, storage } = createTestStorage({ now: () => Date.now() + 61_000 })
  healthyModel(hub, 'a/b')
  writeLock(hub, 'models--a--b', 'one')
  expect(await storage.remove('a/b')).toMatchObject({ lock_files_cleaned: 1 })
})

test('E105: locks of a model with a longer name do not block', async () => {
  const { hub, storage } = createTestStorage(young)
  healthyModel(hub, 'a/b')
  const other = writeLock(hub, 'models--a--b-large', 'one')
  expect(await storage.remove('a/b')).toMatchObject({ action: 'deleted', lock_files_cleaned: 0 })
  expect(existsSync(other)).toBe(true)
})

test.runIf(process.platform === 'linux')('a lock that another program holds is busy, also with force and however old', async () => {
  const { hub, storage } = createTestStorage()
  const { repo } = healthyModel(hub, 'a/b')
  await hold(writeLock(hub, 'models--a--b', 'one'))
  const before = snapshotOf(hub)
  await expect(storage.remove('a/b', { force: true })).rejects.toMatchObject({ code: 'busy' })
  expect(snapshotOf(hub)).toEqual(before)
  expect(existsSync(repo)).toBe(true)
})

test('E16: a full name that is not there is not found, whatever it is a part of', async () => {
  const { hub, storage } = createTestStorage()
  healthyModel(hub, 'org/model-4bit')
  for (const spec of ['org/model', 'org/model-4', 'rg/model-4bit'])
    await expect(storage.remove(spec, { force: true })).rejects.toMatchObject({ code: 'model_not_found' })
  expect(readdirSync(hub)).toEqual(['models--org--model-4bit'])
  expect(await storage.planRemove('model-4')).toMatchObject({ name: 'org/model-4bit' })
})

test('E106: an ambiguous name is refused, also with force', async () => {
  const { hub, storage } = createTestStorage()
  healthyModel(hub, 'org/model-a')
  healthyModel(hub, 'org/model-b')
  await expect(storage.remove('model', { force: true })).rejects.toMatchObject({ code: 'ambiguous_match' })
  expect(readdirSync(hub)).toHaveLength(2)
})

test('E107: a folder of the user is refused and untouched', async () => {
  const { home, storage } = createTestStorage()
  const own = join(home, 'own')
  mkdirSync(own)
  await expect(storage.remove(own, { force: true })).rejects.toMatchObject({ code: 'workspace_model' })
  expect(existsSync(own)).toBe(true)
})

test.each(['broken', 'empty', 'no snapshots'])('E109: a %s model can be removed', async (kind) => {
  const { hub, storage } = createTestStorage()
  if (kind === 'broken') danglingLink(hub, 'org/m')
  else if (kind === 'empty') mkdirSync(repoPath(hub, 'org/m'))
  else mkdirSync(join(repoPath(hub, 'org/m'), 'blobs'), { recursive: true })
  expect(await storage.remove('org/m')).toMatchObject({ action: 'deleted' })
  expect(readdirSync(hub)).toEqual([])
})

test('E111, E112: an unknown name and an unknown revision are errors, also with force', async () => {
  const { hub, storage } = createTestStorage()
  writeModel(hub, 'org/one', { commit: A })
  await expect(storage.remove('org/other', { force: true })).rejects.toMatchObject({ code: 'model_not_found' })
  const hashes = { code: 'hash_not_found', data: { available_hashes: [A] } }
  await expect(storage.remove('org/one@bbbb', { force: true })).rejects.toMatchObject(hashes)
  expect(readdirSync(hub)).toHaveLength(1)
})

test('E113: a model that is loaded, or being changed by us, is refused', async () => {
  const loaded = createTestStorage({ inUse: ({ name }) => Promise.resolve(name === 'org/m' ? { by: 'MLX Knife', pid: 7 } : null) })
  healthyModel(loaded.hub, 'org/m')
  await expect(loaded.storage.remove('org/m', { force: true })).rejects.toMatchObject({ code: 'busy', data: { pid: 7 } })
  const { home, hub, storage, root } = createTestStorage()
  healthyModel(hub, 'org/m')
  const place = { name: 'org/m', folder: 'models--org--m', root }
  const release = await createRepoLock({ repoLocks: join(home, 'data', 'run', 'repos') })(place, 'pull')
  await expect(storage.remove('org/m', { force: true })).rejects.toMatchObject({ code: 'busy', data: { action: 'pull' } })
  release()
  expect(await storage.remove('org/m')).toMatchObject({ action: 'deleted' })
})

test('E114: a name that begins like a folder leads nowhere outside', async () => {
  const { home, hub, storage } = createTestStorage()
  healthyModel(hub, 'org/m')
  const outside = join(home, 'dir')
  mkdirSync(outside)
  for (const spec of ['models--org--m/../../dir', 'models--org--m/../../../dir', '../dir', 'models--..--dir']) {
    await expect(storage.remove(spec, { force: true })).rejects.toMatchObject({
      code: expect.stringMatching(/^(model_not_found|invalid_name|workspace_model)$/),
    })
  }
  expect(existsSync(outside)).toBe(true)
  expect(readdirSync(hub)).toHaveLength(1)
})

test('of two repos with the same commit only the named one is touched', async () => {
  const { hub, storage } = createTestStorage()
  const keep = writeModel(hub, 'org/keep', { commit: A })
  writeModel(hub, 'org/go', { commit: A })
  const before = snapshotOf(keep.repo)
  await storage.remove(`org/go@${A}`)
  expect(snapshotOf(keep.repo)).toEqual(before)
  expect(readdirSync(hub)).toEqual(['models--org--keep'])
})

test('a shared payload goes with the last model that uses it, and stays while another does', async () => {
  const { hub, storage } = createTestStorage()
  const size = safetensorsFile().length
  const [one, two] = [writeModel(hub, 'org/one'), writeModel(hub, 'org/two')]
  const payload = shareBlob(hub, one, 'model.safetensors')
  shareBlob(hub, two, 'model.safetensors')
  const first = await storage.planRemove('org/one')
  expect(first.kept).toEqual([expect.objectContaining({ reason: 'shared', size_bytes: size, used_by: ['org/two'] })])
  let before = bytesIn(hub)
  expect((await storage.remove('org/one')).bytes_freed).toBe(first.bytes_freed)
  expect(existsSync(payload)).toBe(true)
  expect(readFileSync(`${payload}.refs`, 'utf8')).toBe(
    `models--org--two/blobs/${basename(readdirSync(join(two.repo, 'blobs')).find((name) => name.length === 64) ?? '')}\n`,
  )
  const second = await storage.planRemove('org/two')
  expect(second).toMatchObject({ kept: [], payloads: [{ size_bytes: size }] })
  before = bytesIn(hub) - Buffer.byteLength(readFileSync(`${payload}.refs`))
  expect((await storage.remove('org/two')).bytes_freed).toBe(before - bytesIn(hub))
  expect([existsSync(payload), existsSync(`${payload}.refs`)]).toEqual([false, false])
})

test('a shared payload stays where its list of users is missing, or no lock can be taken', async () => {
  const lockless = createFileLocks({
    platform: { os: 'linux' },
    spawn: ((_command: string, args: string[]) => spawn('/nowhere/flock', args)) as typeof spawn,
  })
  const { hub, storage } = createTestStorage({ locks: lockless })
  const payload = shareBlob(hub, writeModel(hub, 'org/one'), 'model.safetensors')
  const result = await storage.remove('org/one')
  expect(result.kept).toEqual([expect.objectContaining({ reason: 'lock_unknown', size_bytes: safetensorsFile().length })])
  expect(existsSync(payload)).toBe(true)
  const other = createTestStorage()
  const kept = shareBlob(other.hub, writeModel(other.hub, 'org/one'), 'model.safetensors')
  renameSync(`${kept}.refs`, `${kept}.away`)
  expect((await other.storage.remove('org/one')).kept).toMatchObject([{ reason: 'no_references' }])
  expect(existsSync(kept)).toBe(true)
})

test('files with other names elsewhere are not counted as freed', async () => {
  const { hub, storage } = createTestStorage()
  const { repo } = writeModel(hub, 'org/m')
  const blob = readdirSync(join(repo, 'blobs')).find((name) => name.length === 64) ?? ''
  linkSync(join(repo, 'blobs', blob), join(hub, 'copy'))
  const before = bytesIn(hub)
  const result = await storage.remove('org/m')
  expect(result.kept).toMatchObject([{ reason: 'hard_link', path: `blobs/${blob}` }])
  expect(result.bytes_freed).toBe(before - bytesIn(hub))
})

test('what links lead to outside stays: files, folders, the linked folder of a model', async () => {
  const { home, hub, storage } = createTestStorage()
  const outside = join(home, 'outside')
  mkdirSync(join(outside, 'sub'), { recursive: true })
  writeFileSync(join(outside, 'sub', 'file'), 'mine')
  const { snapshot } = writeModel(hub, 'org/m')
  symlinkSync(outside, join(snapshot, 'folder'))
  symlinkSync(join(outside, 'sub', 'file'), join(snapshot, 'file'))
  const far = writeModel(join(home, 'far'), 'org/far')
  symlinkSync(far.repo, repoPath(hub, 'org/far'))
  const before = [snapshotOf(outside), snapshotOf(far.repo)]
  expect((await storage.planRemove('org/m')).kept.map(({ reason }) => reason)).toEqual(['outside', 'outside'])
  await storage.remove('org/m')
  expect(await storage.remove('org/far')).toMatchObject({ target: 'link', bytes_freed: 0 })
  expect([snapshotOf(outside), snapshotOf(far.repo)]).toEqual(before)
  expect(readdirSync(hub)).toEqual([])
})

test('a revision is refused when another one links to its files', async () => {
  const { hub, storage } = createTestStorage()
  const { main } = twoRevisions(hub)
  symlinkSync(join('..', A, 'config.json'), join(main.snapshot, 'copy.json'))
  const before = snapshotOf(hub)
  await expect(storage.remove(`org/two@${A}`)).rejects.toMatchObject({ code: 'not_removable' })
  expect(snapshotOf(hub)).toEqual(before)
})

test('a model in a folder that is only read, and a plan that is no longer true, are refused', async () => {
  const extra = createTestStorage({ kind: 'extra' })
  healthyModel(extra.hub, 'org/m')
  await expect(extra.storage.remove('org/m', { force: true })).rejects.toMatchObject({ code: 'permission_denied' })
  const { hub, storage } = createTestStorage()
  const { repo } = healthyModel(hub, 'org/m')
  const plan = await storage.planRemove('org/m')
  writeFileSync(join(repo, 'blobs', 'new'), 'new')
  await expect(storage.remove('org/m', { planId: plan.id })).rejects.toMatchObject({ code: 'busy' })
  expect(existsSync(repo)).toBe(true)
})

test('names that are no UTF-8 go too', async () => {
  const { hub, storage } = createTestStorage()
  const { snapshot } = writeModel(hub, 'org/m')
  writeFileSync(Buffer.concat([Buffer.from(`${snapshot}/`), Buffer.from([0xff, 0xfe])]), 'x')
  const before = bytesIn(hub)
  expect((await storage.remove('org/m')).bytes_freed).toBe(before)
  expect(readdirSync(hub)).toEqual([])
})

test('what a killed run moved aside is finished by the next, and told', async () => {
  const { hub, storage } = createTestStorage()
  const payload = shareBlob(hub, writeModel(hub, 'org/one'), 'model.safetensors')
  const room = join(hub, '.locks', '.mlxk-removed', '0123456789abcdef')
  mkdirSync(room, { recursive: true })
  renameSync(repoPath(hub, 'org/one'), join(room, 'models--org--one'))
  expect((await storage.planPrune()).items.map(({ category }) => category)).toContain('unfinished_removal')
  const result = await storage.remove('org/one')
  expect(result).toMatchObject({ action: 'finished', name: 'org/one', target: 'model', plan: null })
  expect([existsSync(room), existsSync(payload)]).toEqual([false, false])
  await expect(storage.remove('org/one')).rejects.toMatchObject({ code: 'model_not_found' })
})

test('a place for what is being removed is never entered through a link', async () => {
  const { home, hub, storage } = createTestStorage()
  const outside = mkdtempSync(join(tmpdir(), 'mlxk-outside-'))
  mkdirSync(join(outside, '.mlxk-removed', '0123456789abcdef'), { recursive: true })
  writeFileSync(join(outside, '.mlxk-removed', '0123456789abcdef', 'mine'), 'mine')
  symlinkSync(outside, join(hub, '.locks'))
  healthyModel(hub, 'org/m')
  const before = snapshotOf(outside)
  expect(await storage.remove('org/m')).toMatchObject({ action: 'deleted' })
  expect(snapshotOf(outside)).toEqual(before)
  expect(readdirSync(hub)).toEqual(['.locks'])
  expect(existsSync(join(home, 'hub', '.mlxk-removed'))).toBe(false)
})
