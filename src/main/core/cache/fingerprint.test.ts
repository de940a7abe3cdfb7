import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { writeModel, healthyFiles, type FixtureRepo } from '../../../../e2e/fixtures/cache'
import { probeRepo, probeRoots, repoFingerprint } from './fingerprint'
import { scanRepo } from './scan-repo'
import type { CacheRoot, ScannedRepo } from './types'

let hub: string
let written: FixtureRepo
let root: CacheRoot

beforeEach(() => {
  hub = mkdtempSync(join(tmpdir(), 'mlxk-probe-'))
  root = { path: hub, kind: 'primary', rule: 'default' }
  written = writeModel(hub, 'a/b', { files: healthyFiles({ 'deep/x.json': '{}' }) })
  return () => rmSync(hub, { recursive: true, force: true })
})

const scan = (): ScannedRepo => scanRepo(root, 'models--a--b')

const changes: [string, () => void][] = [
  ['a shard truncated in place', () => truncateSync(join(written.snapshot, 'model.safetensors'), 10)],
  ['a ref rewritten in place', () => appendFileSync(join(written.repo, 'refs', 'main'), '\n')],
  ['a ref added', () => writeFileSync(join(written.repo, 'refs', 'dev'), 'x')],
  ['a blob removed', () => rmSync(join(written.repo, 'blobs'), { recursive: true })],
  ['a file added deep down', () => symlinkSync('../../../blobs/x', join(written.snapshot, 'deep', 'y.json'))],
  ['a file removed', () => unlinkSync(join(written.snapshot, 'config.json'))],
  ['a revision added', () => mkdirSync(join(written.repo, 'snapshots', 'f'.repeat(40)))],
  ['a partial left', () => writeFileSync(join(written.repo, 'blobs', 'x.0a0a0a0a.incomplete'), 'x')],
]

describe('probeRepo', () => {
  const probe = (repo: ScannedRepo): string => probeRepo(repo, repo.snapshots[0]!)

  test('is the same while nothing changes', () => {
    expect(probe(scan())).toBe(probe(scan()))
  })

  test.each(changes)('changes with %s', (_what, change) => {
    const repo = scan()
    const before = probe(repo)
    change()
    expect(probe(repo)).not.toBe(before)
  })
})

describe('repoFingerprint', () => {
  test('is the same for two scans of the same', () => {
    expect(repoFingerprint(scan())).toBe(repoFingerprint(scan()))
  })

  test.each(changes.filter(([what]) => what !== 'a ref rewritten in place'))('changes with %s', (_what, change) => {
    const before = repoFingerprint(scan())
    change()
    expect(repoFingerprint(scan())).not.toBe(before)
  })
})

describe('probeRoots', () => {
  test('changes when a model comes, goes, or the root appears', () => {
    const later = { ...root, path: join(hub, 'later') }
    const before = probeRoots([root, later])
    expect(probeRoots([root, later])).toBe(before)
    mkdirSync(later.path)
    const appeared = probeRoots([root, later])
    expect(appeared).not.toBe(before)
    mkdirSync(join(later.path, 'models--x--y'))
    expect(probeRoots([root, later])).not.toBe(appeared)
  })
})
