import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { mlxk, mlxkOnTerminal, type CliOptions } from '../../drivers/cli'
import { danglingLink, healthyFiles, healthyModel, repoPath, safetensorsFile, writeModel } from '../../fixtures/cache'
import { bytesIn, snapshotOf, writeLock } from '../../fixtures/storage'
import { createCacheHome, type CacheHome } from '../interop/support'
import { ask, expectPythonSees, findBoundUser, give, mlxkAs } from './support'

/** The rows E100–E114 of the reference, each on a cache on disk with the built CLI; after each, Python reads the cache. */

const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const tiny = 'mlx-community/Tiny-Llama-4bit'
const weights = (floats: number) => healthyFiles({ 'model.safetensors': safetensorsFile(floats) })

let home: CacheHome
let hub: string

beforeEach(() => {
  home = createCacheHome()
  hub = home.hub
  return () => home.remove()
})

interface Removed {
  model: string | null
  action: string
  message: string
  requires_confirmation: boolean
  matches: string[]
  lock_files_cleaned: number
  commit_hash?: string
}
const rm = (args: readonly string[], options: CliOptions = {}) => ask<Removed>(home, ['rm', ...args], options)
const models = (): string[] => readdirSync(hub).filter((name) => name.startsWith('models--'))
const onTerminal = (args: readonly string[], type: { after: string; text: string }[] = []) =>
  mlxkOnTerminal(['rm', ...args], { env: home.env, type })

function twoRevisions(name = 'org/two') {
  const old = writeModel(hub, name, { commit: A, ref: 'old', files: weights(16) })
  return { old, main: writeModel(hub, name, { commit: B, files: weights(32) }) }
}

/** The locks of a download that has ended long ago; only its age counts, and that cannot be set back. */
const lock = (name: string, lockName = 'one') => writeLock(hub, `models--${name.replaceAll('/', '--')}`, lockName)

test('E100 -f never asks and never wants to be asked again: not on a terminal, not for part of a name, not for locks', async () => {
  healthyModel(hub)
  lock(tiny)
  const { code, screen } = await onTerminal(['tiny', '-f'])
  expect([code, screen]).toEqual([
    0,
    expect.stringMatching(/Removed.* mlx-community\/Tiny-Llama-4bit: \d+ B freed, 1 lock file cleaned up/),
  ])
  healthyModel(hub)
  expect(await rm(['tiny', '--force'])).toMatchObject({ code: 0, data: { action: 'deleted', requires_confirmation: false } })
  expect(models()).toEqual([])
  await expectPythonSees(home, [])
})

test('E101 one run of rm MODEL@hash leaves nothing of the revision, and the other as it was', async () => {
  const { main } = twoRevisions()
  const before = bytesIn(hub)
  const answer = await ask<{ bytes_freed: number; results: { removal: { kept: { reason: string }[] } }[] }>(
    home,
    ['rm', 'org/two@aaaa'],
    {
      form: '--json=full',
    },
  )
  expect(answer).toMatchObject({ code: 0, data: { bytes_freed: before - bytesIn(hub) } })
  expect(answer.data.results[0]?.removal.kept.map(({ reason }) => reason)).toEqual(
    Array.from({ length: 4 }, () => 'other_revision'),
  )
  expect([...snapshotOf(hub).keys()].filter((path) => path.includes(A) || path.includes('old') || path.includes('.mlxk'))).toEqual(
    [],
  )
  expect(readFileSync(join(main.snapshot, 'model.safetensors'))).toEqual(safetensorsFile(32))
  await expectPythonSees(home, ['org/two'])
  expect(await rm(['org/two@bbbb'])).toMatchObject({ code: 0, data: { action: 'deleted', commit_hash: B } })
  expect(models()).toEqual([])
})

test('E102 part of a name without -f removes nothing, says so, and is no error', async () => {
  healthyModel(hub)
  const before = snapshotOf(hub)
  expect(await rm(['tiny'])).toEqual({
    code: 0,
    status: 'success',
    command: 'rm',
    data: {
      model: tiny,
      action: 'requires_confirmation',
      message: `Would delete '${tiny}' (matched from 'tiny')`,
      requires_confirmation: true,
      matches: [],
      lock_files_cleaned: 0,
    },
    error: null,
  })
  const people = await mlxk(['rm', 'Tiny-Llama-4bit'], { env: home.env })
  expect(people.code).toBe(0)
  expect(people.stdout).toMatch(/^mlx-community\/Tiny-Llama-4bit: the whole model, 1 revision, 5 files\n {2}frees \d+ B\n$/)
  expect(people.stderr).toContain('Add --yes, or type the whole name.')
  expect(snapshotOf(hub)).toEqual(before)
  expect(await rm(['tiny', '--yes'])).toMatchObject({ code: 0, data: { action: 'deleted' } })
})

describe('E103 an exact name', () => {
  test.each([
    ['n\r', true],
    ['\r', true],
    ['\u0004', true],
    ['y\r', false],
    ['YES\r', false],
  ])('is asked for on a terminal, after the plan: %j', async (text, stays) => {
    healthyModel(hub)
    const { code, screen } = await onTerminal([tiny], [{ after: '[y/N] ', text }])
    expect(code).toBe(0)
    expect(screen).toMatch(/the whole model, 1 revision, 5 files[\s\S]*frees \d+ B[\s\S]*Remove .*\[y\/N\]/)
    expect(screen).toContain(stays ? 'Nothing was removed.' : 'freed')
    expect(models()).toHaveLength(stays ? 1 : 0)
  })

  test('is asked for once for several, and Ctrl-C is 130 with nothing removed', async () => {
    healthyModel(hub)
    writeModel(hub, 'org/other')
    const { code } = await onTerminal([tiny, 'org/other'], [{ after: 'Remove these 2, ', text: '\u0003' }])
    expect(code).toBe(130)
    expect(models()).toHaveLength(2)
  })

  test('is removed at once without a terminal; --json asks nobody on one', async () => {
    healthyModel(hub)
    const { code, stdout } = await mlxk(['rm', tiny], { env: home.env })
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Removed mlx-community\/Tiny-Llama-4bit: \d+ B freed\.\n$/)])
    healthyModel(hub)
    const { screen } = await onTerminal([tiny, '--json'])
    expect(JSON.parse(screen)).toMatchObject({ data: { action: 'deleted', message: `Deleted entire model ${tiny}` } })
    await expectPythonSees(home, [])
  })
})

test('E104 young locks are locks_present with their list; -f removes all the same and counts them', async () => {
  healthyModel(hub, 'a/b')
  lock('a/b', 'one')
  lock('a/b', 'two')
  const files = ['.locks/models--a--b/one.lock', '.locks/models--a--b/two.lock']
  const refused = await rm(['a/b'])
  expect(refused).toMatchObject({ code: 1, data: null, error: { type: 'locks_present', lock_files: files } })
  expect(models()).toHaveLength(1)
  expect(await rm(['a/b', '-f'])).toMatchObject({ code: 0, data: { lock_files_cleaned: 2 } })
  expect(existsSync(join(hub, '.locks', 'models--a--b'))).toBe(false)
  await expectPythonSees(home, [])
})

test('E105 locks of a/b-large do not keep a/b', async () => {
  healthyModel(hub, 'a/b')
  healthyModel(hub, 'a/b-large')
  const other = lock('a/b-large')
  expect(await rm(['a/b'])).toMatchObject({ code: 0, data: { action: 'deleted', lock_files_cleaned: 0 } })
  expect([models(), existsSync(other)]).toEqual([['models--a--b-large'], true])
  await expectPythonSees(home, ['a/b-large'])
})

test('E106 an ambiguous name is refused with its candidates, also with -f, and nothing of the others goes', async () => {
  for (const name of ['org/model-a', 'org/model-b', 'org/third']) healthyModel(hub, name)
  const refused = await rm(['-f', 'org/third', 'model'])
  expect(refused).toMatchObject({ code: 1, error: { type: 'ambiguous_match', matches: ['org/model-a', 'org/model-b'] } })
  expect(models()).toHaveLength(3)
  const { stderr } = await mlxk(['rm', '-f', 'model'], { env: home.env })
  expect(stderr.match(/org\/model-a/g)).toHaveLength(1)
})

test('E107 a folder of the user is workspace_model and untouched: by path, by its name in the workspace home', async () => {
  const own = join(home.root, 'own', 'my-model')
  mkdirSync(own, { recursive: true })
  for (const [path, content] of Object.entries(healthyFiles())) writeFileSync(join(own, path), content)
  const before = snapshotOf(own)
  const env = { MLXK_WORKSPACE_HOME: join(home.root, 'own') }
  for (const spec of [own, './my-model', 'my-model']) {
    const refused = await rm([spec, '--force'], { env, cwd: join(home.root, 'own') })
    expect(refused).toMatchObject({ code: 1, error: { type: 'workspace_model' } })
  }
  expect(snapshotOf(own)).toEqual(before)
})

const user = findBoundUser()
test.skipIf(user === null)('E108 what may not be removed is permission_denied before anything is touched', async () => {
  if (user === null) return
  const { repo, snapshot } = healthyModel(hub)
  give(home.root, user)
  const before = snapshotOf(hub)
  for (const folder of [snapshot, join(repo, 'blobs'), hub]) {
    chmodSync(folder, 0o555)
    const { code, stdout } = await mlxkAs(user, ['rm', tiny, '-f', '--json'], home.env)
    chmodSync(folder, 0o755)
    expect([code, JSON.parse(stdout)]).toEqual([
      1,
      expect.objectContaining({ error: expect.objectContaining({ type: 'permission_denied' }) }),
    ])
    expect(snapshotOf(hub)).toEqual(before)
  }
  expect((await mlxkAs(user, ['rm', tiny], home.env)).code).toBe(0)
  expect(models()).toEqual([])
})

test.each(['broken', 'empty', 'without snapshots'])('E109 a %s model can be removed', async (kind) => {
  const other = healthyModel(hub)
  if (kind === 'broken') danglingLink(hub, 'org/m')
  else mkdirSync(kind === 'empty' ? repoPath(hub, 'org/m') : join(repoPath(hub, 'org/m'), 'blobs'), { recursive: true })
  expect(await rm(['org/m'])).toMatchObject({ code: 0, data: { action: 'deleted' } })
  expect(models()).toEqual([basename(other.repo)])
  await expectPythonSees(home, [tiny])
})

test('E110 what a killed run left is not listed by anybody, and the next rm finishes it, by its name or beside another', async () => {
  writeModel(hub, 'org/killed')
  const { old } = twoRevisions()
  const asideOf = (place: string, nonce: string): string => {
    mkdirSync(join(place, '.mlxk-removed', nonce), { recursive: true })
    return join(place, '.mlxk-removed', nonce)
  }
  const room = asideOf(join(hub, '.locks'), '0123456789abcdef')
  renameSync(repoPath(hub, 'org/killed'), join(room, 'models--org--killed'))
  rmSync(join(old.repo, 'refs', 'old'))
  renameSync(old.snapshot, join(asideOf(old.repo, 'fedcba9876543210'), A))
  await expectPythonSees(home, ['org/two'])
  const listed = await ask<{ models: { name: string }[] }>(home, ['list'])
  expect(listed.data.models.map(({ name }) => name)).toEqual(['org/two'])

  const finished = await rm(['org/killed'])
  expect(finished).toMatchObject({ code: 0, data: { model: 'org/killed', action: 'finished' } })
  expect([...snapshotOf(hub).keys()].filter((path) => path.includes('.mlxk') || path.includes(A))).toEqual([])
  await expectPythonSees(home, ['org/two'])
  expect(await rm(['org/killed'])).toMatchObject({ code: 1, error: { type: 'model_not_found' } })
})

test('E16, E111 an unknown name is model_not_found, also with -f; a full name is no part of another', async () => {
  healthyModel(hub)
  // A whole name never means a longer one that begins so.
  for (const spec of ['org/nothing', 'nothing', 'mlx-community/Tiny-Llama'])
    expect(await rm([spec, '-f'])).toMatchObject({ code: 1, error: { type: 'model_not_found' } })
  expect(models()).toHaveLength(1)
})

test('E112 an unknown revision is hash_not_found with the ones that are there', async () => {
  twoRevisions()
  const refused = await rm(['org/two@cccc', '-f'])
  expect(refused).toMatchObject({ code: 1, error: { type: 'hash_not_found', available_hashes: [A.slice(0, 8), B.slice(0, 8)] } })
  const { stderr } = await mlxk(['rm', 'org/two@cccc'], { env: home.env })
  expect(stderr).toContain('@aaaaaaaa\n  @bbbbbbbb\n')
  await expectPythonSees(home, ['org/two'])
})

test('E114 a name that begins like a folder is never a path', async () => {
  const { repo } = healthyModel(hub, 'org/m')
  const outside = join(home.root, 'dir')
  mkdirSync(outside)
  symlinkSync(outside, join(hub, 'models--evil'))
  const before = snapshotOf(repo)
  for (const spec of [
    'models--org--m/../../../dir',
    'models--org--m/../../dir',
    '..\\dir',
    'models--..--..--dir',
    'models--org--m/..',
  ]) {
    const refused = await rm([spec, '-f'])
    expect(refused.code).toBe(1)
    expect(refused.error?.type).toMatch(/^(invalid_name|model_not_found)$/)
  }
  expect(await rm(['evil', '-f'])).toMatchObject({ code: 0 })
  expect([existsSync(outside), models(), snapshotOf(repo)]).toEqual([true, ['models--org--m'], before])
})

describe('several at once', () => {
  test('are looked up first, removed once each, and told one by one', async () => {
    twoRevisions()
    healthyModel(hub)
    const { code, data } = await ask<{ results: { name: string; action: string }[]; bytes_freed: number }>(
      home,
      ['rm', 'org/two@aaaa', 'org/two@bbbb', tiny, tiny],
      { form: '--json=full' },
    )
    expect(code).toBe(0)
    expect(data.results.map(({ name, action }) => `${action} ${name}`)).toEqual([
      'deleted org/two',
      'deleted org/two',
      `deleted ${tiny}`,
    ])
    expect(models()).toEqual([])
  })

  test('of two repos with the same commit only the named one goes', async () => {
    const keep = writeModel(hub, 'org/keep', { commit: A })
    writeModel(hub, 'org/go', { commit: A })
    const before = snapshotOf(keep.repo)
    expect((await rm([`org/go@${A}`])).code).toBe(0)
    expect([models(), snapshotOf(keep.repo)]).toEqual([['models--org--keep'], before])
    await expectPythonSees(home, ['org/keep'])
  })

  test('--dry-run changes nothing, and says what would be refused now', async () => {
    healthyModel(hub)
    writeModel(hub, 'org/young')
    lock('org/young')
    utimesSync(hub, 1, 1)
    const before = snapshotOf(hub)
    const { code, stdout } = await mlxk(['rm', 'tiny', 'org/young', '--dry-run'], { env: home.env })
    expect(code).toBe(0)
    expect(stdout).toMatch(/would be refused now: Lock files say/)
    expect(stdout).toMatch(/^2 removals, [\d.]+ K?B together$/m)
    expect(snapshotOf(hub)).toEqual(before)
  })
})
