import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ModelList, StorageUsage } from '../../../src/shared/contract'
import type { RmResult } from '../../../src/shared/contract/documents'
import { mlxk, type CliOptions } from '../../drivers/cli'
import { danglingLink, healthyFiles, healthyModel, safetensorsFile, writeModel } from '../../fixtures/cache'
import { shareBlob } from '../../fixtures/shared-store'
import { HOUR_MS, snapshotOf, writeLock } from '../../fixtures/storage'
import { projectFile } from '../../setup/build'
import { createHome, type TestHome } from '../cli/home'

/** Folders beside the cache: each is only read, and says what is the matter with it. */

let home: TestHome
let extra: string

beforeEach(() => {
  home = createHome()
  extra = join(home.root, 'extra', 'hub')
  mkdirSync(extra, { recursive: true })
  mkdirSync(home.data)
  healthyModel(home.hub, 'org/own')
  return () => home.remove()
})

// Root reads everything: where the tests run as root, the program is started as nobody.
const through = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []

function choose(...roots: string[]): void {
  writeFileSync(join(home.data, 'settings.json'), JSON.stringify({ version: 1, cache: { extra_roots: roots } }))
}
const run = (args: string[], options: CliOptions = {}) => mlxk(args, { ...options, env: { ...home.env, ...options.env } })
async function full<T>(args: string[], options: CliOptions = {}): Promise<T> {
  return (JSON.parse((await run([...args, '--json=full'], options)).stdout) as { data: T }).data
}
/** State and reason of the folder, the same in every form; the cache beside it is always there. */
async function describeExtra(options: CliOptions = {}): Promise<unknown> {
  const { roots, models } = await full<ModelList>(['list'], options)
  const root = roots.find(({ kind }) => kind === 'extra')
  expect(models.map(({ name }) => name)).toContain('org/own')
  for (const command of [['list', '--all'], ['du']]) {
    const { code, stdout, stderr } = await run(command, options)
    expect(code).toBe(0)
    expect(stdout).toContain('org/own')
    // How long it took is another number each time.
    expect(stderr.replaceAll(/\d+ seconds/g, 'N seconds')).toContain(
      `${root?.path}: ${root?.reason?.replace(/\d+ seconds/, 'N seconds')}`,
    )
  }
  return { state: root?.state, reason: root?.reason }
}

describe('a folder of the settings', () => {
  test('gives its models beside those of the cache, as they are', async () => {
    healthyModel(extra, 'org/theirs')
    choose(extra)
    const { roots, models } = await full<ModelList>(['list'])
    expect(models.map(({ name, root }) => `${root.kind} ${name}`)).toEqual(['primary org/own', 'extra org/theirs'])
    expect(roots.map(({ kind, state }) => `${kind} ${state}`)).toEqual(['primary ok', 'extra ok'])
    expect((await run(['list'])).stderr).toBe('')
  })

  test('that was never there is missing', async () => {
    choose(join(home.root, 'nowhere'))
    expect(await describeExtra()).toEqual({ state: 'missing', reason: expect.stringMatching(/no cache folder/) })
  })

  test('on a volume that is not connected is unplugged, with the name of the volume', async () => {
    choose('/Volumes/Never Mounted/hub')
    expect(await describeExtra()).toEqual({ state: 'unplugged', reason: expect.stringMatching(/"Never Mounted" is not connected/) })
  })

  test('that is a link to nothing is unreadable, with where the link leads', async () => {
    const link = join(home.root, 'link')
    symlinkSync(join(home.root, 'gone'), link)
    choose(link)
    expect(await describeExtra()).toEqual({ state: 'unreadable', reason: expect.stringMatching(/link to .*gone/) })
  })

  test('that may not be read is unreadable', async () => {
    choose(extra)
    chmodSync(home.root, 0o755)
    chmodSync(home.data, 0o777)
    chmodSync(extra, 0)
    expect(await describeExtra({ through })).toEqual({ state: 'unreadable', reason: expect.stringMatching(/may not/) })
    chmodSync(extra, 0o755)
  })

  test('that may only be read is as good as any other', async () => {
    healthyModel(extra, 'org/theirs')
    choose(extra)
    chmodSync(home.root, 0o755)
    chmodSync(home.data, 0o777)
    chmodSync(extra, 0o555)
    const { roots, models } = await full<ModelList>(['list'], { through })
    expect(models).toHaveLength(2)
    expect(roots.find(({ kind }) => kind === 'extra')).toMatchObject({ state: 'ok', reason: null })
    chmodSync(extra, 0o755)
  })

  test('that takes long is slow, says how long, and its models are listed', async () => {
    healthyModel(extra, 'org/theirs')
    choose(extra)
    const env = {
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --require ${JSON.stringify(projectFile('e2e/setup/fs-faults.cjs'))}`,
      MLXK_TEST_FAULTS: JSON.stringify({ late: [{ path: join(extra, 'models--'), ms: 7000 }] }),
    }
    expect(await describeExtra({ env })).toEqual({ state: 'slow', reason: expect.stringMatching(/took \d+ seconds/) })
    expect((await full<ModelList>(['list'], { env })).models).toHaveLength(2)
  })

  test('is not changed by a byte, whatever is asked for: rm and repair say why, prune leaves it out', async () => {
    healthyModel(extra, 'org/theirs')
    danglingLink(extra)
    writeModel(extra, 'org/two', { commit: 'a'.repeat(40), ref: null })
    const { repo } = writeModel(extra, 'org/two', { commit: 'b'.repeat(40) })
    writeFileSync(join(repo, 'blobs', `${'c'.repeat(64)}.incomplete`), 'part')
    writeLock(extra, 'models--org--theirs', 'old', 48 * HOUR_MS)
    choose(extra)
    const before = snapshotOf(extra)
    for (const args of [
      ['rm', 'org/theirs', '--force'],
      ['rm', 'org/two@aaaa', '--force'],
      ['repair', 'mlx-community/Dangling-4bit', '--yes'],
    ]) {
      const { code, stdout } = await run([...args, '--json'])
      expect([args[0], code]).toEqual([args[0], 1])
      expect(JSON.parse(stdout)).toMatchObject({
        status: 'error',
        error: { type: 'permission_denied', message: expect.stringContaining(extra), hint: expect.stringMatching(/./) },
      })
    }
    const { plan, done } = await full<{ plan: { left_out: unknown[] }; done: { root: string }[] }>(['prune', '--yes'])
    expect(plan.left_out).toContainEqual({ path: extra, name: null, reason: 'MLX Knife only reads this folder.' })
    expect(done.filter(({ root }) => root === extra)).toEqual([])
    for (const args of [['health'], ['verify'], ['du'], ['show', 'org/two'], ['list', '--all']]) await run(args)
    expect(snapshotOf(extra)).toEqual(before)
  })
})

describe('what is not a model', () => {
  test('is not listed, and left as it is by rm, prune, repair and verify', async () => {
    const { hub } = home
    writeFileSync(join(hub, 'CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n')
    writeFileSync(join(hub, 'version.txt'), '1')
    writeFileSync(join(hub, 'notes of mine.txt'), 'keep')
    writeLock(hub, 'datasets--org--data', 'old', 48 * HOUR_MS)
    for (const kind of ['datasets', 'spaces', 'kernels']) {
      const folder = join(hub, `${kind}--org--data`)
      mkdirSync(join(folder, 'snapshots', 'a'.repeat(40)), { recursive: true })
      mkdirSync(join(folder, 'blobs'))
      writeFileSync(join(folder, 'blobs', `${'c'.repeat(64)}.incomplete`), 'part')
      symlinkSync('../../blobs/gone', join(folder, 'snapshots', 'a'.repeat(40), 'data.json'))
    }
    mkdirSync(join(hub, 'my folder', 'snapshots'), { recursive: true })
    const before = snapshotOf(hub)
    healthyModel(hub, 'org/data')
    danglingLink(hub)
    expect((await full<ModelList>(['list'])).models.map(({ name }) => name)).toEqual([
      'mlx-community/Dangling-4bit',
      'org/data',
      'org/own',
    ])
    for (const args of [
      ['verify'],
      ['repair', 'mlx-community/Dangling-4bit'],
      ['prune', '--yes'],
      ['rm', 'org/data', '--force'],
      ['rm', 'mlx-community/Dangling-4bit', '--force'],
    ]) {
      expect([0, 1]).toContain((await run(args)).code)
    }
    const after = snapshotOf(hub)
    for (const path of after.keys()) if (!before.has(path)) after.delete(path)
    expect(after).toEqual(before)
  })
})

describe('models that share payloads in the store of the cache', () => {
  test('each have their full size; du counts the bytes once; rm frees what nobody else uses', async () => {
    const shared = safetensorsFile(40_000)
    const files = healthyFiles({ 'model.safetensors': shared })
    const sizeBytes = Object.values(files).reduce((sum, content) => sum + Buffer.from(content).length, 0)
    for (const name of ['org/a', 'org/b']) shareBlob(home.hub, writeModel(home.hub, name, { files }), 'model.safetensors')
    const { models } = await full<ModelList>(['list', 'org/'])
    const pair = models.filter(({ name }) => name !== 'org/own')
    expect(pair.map(({ size_bytes: size }) => size)).toEqual([sizeBytes, sizeBytes])
    expect(await full(['show', 'org/a'])).toMatchObject({ model: { size_bytes: sizeBytes } })
    const { models: used, total } = await full<StorageUsage>(['du'])
    const sum = used.reduce((bytes, { size_bytes: size }) => bytes + size, 0)
    expect(sum - total.size_bytes).toBe(shared.length)
    const planned = async (name: string): Promise<number> =>
      (await full<RmResult>(['rm', name, '--dry-run'])).results[0]?.plan?.bytes_freed ?? 0
    const own = sizeBytes - shared.length
    const first = await planned('org/a')
    // Also the ref and what else lies in the model's folder, but not what is shared.
    expect(first).toBeGreaterThanOrEqual(own)
    expect(first).toBeLessThan(shared.length)
    expect(await full(['rm', 'org/a', '--force'])).toMatchObject({ bytes_freed: first })
    const second = await planned('org/b')
    expect(second).toBeGreaterThanOrEqual(sizeBytes)
    expect(await full(['rm', 'org/b', '--force'])).toMatchObject({ bytes_freed: second })
  })
})
