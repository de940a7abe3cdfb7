import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  danglingLink,
  foreignFiles,
  healthyModel,
  interruptedDownload,
  lfsPointer,
  repoPath,
  writeModel,
} from '../../../../e2e/fixtures/cache'
import { scanRoots } from './scan'
import { chooseSnapshot, snapshotSizeBytes } from './snapshots'
import type { CacheRoot, ScannedRepo } from './types'

let hub: string
const root = (path: string): CacheRoot => ({ path, kind: 'primary', rule: 'default' })
const scan = (): ScannedRepo[] => scanRoots([root(hub)]).roots[0]?.repos ?? []
const scanOne = (): ScannedRepo => {
  const [repo] = scan()
  if (repo === undefined) throw new Error('no repo was found')
  return repo
}

beforeEach(() => {
  hub = join(mkdtempSync(join(tmpdir(), 'mlxk-scan-')), 'hub')
  mkdirSync(hub)
  return () => rmSync(join(hub, '..'), { recursive: true, force: true })
})

describe('roots', () => {
  test('a root that is not there is missing, with a reason, and holds nothing', () => {
    const [scanned] = scanRoots([root(join(hub, 'nowhere'))]).roots
    expect(scanned).toEqual({ state: { ...root(join(hub, 'nowhere')), state: 'missing', reason: expect.any(String) }, repos: [] })
  })

  test('a root that is a file is unreadable', () => {
    writeFileSync(join(hub, 'file'), '')
    expect(scanRoots([root(join(hub, 'file'))]).roots[0]?.state).toMatchObject({
      state: 'unreadable',
      reason: expect.stringContaining('not a folder'),
    })
  })

  test('one bad root does not hide the next', () => {
    healthyModel(hub)
    expect(scanRoots([root(join(hub, 'nowhere')), root(hub)]).roots.map(({ repos }) => repos.length)).toEqual([0, 1])
  })

  test('foreign files and folders are ignored', () => {
    foreignFiles(hub)
    expect(scan()).toEqual([])
  })

  test('models come in the order of their names', () => {
    for (const name of ['b/b', 'a/b', 'c']) writeModel(hub, name)
    expect(scan().map(({ name }) => name)).toEqual(['a/b', 'b/b', 'c'])
  })
})

describe('a repo', () => {
  test('lists the files with sizes and blobs, and the ref', () => {
    const { commit } = healthyModel(hub)
    const repo = scanOne()
    expect(repo).toMatchObject({ name: 'mlx-community/Tiny-Llama-4bit', problem: null, hasSnapshots: true, refs: { main: commit } })
    expect(repo.snapshots.map(({ hash }) => hash)).toEqual([commit])
    const files = repo.snapshots[0]?.files ?? []
    expect(files.map(({ path, state }) => `${path} ${state}`)).toEqual([
      'README.md blob',
      'config.json blob',
      'model.safetensors blob',
      'tokenizer.json blob',
      'tokenizer_config.json blob',
    ])
    expect(files.every(({ blob, sizeBytes }) => blob !== null && sizeBytes > 0)).toBe(true)
    expect(repo.blobs).toHaveLength(5)
  })

  test('files in folders count', () => {
    writeModel(hub, 'a/b', { files: { 'deep/er/x.json': '12345' } })
    expect(scanOne().snapshots[0]?.files).toMatchObject([{ path: 'deep/er/x.json', state: 'blob', sizeBytes: 5 }])
  })

  test('files in place of links count', () => {
    writeModel(hub, 'a/b', { files: { 'x.json': '12345' }, regular: true })
    expect(scanOne().snapshots[0]?.files).toMatchObject([{ path: 'x.json', state: 'regular', sizeBytes: 5, blob: null }])
  })

  test('a link to nothing is data', () => {
    danglingLink(hub)
    expect(scanOne().snapshots[0]?.files.filter(({ state }) => state === 'dangling')).toMatchObject([
      { path: 'model-00002-of-00002.safetensors', sizeBytes: 0, blob: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ])
  })

  test('no refs, stale refs, nested refs and a line end in a ref are data', () => {
    const { repo } = writeModel(hub, 'a/b', { ref: null })
    expect(scanOne().refs).toEqual({})
    mkdirSync(join(repo, 'refs', 'refs', 'pr'), { recursive: true })
    writeFileSync(join(repo, 'refs', 'main'), `${'f'.repeat(40)}\n`)
    writeFileSync(join(repo, 'refs', 'refs', 'pr', '1'), 'e'.repeat(40))
    expect(scanOne().refs).toEqual({ main: 'f'.repeat(40), 'refs/pr/1': 'e'.repeat(40) })
  })

  test('partials are told from blobs', () => {
    interruptedDownload(hub)
    const repo = scanOne()
    expect(repo.partials).toMatchObject([{ name: expect.stringMatching(/\.incomplete$/), sizeBytes: 4 }])
    expect(repo.blobs.some(({ name }) => name.endsWith('.incomplete'))).toBe(false)
  })

  test('a folder without snapshots, an empty one, and one with nothing at all are listed', () => {
    mkdirSync(join(hub, 'models--a--none'))
    mkdirSync(join(hub, 'models--a--void', 'snapshots'), { recursive: true })
    mkdirSync(join(hub, 'models--'))
    expect(scan().map(({ name, hasSnapshots, snapshots }) => [name, hasSnapshots, snapshots.length])).toEqual([
      ['', false, 0],
      ['a/none', false, 0],
      ['a/void', true, 0],
    ])
  })

  test('a folder that cannot be read is listed with the reason, the others too (E46)', () => {
    healthyModel(hub)
    mkdirSync(join(hub, 'models--a--broken'))
    writeFileSync(join(hub, 'models--a--broken', 'blobs'), 'a file')
    expect(scan().map(({ name, problem }) => [name, problem])).toEqual([
      ['a/broken', "The model's folder cannot be read: it is not a folder."],
      ['mlx-community/Tiny-Llama-4bit', null],
    ])
  })

  test('files where only folders belong are strays, and a ref with white space is untidy', () => {
    const { repo } = healthyModel(hub)
    writeFileSync(join(repo, 'snapshots', '.DS_Store'), 'x')
    writeFileSync(join(repo, 'refs', 'main'), `${readFileSync(join(repo, 'refs', 'main'), 'utf8')}\n`)
    expect(scanOne()).toMatchObject({ problem: null, strays: ['snapshots/.DS_Store'], untidyRefs: ['main'] })
    rmSync(join(repo, 'refs'), { recursive: true })
    writeFileSync(join(repo, 'refs'), 'x')
    expect(scanOne()).toMatchObject({ problem: null, strays: ['refs', 'snapshots/.DS_Store'], refs: {} })
  })

  test('a folder without permission is listed with the reason', () => {
    const { repo } = healthyModel(hub)
    chmodSync(join(hub, '..'), 0o755)
    chmodSync(repo, 0o000)
    // Root may read everything: be nobody for the one synchronous call.
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid?.(65_534)
    let problem: string | null = null
    try {
      problem = scanOne().problem
    } finally {
      if (isRoot) process.seteuid?.(0)
      chmodSync(repo, 0o755)
    }
    expect(problem).toBe("The model's folder cannot be read: it may not be read.")
  })

  test('a model folder that is a link to another disk is followed, one to nothing is listed with the reason', () => {
    const { repo } = healthyModel(hub)
    const elsewhere = join(hub, '..', 'disk')
    renameSync(repo, elsewhere)
    symlinkSync(elsewhere, repo)
    expect(scanOne().snapshots[0]?.files.every(({ state }) => state === 'blob')).toBe(true)
    rmSync(elsewhere, { recursive: true })
    expect(scanOne().problem).toContain('does not exist')
  })

  test('links out of the repo, in circles and to folders are reported, never followed (E45)', () => {
    const { snapshot } = writeModel(hub, 'a/b', { files: { 'x.json': '1' } })
    const secret = join(hub, 'secret')
    mkdirSync(secret)
    writeFileSync(join(secret, 'key'), 'k')
    symlinkSync(join(secret, 'key'), join(snapshot, 'stolen.json'))
    symlinkSync(secret, join(snapshot, 'folder'))
    symlinkSync('loop', join(snapshot, 'loop'))
    symlinkSync('..', join(snapshot, 'up'))
    symlinkSync('x.json', join(snapshot, 'inside.json'))
    expect(scanOne().snapshots[0]?.files.map(({ path, state }) => `${path} ${state}`)).toEqual([
      'folder outside',
      'inside.json regular',
      'loop dangling',
      'stolen.json outside',
      'up outside',
      'x.json blob',
    ])
  })

  test('a blob that is a link counts only when it leads into the shared store', () => {
    const { repo } = writeModel(hub, 'a/b', { files: { 'a.safetensors': 'aaa', 'b.safetensors': 'bbb' } })
    const [first, second] = scanOne().blobs
    if (first === undefined || second === undefined) throw new Error('two blobs expected')
    const payload = `ab/${'ab'.repeat(32)}`
    mkdirSync(join(hub, 'blobs', 'ab'), { recursive: true })
    writeFileSync(join(hub, 'blobs', payload), 'shared payload')
    rmSync(join(repo, 'blobs', first.name))
    symlinkSync(`../../blobs/${payload}`, join(repo, 'blobs', first.name))
    rmSync(join(repo, 'blobs', second.name))
    writeFileSync(join(hub, 'elsewhere'), 'x')
    symlinkSync('../../elsewhere', join(repo, 'blobs', second.name))
    const scanned = scanOne()
    expect(scanned.blobs).toMatchObject([{ name: first.name, sizeBytes: 14, shared: true }])
    const states = new Map(scanned.snapshots[0]?.files.map(({ blob, state }) => [blob, state]))
    expect([states.get(first.name), states.get(second.name)]).toEqual(['blob', 'outside'])
  })
})

describe('snapshots', () => {
  test('a blob that two files share is counted once (E41)', () => {
    writeModel(hub, 'a/b', { files: { 'x.json': '12345', 'y.json': '12345', 'z.json': '123' } })
    const [snapshot] = scanOne().snapshots
    expect(snapshot && snapshotSizeBytes(snapshot)).toBe(8)
  })

  const three = (): ScannedRepo => {
    const { repo } = writeModel(hub, 'a/b', { commit: 'a'.repeat(40), files: { a: 'a' } })
    for (const letter of ['b', 'c']) writeModel(hub, 'a/b', { commit: letter.repeat(40), files: { [letter]: letter }, ref: null })
    const scanned = scanOne()
    expect(repo).toBe(repoPath(hub, 'a/b'))
    return { ...scanned, snapshots: scanned.snapshots.map((snapshot, index) => ({ ...snapshot, mtimeMs: index })) }
  }

  test('refs/main stands for the repo when it is complete (E34)', () => {
    expect(chooseSnapshot(three(), () => true)?.hash).toBe('a'.repeat(40))
  })

  test('else the newest complete one, else the newest', () => {
    expect(chooseSnapshot(three(), ({ hash }) => hash[0] !== 'a' && hash[0] !== 'c')?.hash).toBe('b'.repeat(40))
    expect(chooseSnapshot(three(), ({ hash }) => hash[0] !== 'a')?.hash).toBe('c'.repeat(40))
    expect(chooseSnapshot(three(), () => false)?.hash).toBe('c'.repeat(40))
  })

  test('nothing is read when there is no choice', () => {
    writeModel(hub, 'a/b', { files: { x: lfsPointer } })
    const never = (): boolean => {
      throw new Error('asked')
    }
    expect(chooseSnapshot(scanOne(), never)?.hash).toHaveLength(40)
  })
})
