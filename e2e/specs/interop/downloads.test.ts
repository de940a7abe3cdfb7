import { downloadFileToCacheDir, scanCacheDir, snapshotDownload } from '@huggingface/hub'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, afterAll, describe, expect, it, vi } from 'vitest'
import { startFakeHub, type FakeHub } from '../../fakes/hub'
import { healthyFiles, repoPath, safetensorsFile, shardedFiles } from '../../fixtures/cache'
import { needsEngine } from '../../setup/needs'
import { createCacheHome, hf, listOurs, scanWithPython, showOurs, type CacheHome } from './support'

const id = 'mlx-community/Pulled-4bit'
const older = { ...healthyFiles(), 'old.txt': 'only in the first commit' }
const files: Record<string, string | Buffer> = {
  ...shardedFiles(),
  'model-00002-of-00002.safetensors': safetensorsFile(300_000),
  'extra/deep/notes.txt': 'in a sub-folder',
}
const sizeOf = (all: Record<string, string | Buffer>): number =>
  Object.values(all).reduce((sum, content) => sum + Buffer.from(content).length, 0)

let server: FakeHub
let home: CacheHome
let commit: string
let firstCommit: string

beforeAll(async () => {
  server = await startFakeHub({ pageSize: { plain: 4, expanded: 4 } })
  firstCommit = server.publish({ id, files: older })
  commit = server.publish({ id, commits: [{ files: older, id: firstCommit }, { files }], refs: { v1: 0 } })
})
afterAll(() => server.close())

beforeEach(() => {
  home = createCacheHome()
  server.log.length = 0
  // snapshotDownload talks about every file.
  vi.spyOn(console, 'debug').mockReturnValue(undefined)
})
afterEach(() => home.remove())

/** Ours and the other library's verdict on the one model of the cache. */
async function expectOneHealthyModel(expected: { commit: string; sizeBytes: number; refs: string[] }): Promise<void> {
  const { models } = await listOurs(home)
  expect(models).toMatchObject([
    { name: id, hash: expected.commit, size_bytes: expected.sizeBytes, health: 'healthy', framework: 'MLX', findings: [] },
  ])
  const { revisions, files: shown } = await showOurs(home, id)
  expect(revisions).toMatchObject([{ hash: expected.commit, refs: expected.refs, chosen: true }])
  expect(shown.reduce((sum, file) => sum + file.size_bytes, 0)).toBe(expected.sizeBytes)
}

describe.runIf(needsEngine())('a cache that Python’s huggingface_hub filled', () => {
  it('is one healthy model of the right size and ref, and hf verifies it', async () => {
    const pulled = await hf(home, server.url, ['download', id])
    expect(pulled).toMatchObject({ code: 0 })
    await expectOneHealthyModel({ commit, sizeBytes: sizeOf(files), refs: ['main'] })
    const verified = await hf(home, server.url, [
      'cache',
      'verify',
      id,
      '--fail-on-missing-files',
      '--fail-on-extra-files',
      '--format',
      'json',
    ])
    expect(verified).toMatchObject({ code: 0 })
    expect(JSON.parse(verified.stdout)).toMatchObject({ repo_id: id, checked: Object.keys(files).length })
    expect(await scanWithPython(home.hub)).toMatchObject({ warnings: [], repos: [{ id, size: sizeOf(files) }] })
  })

  it('is found out by hf when a byte of it is wrong: the fake Hub tells the true hashes', async () => {
    await hf(home, server.url, ['download', id])
    const path = join(repoPath(home.hub, id), 'snapshots', commit, 'model-00002-of-00002.safetensors')
    const bytes = readFileSync(path)
    bytes[bytes.length - 1] = 0
    writeFileSync(path, bytes)
    const verified = await hf(home, server.url, ['cache', 'verify', id])
    expect(verified.code).toBe(1)
    expect(verified.stdout + verified.stderr).toContain('model-00002-of-00002.safetensors')
  })

  it('came from both hosts, and no token went to the second', async () => {
    const { code } = await hf(home, server.url, ['download', id, '--token', 'hf_interop'])
    expect(code).toBe(0)
    const sent = server.log.filter(({ where, method }) => where === 'cdn' && method === 'GET')
    expect(sent.reduce((sum, { bytesSent }) => sum + bytesSent, 0)).toBe(
      sizeOf(Object.fromEntries(Object.entries(files).filter(([path]) => path.endsWith('.safetensors')))),
    )
    expect(sent.map(({ authorization }) => authorization)).toEqual([null, null])
    expect(server.log.some(({ where, authorization }) => where === 'hub' && authorization === 'Bearer hf_interop')).toBe(true)
  })

  it('has its tree on disk, as the Hub told it', async () => {
    await hf(home, server.url, ['download', id])
    const tree = JSON.parse(readFileSync(join(repoPath(home.hub, id), 'trees', `${commit}.json`), 'utf8')) as { files: object }
    expect(Object.keys(tree.files)).toEqual(Object.keys(files).sort())
  })

  it('holds two revisions: main stands for the model, the tag keeps the older one', async () => {
    await hf(home, server.url, ['download', id, '--revision', 'v1'])
    await hf(home, server.url, ['download', id])
    const { models } = await listOurs(home)
    expect(models).toMatchObject([{ hash: commit, size_bytes: sizeOf(files), health: 'healthy', findings: [] }])
    const { revisions } = await showOurs(home, id)
    expect(new Set(revisions.map(({ hash, refs, chosen }) => `${hash} ${refs.join()} ${chosen}`))).toEqual(
      new Set([`${commit} main true`, `${firstCommit} v1 false`]),
    )
    expect((await showOurs(home, `${id}@${firstCommit.slice(0, 8)}`)).model).toMatchObject({
      hash: firstCommit,
      size_bytes: sizeOf(older),
      health: 'healthy',
    })
  })

  it('pulled by its hash has no ref, and is a healthy model all the same', async () => {
    await hf(home, server.url, ['download', id, '--revision', commit])
    const { models } = await listOurs(home)
    expect(models).toMatchObject([{ name: id, hash: commit, size_bytes: sizeOf(files), health: 'healthy' }])
    expect((await showOurs(home, id)).revisions).toMatchObject([{ hash: commit, refs: [], chosen: true }])
  })

  it('fetched in part, as mlx_lm does it, is healthy without the files that were left out', async () => {
    const kept = Object.fromEntries(Object.entries(files).filter(([path]) => /\.json$|\.safetensors$/.test(path)))
    await hf(home, server.url, ['download', id, '--include', '*.json', '--include', 'model*.safetensors'])
    const { models } = await listOurs(home)
    expect(models).toMatchObject([{ name: id, hash: commit, size_bytes: sizeOf(kept), health: 'healthy', framework: 'MLX' }])
  })
})

describe('a cache that @huggingface/hub filled', () => {
  it('is one healthy model of the right size and ref by snapshotDownload', async () => {
    const path = await snapshotDownload({ repo: id, cacheDir: home.hub, hubUrl: server.url })
    expect(path).toBe(join(repoPath(home.hub, id), 'snapshots', commit))
    await expectOneHealthyModel({ commit, sizeBytes: sizeOf(files), refs: ['main'] })
    const { warnings, repos } = await scanCacheDir(home.hub)
    expect(warnings).toEqual([])
    expect(repos.map((repo) => repo.id.name)).toEqual([id])
  })

  it('is one healthy model without a ref by downloadFileToCacheDir for each file', async () => {
    for (const path of Object.keys(files)) {
      await downloadFileToCacheDir({ repo: id, path, revision: commit, cacheDir: home.hub, hubUrl: server.url })
    }
    expect(readdirSync(repoPath(home.hub, id)).sort()).toEqual(['blobs', 'snapshots'])
    const { models } = await listOurs(home)
    expect(models).toMatchObject([{ name: id, hash: commit, size_bytes: sizeOf(files), health: 'healthy' }])
  })

  it.runIf(needsEngine())('is the same to Python, which adds nothing but what it keeps for itself', async () => {
    await snapshotDownload({ repo: id, cacheDir: home.hub, hubUrl: server.url })
    server.log.length = 0
    expect((await hf(home, server.url, ['download', id])).code).toBe(0)
    expect(server.log.filter(({ where, bytesSent }) => where === 'cdn' && bytesSent > 0)).toEqual([])
    await expectOneHealthyModel({ commit, sizeBytes: sizeOf(files), refs: ['main'] })
  })
})
