import {
  appendFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { healthyFiles, writeModel, type FixtureRepo } from '../../../../e2e/fixtures/cache'
import { shareBlob, writeTree } from '../../../../e2e/fixtures/shared-store'
import { listPlaces, probeRoots, stampPlaces, wasAtRest } from './fingerprint'
import { scanRepo } from './scan-repo'
import type { CacheRoot, ScannedRepo } from './types'

let hub: string
let written: FixtureRepo
let payload: string
let root: CacheRoot

beforeEach(() => {
  hub = mkdtempSync(join(tmpdir(), 'mlxk-probe-'))
  root = { path: hub, kind: 'primary', rule: 'default' }
  written = writeModel(hub, 'a/b', { files: healthyFiles({ 'deep/x.json': '{}' }) })
  payload = shareBlob(hub, written, 'model.safetensors')
  writeTree(written, ['config.json'])
  mkdirSync(join(written.repo, 'refs', 'refs', 'pr'), { recursive: true })
  writeFileSync(join(written.repo, 'refs', 'refs', 'pr', '1'), written.commit)
  writeFileSync(join(written.repo, 'blobs', 'left.0a0a0a0a.incomplete'), 'x')
  return () => rmSync(hub, { recursive: true, force: true })
})

const scan = (): ScannedRepo => scanRepo(root, 'models--a--b')

const changes: [string, () => void][] = [
  ['a blob changed in place', () => appendFileSync(join(written.snapshot, 'config.json'), ' ')],
  [
    'a blob changed in place, its size and time put back',
    () => {
      const path = join(written.snapshot, 'config.json')
      const { atime, mtime, size } = statSync(path)
      writeFileSync(path, 'x'.repeat(size))
      utimesSync(path, atime, mtime)
    },
  ],
  ['a payload of the shared store truncated', () => truncateSync(payload, 3)],
  ['a payload of the shared store gone', () => rmSync(payload)],
  ['a shard truncated in place', () => truncateSync(join(written.snapshot, 'tokenizer.json'), 3)],
  ['a ref rewritten in place', () => appendFileSync(join(written.repo, 'refs', 'main'), '\n')],
  ['a nested ref rewritten in place', () => appendFileSync(join(written.repo, 'refs', 'refs', 'pr', '1'), '\n')],
  ['a ref added', () => writeFileSync(join(written.repo, 'refs', 'dev'), 'x')],
  ['a blob removed', () => rmSync(join(written.repo, 'blobs'), { recursive: true })],
  ['a file added deep down', () => symlinkSync('../../../blobs/x', join(written.snapshot, 'deep', 'y.json'))],
  ['a file removed', () => unlinkSync(join(written.snapshot, 'config.json'))],
  ['a revision added', () => mkdirSync(join(written.repo, 'snapshots', 'f'.repeat(40)))],
  ['a partial that grew', () => appendFileSync(join(written.repo, 'blobs', 'left.0a0a0a0a.incomplete'), 'more')],
  ['a list of files rewritten in place', () => appendFileSync(join(written.repo, 'trees', `${written.commit}.json`), ' ')],
  ['another name for a blob', () => linkSync(realpathSync(join(written.snapshot, 'tokenizer_config.json')), join(hub, 'copy'))],
]

describe('a stamp', () => {
  test('is the same while nothing changes, and says when the youngest place changed', () => {
    const repo = scan()
    const places = listPlaces(repo)
    const stamp = stampPlaces(repo.path, places)
    expect(stampPlaces(repo.path, places)).toEqual(stamp)
    expect(stamp.newestMs).toBe(Math.max(...places.split('\0').map((place) => statSync(join(repo.path, place)).ctimeMs)))
  })

  test.each(changes)('changes with %s', (_what, change) => {
    const repo = scan()
    const places = listPlaces(repo)
    const before = stampPlaces(repo.path, places).value
    change()
    expect(stampPlaces(repo.path, places).value).not.toBe(before)
  })

  test('never looks behind a link that leads out of the repo', () => {
    symlinkSync('/dev/zero', join(written.snapshot, 'zero'))
    expect(listPlaces(scan())).not.toContain('zero')
  })
})

describe('a repo was at rest', () => {
  const stamp = { value: '', newestMs: 10_000, coarse: false }
  test.each([
    ['when everything is older than the look', stamp, 10_060, true],
    ['not when something changed during it', stamp, 9_999, false],
    ['not when it changed within a step of the clock', stamp, 10_020, false],
    ['not within two seconds where times are whole seconds', { ...stamp, coarse: true }, 11_900, false],
    ['after two seconds there', { ...stamp, coarse: true }, 12_001, true],
  ])('%s', (_name, given, startMs, expected) => {
    expect(wasAtRest(given, startMs)).toBe(expected)
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
