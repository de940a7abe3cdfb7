import { posix } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planRepoPrune } from './plan-prune'
import { planRemoval } from './plan-removal'
import type { LockFile, RemovalFacts, RepoTree, RepoVerdict, SharedPayload, TreeEntry } from './types'

const CASES = 10_000
const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const KEY = `cd/cd${'0'.repeat(62)}`
const hash = fc.constantFrom(A, B, 'odd', '')
const name = fc.oneof(
  fc.constantFrom('config.json', 'model.safetensors', 'x.incomplete', '..', '.', 'é', 'sub', 'refs', 'snapshots', 'blobs', A, B),
  fc.string({ maxLength: 5 }),
)
const blob = fc.constantFrom('b1', 'b2', 'b3', 'b1.incomplete', '__proto__', 'constructor')
const path = fc.oneof(
  fc.tuple(hash, fc.array(name, { maxLength: 3 })).map(([commit, more]) => ['snapshots', commit, ...more].join('/')),
  blob.map((inside) => `blobs/${inside}`),
  fc.constantFrom(
    'refs',
    'refs/main',
    'refs/pr/1',
    'refs/__proto__',
    'snapshots',
    'blobs',
    'trees',
    '.no_exist',
    '.mlxk-removed/0123456789abcdef/x',
  ),
  hash.map((commit) => `trees/${commit}.json`),
  hash.map((commit) => `.no_exist/${commit}/file`),
  fc.array(name, { maxLength: 4 }).map((parts) => parts.join('/')),
)
const target = fc.oneof(
  blob.map((inside) => `../../blobs/${inside}`),
  fc.constantFrom(
    `../../blobs/${KEY}`,
    `../${B}/config.json`,
    `../../snapshots/${A}`,
    '/etc/passwd',
    '/root/models--o--n/blobs/b1',
    '..',
    '.',
    '',
    '../../../../../x',
    '\0',
  ),
  fc.string({ maxLength: 8 }),
)
const size = fc.oneof(fc.nat({ max: 100 }), fc.constantFrom(0, Number.MAX_SAFE_INTEGER))
const entry: fc.Arbitrary<TreeEntry> = fc.record({
  path,
  kind: fc.constantFrom('file' as const, 'link' as const, 'folder' as const, 'other' as const),
  sizeBytes: fc.nat({ max: 1000 }),
  diskBytes: fc.nat({ max: 4096 }),
  dev: fc.nat({ max: 1 }),
  ino: fc.nat({ max: 20 }),
  nlink: fc.nat({ max: 3 }),
  mtimeMs: size,
  target: fc.option(target),
  listed: fc.boolean(),
})
const tree: fc.Arbitrary<RepoTree> = fc.record({
  root: fc.constant('/root'),
  folder: fc.constant('models--o--n'),
  name: fc.constant('o/n'),
  kind: fc.constantFrom('folder' as const, 'folder' as const, 'folder' as const, 'link' as const, 'missing' as const),
  entries: fc.array(entry, { maxLength: 25 }),
  refs: fc.dictionary(fc.constantFrom('refs/main', 'refs/pr/1', 'refs/__proto__'), fc.option(hash)),
  complete: fc.boolean(),
})
const payload: fc.Arbitrary<SharedPayload> = fc.record({
  key: fc.constant(KEY),
  sizeBytes: fc.nat({ max: 1000 }),
  diskBytes: fc.nat({ max: 4096 }),
  nlink: fc.nat({ max: 2 }),
  references: fc.option(fc.array(fc.constantFrom('models--o--n/blobs/b1', 'models--o--n/blobs/b2', 'models--x--y/blobs/b1'))),
})
const lock: fc.Arbitrary<LockFile> = fc.record({
  path: blob.map((inside) => `.locks/models--o--n/${inside}.lock`),
  ageMs: fc.oneof(fc.integer(), fc.constantFrom(0, 59_999, 60_000, Number.NaN)),
  state: fc.constantFrom('held' as const, 'free' as const, 'unknown' as const),
})
const facts: fc.Arbitrary<RemovalFacts> = fc.record({
  tree,
  payloads: fc
    .array(
      fc.tuple(
        blob.map((inside) => `blobs/${inside}`),
        payload,
      ),
      { maxLength: 3 },
    )
    .map((pairs) => new Map(pairs)),
  locks: fc.array(lock, { maxLength: 3 }),
  hasStore: fc.boolean(),
  canLock: fc.boolean(),
  canProbe: fc.boolean(),
})
const verdict: fc.Arbitrary<RepoVerdict> = fc.record({
  chosen: fc.option(hash),
  good: fc.array(hash).map((hashes) => new Set(hashes)),
  wanted: fc.array(blob).map((names) => new Set(names)),
})

/** Everything that the tree holds, each file and payload once. */
function allBytes({ tree: { entries }, payloads }: RemovalFacts): number {
  const files = new Map(
    entries.filter(({ kind }) => kind === 'file').map(({ dev, ino, sizeBytes }) => [`${dev}:${ino}:${sizeBytes}`, sizeBytes]),
  )
  return [...files.values(), ...[...payloads.values()].map(({ sizeBytes }) => sizeBytes)].reduce((sum, bytes) => sum + bytes, 0)
}

test(`whatever the tree looks like, planning a removal never throws and names only what is in it (${CASES} cases)`, () => {
  fc.assert(
    fc.property(facts, fc.option(fc.oneof(hash, fc.string())), (given, revision) => {
      const plan = planRemoval(given, revision)
      const known = new Set(given.tree.entries.map((item) => item.path))
      const named = [...plan.links, ...plan.refs, ...plan.trees, ...plan.no_exist]
      const sized = [...plan.files, ...plan.blobs, ...plan.partials, ...plan.other].map((item) => item.path)
      expect([...named, ...sized].filter((item) => !known.has(item))).toEqual([])
      expect(plan.bytes_freed).toBeLessThanOrEqual(allBytes(given))
      expect(plan.id).toBe(planRemoval(given, revision).id)
      if (plan.target !== 'revision' || plan.obstacle !== null) return
      // What other revisions lead to stays.
      const others = given.tree.entries.filter(
        (item) =>
          item.kind === 'link' &&
          item.path.startsWith('snapshots/') &&
          !item.path.startsWith(`snapshots/${revision ?? ''}/`) &&
          item.path.split('/').length > 2,
      )
      const inUse = new Set(others.map((item) => posix.normalize(posix.join(posix.dirname(item.path), item.target ?? ''))))
      const listed = new Set(given.tree.entries.flatMap((item) => (/^snapshots\/[^/]+$/.test(item.path) ? [item.path] : [])))
      const shown = others.every((item) => listed.has(item.path.split('/').slice(0, 2).join('/')))
      if (shown && new Set(given.tree.entries.map((item) => item.path)).size === given.tree.entries.length) {
        expect(plan.blobs.filter((item) => inUse.has(item.path))).toEqual([])
      }
    }),
    { numRuns: CASES },
  )
})

test(`whatever the tree looks like, planning a clean-up never throws and keeps what stands for the model (${CASES} cases)`, () => {
  fc.assert(
    fc.property(facts, verdict, fc.oneof(fc.nat(), fc.constant(4e12)), (given, judged, now) => {
      const { items, leftOut } = planRepoPrune(given, judged, now)
      const known = new Set(['', ...given.tree.entries.map((item) => item.path)])
      expect(items.filter((item) => !known.has(item.path))).toEqual([])
      expect(items.some((item) => item.path === `snapshots/${judged.chosen ?? ''}` && item.category === 'detached_revision')).toBe(
        false,
      )
      expect(items.some((item) => item.category === 'orphan_blob' && judged.wanted.has(item.path.slice('blobs/'.length)))).toBe(
        false,
      )
      if (leftOut !== null || given.locks.some(({ state }) => state === 'held')) expect(items).toEqual([])
    }),
    { numRuns: CASES },
  )
})
