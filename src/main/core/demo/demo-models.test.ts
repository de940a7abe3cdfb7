import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { toRepoFolder } from '../cache'
import { demoModelNames, removeDemoModels, writeDemoModels, writeScriptedModel } from './demo-models'

let hub: string

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'mlxk-demo-'))
  hub = join(folder, 'data', 'hub')
  return () => rmSync(folder, { recursive: true, force: true })
})

/** Path → inode and time of change of everything below a folder: the same only if nothing was touched. */
function snapshotOf(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return Object.fromEntries(
    paths.sort().map((path) => {
      const { ino, ctimeMs } = lstatSync(join(folder, path))
      return [path, `${ino} ${ctimeMs}`]
    }),
  )
}

const repoOf = (name: string): string => join(hub, toRepoFolder(name))

describe('writeDemoModels', () => {
  test('writes three models of less than 2 MB under mlx-knife-demo/', async () => {
    const written = await writeDemoModels(hub)
    expect(written.map(({ name, changed }) => [name, changed])).toEqual(demoModelNames.map((name) => [name, true]))
    expect(demoModelNames).toHaveLength(3)
    for (const { name } of written) {
      expect(name).toMatch(/^mlx-knife-demo\/[a-z]+-fp32$/)
      const sizes = readdirSync(join(repoOf(name), 'blobs')).map((blob) => lstatSync(join(repoOf(name), 'blobs', blob)).size)
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2_000_000)
    }
  })

  test('in the layout of the format: blobs by hash, relative links, ref without line end, tree, cache tag', async () => {
    for (const { name, commit, snapshotPath } of await writeDemoModels(hub)) {
      const repo = repoOf(name)
      expect(readFileSync(join(repo, 'refs', 'main'), 'utf8')).toBe(commit)
      const tree = JSON.parse(readFileSync(join(repo, 'trees', `${commit}.json`), 'utf8'))
      expect(tree.format_version).toBe(1)
      expect(Object.keys(tree.files)).toEqual(readdirSync(snapshotPath).sort())
      for (const path of readdirSync(snapshotPath)) {
        const link = readlinkSync(join(snapshotPath, path))
        expect(link).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]+$/)
        const content = readFileSync(resolve(dirname(join(snapshotPath, path)), link))
        const sha256 = createHash('sha256').update(content).digest('hex')
        const git = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
        const weights = path.endsWith('.safetensors')
        expect(link.split('/').at(-1)).toBe(weights ? sha256 : git)
        expect(tree.files[path]).toMatchObject({ size: content.length, ...(weights ? { lfs_sha256: sha256 } : { blob_id: git }) })
      }
    }
    expect(readFileSync(join(hub, 'CACHEDIR.TAG'), 'utf8')).toMatch(/^Signature: 8a477f597d28d172789f06886806bc55\n/)
  })

  test('again changes nothing', async () => {
    await writeDemoModels(hub)
    const before = snapshotOf(hub)
    expect((await writeDemoModels(hub)).map(({ changed }) => changed)).toEqual([false, false, false])
    expect(snapshotOf(hub)).toEqual(before)
  })

  test('the same files give the same commit on every machine', async () => {
    const first = await writeDemoModels(hub)
    const second = await writeDemoModels(`${hub}-2`)
    expect(second.map(({ commit }) => commit)).toEqual(first.map(({ commit }) => commit))
  })

  const name = 'mlx-knife-demo/hello-fp32'
  test.each<[string, (repo: string, snapshot: string) => void]>([
    ['its weights cut', (_repo, snapshot) => truncateSync(join(snapshot, 'model.safetensors'), 100)],
    [
      'a byte changed',
      (_repo, snapshot) =>
        writeFileSync(join(snapshot, 'config.json'), readFileSync(join(snapshot, 'config.json'), 'utf8').replace('1', '2')),
    ],
    ['a link missing', (_repo, snapshot) => unlinkSync(join(snapshot, 'config.json'))],
    [
      'a file in place of a link',
      (_repo, snapshot) => {
        unlinkSync(join(snapshot, 'config.json'))
        writeFileSync(join(snapshot, 'config.json'), '{}')
      },
    ],
    ['no blobs', (repo) => rmSync(join(repo, 'blobs'), { recursive: true })],
    ['no ref', (repo) => rmSync(join(repo, 'refs'), { recursive: true })],
    ['no tree', (repo) => rmSync(join(repo, 'trees'), { recursive: true })],
  ])('a model with %s is mended, the others stay untouched', async (_what, damage) => {
    await writeDemoModels(hub)
    const whole = Object.keys(snapshotOf(hub))
    const others = snapshotOf(repoOf('mlx-knife-demo/counting-fp32'))
    damage(repoOf(name), join(repoOf(name), 'snapshots', readFileSync(join(repoOf(name), 'refs', 'main'), 'utf8')))
    const written = await writeDemoModels(hub)
    expect(written.filter(({ changed }) => changed).map((repo) => repo.name)).toEqual([name])
    expect(Object.keys(snapshotOf(hub))).toEqual(whole)
    expect(snapshotOf(repoOf('mlx-knife-demo/counting-fp32'))).toEqual(others)
    expect((await writeDemoModels(hub)).some(({ changed }) => changed)).toBe(false)
  })

  test('an old partial is swept, a fresh one may be another process at work and stays', async () => {
    await writeDemoModels(hub)
    const blobs = join(repoOf(name), 'blobs')
    for (const partial of ['old.0a0a0a0a.incomplete', 'new.0a0a0a0a.incomplete']) writeFileSync(join(blobs, partial), 'x')
    utimesSync(join(blobs, 'old.0a0a0a0a.incomplete'), 1, 1)
    await writeDemoModels(hub)
    expect(readdirSync(blobs).filter((entry) => entry.endsWith('.incomplete'))).toEqual(['new.0a0a0a0a.incomplete'])
  })

  test('two at once write one good cache', async () => {
    const both = await Promise.all([writeDemoModels(hub), writeDemoModels(hub)])
    expect(both[0].map(({ commit }) => commit)).toEqual(both[1].map(({ commit }) => commit))
    expect((await writeDemoModels(hub)).some(({ changed }) => changed)).toBe(false)
  })

  test('a new version of a model replaces the old one, a dropped model goes, other models stay', async () => {
    await writeScriptedModel(hub, { name: 'mlx-knife-demo/hello-fp32', script: 'An older text.' })
    await writeScriptedModel(hub, { name: 'mlx-knife-demo/dropped', script: 'No longer here.' })
    await writeScriptedModel(hub, { name: 'own/model', script: 'Not ours to remove.' })
    await writeDemoModels(hub)
    expect(readdirSync(hub).sort()).toEqual(['CACHEDIR.TAG', ...[...demoModelNames, 'own/model'].map(toRepoFolder).sort()])
    expect(readdirSync(join(repoOf(name), 'snapshots'))).toHaveLength(1)
    expect(readdirSync(join(repoOf(name), 'trees'))).toHaveLength(1)
    const snapshot = join(repoOf(name), 'snapshots', readFileSync(join(repoOf(name), 'refs', 'main'), 'utf8'))
    const linked = readdirSync(snapshot).map((path) => readlinkSync(join(snapshot, path)).split('/').at(-1))
    expect(new Set(readdirSync(join(repoOf(name), 'blobs')))).toEqual(new Set(linked))
  })
})

describe('removeDemoModels', () => {
  test('leaves nothing behind, and is no error when there is nothing', async () => {
    await writeDemoModels(hub)
    await removeDemoModels(hub)
    expect(existsSync(hub)).toBe(false)
    await removeDemoModels(hub)
  })

  test('leaves models of other names alone', async () => {
    await writeDemoModels(hub)
    await writeScriptedModel(hub, { name: 'own/model', script: 'Not ours to remove.' })
    await removeDemoModels(hub)
    expect(readdirSync(hub).sort()).toEqual(['CACHEDIR.TAG', 'models--own--model'])
  })
})

describe('writeScriptedModel', () => {
  test.each([
    ['pieces that repeat', ['a', 'b', 'a']],
    ['a newline as a piece', ['a', '\n']],
    ['an empty piece', ['a', '']],
    ['nothing', []],
  ])('refuses %s', async (_what, script) => {
    await expect(Promise.resolve().then(() => writeScriptedModel(hub, { name: 'a/b', script }))).rejects.toThrow('a/b')
  })
})
