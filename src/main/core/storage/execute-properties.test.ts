import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { safetensorsFile, writeModel } from '../../../../e2e/fixtures/cache'
import { shareBlob } from '../../../../e2e/fixtures/shared-store'
import { snapshotOf } from '../../../../e2e/fixtures/storage'
import { toErrno } from '../../../shared/errors'
import { createFileLocks, currentPlatform } from '../system'
import { executeRemoval } from './execute-removal'
import { readFacts } from './facts'
import { planRemoval } from './plan-removal'

/**
 * Plans and their execution alone, on small trees of any shape, so that ten thousand fit into every run; `disk-properties.test.ts` goes
 * through everything above them too. In a file system in memory, where the machine has one.
 */
const CASES = 10_000
const MEMORY_DISK = '/dev/shm'
const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const FOLDER = 'models--org--victim'
const place = { folder: FOLDER, name: 'org/victim' }

let base: string
let home: string
let hub: string
let payload: string
const locks = createFileLocks({ platform: currentPlatform(process.env) })

beforeAll(() => {
  base = mkdtempSync(join(existsSync(MEMORY_DISK) ? MEMORY_DISK : tmpdir(), 'mlxk-execute-'))
  home = join(base, 'home')
  hub = join(home, 'hub')
  writeModel(hub, 'org/victim-large', { files: { 'config.json': '{}' } })
  const twin = writeModel(hub, 'org/twin', { commit: B, files: { 'config.json': '{}', 'model.safetensors': safetensorsFile(32) } })
  payload = shareBlob(hub, twin, 'model.safetensors')
  mkdirSync(join(hub, 'datasets--org--victim', 'blobs'), { recursive: true })
  writeFileSync(join(hub, 'datasets--org--victim', 'blobs', 'x'), 'data')
  writeFileSync(join(hub, 'version.txt'), '1')
  writeFileSync(join(home, 'outside.json'), '{"a":1}')
  mkdirSync(join(home, 'outside'))
  writeFileSync(join(home, 'outside', 'b1'), 'not a model')
})
afterAll(() => rmSync(base, { recursive: true, force: true }))

/** Every entry that is not the victim's, with what changes when it is written to: two stats of the same are the same bytes. */
function stampAround(path = home, stamps: string[] = []): string[] {
  for (const name of readdirSync(path).sort()) {
    const inside = join(path, name)
    if (path === hub && [FOLDER, '.locks'].includes(name)) continue
    const stats = lstatSync(inside)
    const { ino, size, mode, nlink, mtimeMs, ctimeMs } = stats
    // A model that goes is seen in the times of the root; lists of references are written anew, here with the same text.
    if (inside === hub || (path === join(hub, 'blobs') && stats.isDirectory())) stamps.push(inside)
    else if (name.endsWith('.refs')) stamps.push(`${inside} ${readFileSync(inside, 'utf8')}`)
    else stamps.push(`${inside} ${ino} ${size} ${mode} ${nlink} ${mtimeMs} ${ctimeMs}`)
    if (stats.isDirectory()) stampAround(inside, stamps)
  }
  return stamps
}

interface Entry {
  path: string
  kind: 'file' | 'folder' | 'link'
  target: string
}

const blob = fc.constantFrom('b1', 'b2', 'b1.incomplete', '__proto__')
const name = fc.constantFrom('config.json', 'model.safetensors', 'sub', 'refs', 'blobs', '\u00e9', 'b1', A)
const hash = fc.constantFrom(A, A, B, 'odd')
const inSnapshot = fc
  .tuple(hash, fc.array(name, { minLength: 1, maxLength: 3 }))
  .map(([commit, parts]) => ['snapshots', commit, ...parts].join('/'))
const anywhere = fc.oneof(
  fc.constantFrom(
    'refs/main',
    'refs/pr/1',
    'refs',
    'snapshots',
    'blobs',
    `trees/${A}.json`,
    'trees',
    `.no_exist/${A}/x`,
    '.mlxk-removed',
    '.mlxk-removed/0123456789abcdef/x',
  ),
  hash.map((commit) => `snapshots/${commit}`),
  fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
)
const target = fc.oneof(
  blob.map((inside) => `../../blobs/${inside}`),
  fc.constantFrom(
    'PAYLOAD',
    'OUTSIDE',
    '../../../outside',
    '../../../outside/b1',
    '../models--org--twin/blobs',
    '../../models--org--twin',
    `../../../models--org--twin/snapshots/${B}`,
    `../${B}`,
    '..',
    '.',
    '../../../../../..',
    'self',
  ),
)
const entries: fc.Arbitrary<Entry[]> = fc
  .tuple(
    fc.array(fc.record({ path: blob.map((inside) => `blobs/${inside}`), kind: fc.constantFrom('file', 'file', 'link'), target })),
    fc.array(fc.record({ path: inSnapshot, kind: fc.constantFrom('link', 'link', 'link', 'file', 'folder'), target })),
    fc.array(fc.record({ path: anywhere, kind: fc.constantFrom('link', 'file', 'folder'), target }), { maxLength: 4 }),
  )
  .chain((groups) => fc.shuffledSubarray(groups.flat() as Entry[]))

/** Writes what fits: a place that is taken, or lies behind a link that leads out, is left out. */
function writeVictim(given: readonly Entry[], wholeIsLink: boolean): void {
  const repo = join(hub, FOLDER)
  if (wholeIsLink) return symlinkSync('models--org--twin', repo)
  mkdirSync(repo)
  for (const { path, kind, target: to } of given) {
    const at = join(repo, path)
    const parts = dirname(path).split('/')
    const above = parts.map((_, index) => join(repo, ...parts.slice(0, index + 1)))
    if (above.some((folder) => lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === false)) continue
    if (lstatSync(at, { throwIfNoEntry: false }) !== undefined) continue
    mkdirSync(dirname(at), { recursive: true })
    if (kind === 'folder') mkdirSync(at)
    else if (kind === 'file') writeFileSync(at, path.startsWith('refs/') ? A : path)
    else symlinkSync(to === 'PAYLOAD' ? payload : to === 'OUTSIDE' ? join(home, 'outside') : to, at)
  }
}

test(
  `whatever a plan is made of, carrying it out touches no byte outside of the model’s folder (${CASES} cases)`,
  {
    timeout: 600_000,
  },
  async () => {
    const before = stampAround().join('\n')
    const contents = [...snapshotOf(home)]
    const done = { model: 0, revision: 0, link: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(
        entries,
        fc.constantFrom(null, A, A, B, 'odd', '..'),
        fc.integer({ min: 0, max: 9 }),
        async (given, revision, odd) => {
          rmSync(join(hub, FOLDER), { recursive: true, force: true })
          rmSync(join(hub, '.locks'), { recursive: true, force: true })
          writeVictim(given, odd === 5)
          const facts = await readFacts({ root: hub, ...place }, locks, Date.now())
          const plan = planRemoval(facts, revision)
          if (plan.obstacle !== null) done.refused += 1
          else {
            try {
              await executeRemoval(plan, facts.locks, { locks, now: Date.now })
              done[plan.target] += 1
              if (plan.target !== 'revision') expect(readdirSync(hub)).not.toContain(FOLDER)
            } catch (error) {
              // The disk may refuse, as a revision that is not there does; nothing else is thrown.
              if (toErrno(error) === null) throw error
              done.refused += 1
            }
          }
          expect(stampAround().join('\n')).toBe(before)
        },
      ),
      { numRuns: CASES },
    )
    rmSync(join(hub, FOLDER), { recursive: true, force: true })
    rmSync(join(hub, '.locks'), { recursive: true, force: true })
    expect([...snapshotOf(home)]).toEqual(contents)
    for (const count of [done.model, done.revision, done.link]) expect(count).toBeGreaterThan(CASES / 100)
  },
)
