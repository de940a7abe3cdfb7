import { spawn } from 'node:child_process'
import { lstatSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { finish } from '../../drivers/process'
import { gitOid, startFakeHub } from '../../fakes/hub'
import { healthyFiles, safetensorsFile, shardedFiles, writeModel, type FixtureRepo } from '../../fixtures/cache'
import { shareBlob, writeTree } from '../../fixtures/shared-store'
import { needsEngine, testPython } from '../../setup/needs'
import { createCacheHome, hf, listOurs, scanWithPython, showOurs, type CacheHome } from './support'

const weights = 'model.safetensors'
const files = healthyFiles({ [weights]: safetensorsFile(50_000) })
const sizeBytes = Object.values(files).reduce((sum, content) => sum + Buffer.from(content).length, 0)

let home: CacheHome
let a: FixtureRepo
let b: FixtureRepo
let payload: string

/** As huggingface_hub 2.4 leaves it after two downloads by Xet of repos with the same weights. */
beforeEach(() => {
  home = createCacheHome()
  a = writeModel(home.hub, 'org/a-4bit', { files })
  b = writeModel(home.hub, 'org/b-4bit', { files })
  for (const repo of [a, b]) {
    writeTree(repo, Object.keys(files))
    payload = shareBlob(home.hub, repo, weights)
  }
})
afterEach(() => home.remove())

/** Each path below a folder with what it is: a link's target, or a file's text and permission to write. */
function describeFolder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((path) => {
      const stats = lstatSync(join(folder, path))
      if (stats.isSymbolicLink()) return `${path} -> ${readlinkSync(join(folder, path))}`
      if (!stats.isFile()) return `${path}/`
      return `${path} ${(stats.mode & 0o222) === 0 ? 'read-only' : 'writable'} ${gitOid(readFileSync(join(folder, path)))}`
    })
}

describe('weights in the store that all repos share', () => {
  it('are part of each model, with their full size', async () => {
    const { models, count } = await listOurs(home)
    expect(count).toBe(2)
    for (const model of models) expect(model).toMatchObject({ size_bytes: sizeBytes, health: 'healthy', findings: [] })
    const { files: shown } = await showOurs(home, 'org/a-4bit')
    expect(shown.find(({ path }) => path === weights)).toMatchObject({ size_bytes: safetensorsFile(50_000).length })
  })

  it('are missing in both when they are gone, and both are still listed', async () => {
    rmSync(payload)
    const { models } = await listOurs(home)
    expect(models.map(({ name, health }) => `${name} ${health}`)).toEqual(['org/a-4bit unhealthy', 'org/b-4bit unhealthy'])
    for (const model of models) expect(model.findings.map(({ file }) => file)).toContain(weights)
  })

  it.runIf(needsEngine())('lie as huggingface_hub itself puts them there', async () => {
    const [ours, theirs] = [createCacheHome(), createCacheHome()]
    try {
      const repo = writeModel(theirs.hub, a.name, { files })
      const blob = readlinkSync(join(repo.snapshot, weights))
      shareBlob(ours.hub, writeModel(ours.hub, a.name, { files }), weights)
      const code = [
        'import sys',
        'from huggingface_hub.utils._shared_blobs import publish_blob_to_shared_store as publish',
        'ok = publish(blob_path=sys.argv[1], xet_hash=sys.argv[2], cache_dir=sys.argv[3], expected_size=int(sys.argv[4]))',
        'sys.exit(not ok)',
      ].join('\n')
      const size = String(safetensorsFile(50_000).length)
      const args = ['-c', code, join(repo.snapshot, blob), basename(payload), theirs.hub, size]
      expect(await finish(spawn(testPython(), args, { stdio: ['ignore', 'pipe', 'pipe'] }))).toMatchObject({ code: 0, stderr: '' })
      expect(describeFolder(ours.hub)).toEqual(describeFolder(theirs.hub))
    } finally {
      ours.remove()
      theirs.remove()
    }
  })

  it.runIf(needsEngine())('are what Python writes: it reads them without a warning, and hf verifies them', async () => {
    const { warnings, repos } = await scanWithPython(home.hub)
    expect(warnings).toEqual([])
    expect(repos.map(({ id, size }) => ({ id, size }))).toEqual(['org/a-4bit', 'org/b-4bit'].map((id) => ({ id, size: sizeBytes })))
    const server = await startFakeHub({ repos: [{ id: a.name, commits: [{ files, id: a.commit }] }] })
    try {
      const verified = await hf(home, server.url, ['cache', 'verify', a.name, '--fail-on-missing-files', '--fail-on-extra-files'])
      expect(verified).toMatchObject({ code: 0 })
    } finally {
      await server.close()
    }
  })
})

describe('two repos that share a commit hash', () => {
  const commit = 'c0ffee'.repeat(6) + 'abcd'

  it('are two models, each with its own files, whichever is asked for', async () => {
    const first = writeModel(home.hub, 'old-org/renamed-4bit', { commit })
    const second = writeModel(home.hub, 'new-org/renamed-4bit', { commit, files: shardedFiles() })
    const { models } = await listOurs(home)
    const pair = models.filter(({ hash }) => hash === commit)
    expect(pair.map(({ name, health }) => `${name} ${health}`)).toEqual([
      'new-org/renamed-4bit healthy',
      'old-org/renamed-4bit healthy',
    ])
    for (const repo of [first, second]) {
      const detail = await showOurs(home, `${repo.name}@c0ffee`)
      expect(detail.model.name).toBe(repo.name)
      expect(detail.snapshot_path).toBe(repo.snapshot)
    }
  })
})
