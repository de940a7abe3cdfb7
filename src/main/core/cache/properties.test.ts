import fc from 'fast-check'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppError } from '../../../shared/errors'
import { listPlaces, stampPlaces } from './fingerprint'
import { parseModelSpec, toRepoFolder, toRepoName } from './names'
import { resolveModel } from './resolve'
import { scanRoots } from './scan'

/** Planning properties, in memory; the trees are on the disk and fewer, unless the full size is asked for. */
const full = process.env['MLXK_TEST_FULL'] === '1'
const inMemory = { numRuns: 10_000 }
const onDisk = { numRuns: full ? 5000 : 1000 }

/** Parts of names as the Hub allows them: no two dashes in a row, none at the ends. */
const part = fc
  .stringMatching(/^[A-Za-z0-9_.]([A-Za-z0-9_.]|-[A-Za-z0-9_.]){0,20}$/)
  .filter((text) => text !== '.' && text !== '..')
const name = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))

describe('names', () => {
  test('a name comes back from its folder, and is reached by it', () => {
    fc.assert(
      fc.property(name, fc.array(name, { maxLength: 5 }), (wanted, others) => {
        const folder = toRepoFolder(wanted)
        expect(folder).not.toMatch(/[/\0]/)
        expect(toRepoName(folder)).toBe(wanted)
        if (Array.from(wanted).length > 96) return
        const repos = [...others, wanted].map((entry) => ({ name: entry, snapshots: [] }))
        expect(resolveModel(wanted, repos).repo.name).toBe(wanted)
      }),
      inMemory,
    )
  })

  test(
    'whatever is typed leads to one of the repos that are there, or to a typed error; never to a path',
    { timeout: 60_000 },
    () => {
      const odd = fc.oneof(
        fc.string({ unit: 'binary' }),
        name,
        fc.constantFrom(
          '../../etc/passwd',
          '/etc/passwd',
          '~',
          '.',
          '..',
          'a/../../b',
          '@',
          'a@',
          'models--a--b',
          '\\\\host\\share',
          'C:\\x',
        ),
        fc.tuple(name, fc.string()).map(([model, hash]) => `${model}@${hash}`),
      )
      const repos = fc.array(
        fc.record({
          name: fc.oneof(name, fc.string()),
          snapshots: fc.array(fc.record({ hash: fc.stringMatching(/^[0-9a-f]{1,8}$/) }), { maxLength: 3 }),
        }),
        { maxLength: 6 },
      )
      fc.assert(
        fc.property(odd, repos, (spec, there) => {
          try {
            const { repo, hash } = resolveModel(spec, there)
            expect(there).toContain(repo)
            if (hash !== null)
              expect(there.filter(({ name: same }) => same === repo.name).flatMap(({ snapshots }) => snapshots)).toContainEqual({
                hash,
              })
          } catch (error) {
            expect(error).toBeInstanceOf(AppError)
            expect(['invalid_name', 'model_not_found', 'ambiguous_match', 'hash_not_found']).toContain((error as AppError).code)
            expect((error as AppError).message.length).toBeLessThan(1500)
          }
        }),
        inMemory,
      )
    },
  )

  test('what passes as a name builds a folder of one level', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (spec) => {
        let parsed
        try {
          parsed = parseModelSpec(spec)
        } catch (error) {
          expect(error).toBeInstanceOf(AppError)
          return
        }
        expect(join('/root', toRepoFolder(parsed.name))).toMatch(/^\/root\/models--[^/]*$/s)
      }),
      inMemory,
    )
  })
})

interface Entry {
  path: string[]
  kind: 'file' | 'folder' | 'link' | 'locked'
  text: string
}

const commit = 'a'.repeat(40)
const piece = fc.constantFrom(
  'blobs',
  'refs',
  'snapshots',
  'trees',
  'main',
  commit,
  'b'.repeat(40),
  'x'.repeat(255),
  'config.json',
  'model.safetensors',
  `${'c'.repeat(64)}.incomplete`,
  '\u0007\n"',
  'e\u0301',
  '.locks',
)
const entry: fc.Arbitrary<Entry> = fc.record({
  path: fc.array(piece, { minLength: 1, maxLength: 4 }),
  kind: fc.constantFrom('file', 'folder', 'link', 'locked'),
  text: fc.constantFrom(
    '',
    commit,
    '{"model_type":"llama"}',
    '..',
    '.',
    '/etc',
    '/dev/zero',
    '../../blobs/x',
    'main',
    '../../../..',
    `../../blobs/cc/${'c'.repeat(64)}`,
    '\uffff\0'.replace('\0', ''),
  ),
})

describe('scanning', () => {
  let folder: string
  let hub: string
  let outside: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mlxk-tree-'))
    // So deep that no link of the tests leads to a folder in which others work at the same time.
    hub = join(folder, 'a', 'b', 'c', 'd', 'e', 'hub')
    outside = join(folder, 'outside')
    for (const each of [hub, outside]) mkdirSync(each, { recursive: true })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const write = ({ path, kind, text }: Entry): void => {
    const place = join(hub, 'models--o--m', ...path)
    try {
      mkdirSync(join(place, '..'), { recursive: true })
      if (kind === 'folder') mkdirSync(place)
      else if (kind === 'link') symlinkSync(text === '' ? outside : text, place)
      else writeFileSync(place, text)
      if (kind === 'locked') chmodSync(place, 0)
    } catch {
      // The place is taken by another entry, or too long: the tree is odd enough.
    }
  }

  test('whatever lies in a model’s folder: no exception, one repo, nothing from outside, nothing changed', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 14 }), (entries) => {
        rmSync(hub, { recursive: true, force: true })
        mkdirSync(join(hub, 'models--o--m'), { recursive: true })
        for (const one of entries) write(one)
        utimesSync(hub, 1_000_000_000, 1_000_000_000)
        const { ctimeMs } = statSync(hub)
        const roots = [{ path: hub, kind: 'primary' as const, rule: 'default' }]
        const [root] = scanRoots(roots).roots
        const [repo, ...more] = root?.repos ?? []
        expect(more).toEqual([])
        expect(repo?.name).toBe('o/m')
        for (const { path, files } of repo?.snapshots ?? []) {
          expect(path.startsWith(`${repo?.path}/`)).toBe(true)
          for (const file of files) expect(file.path).not.toMatch(/^\/|(^|\/)\.\.(\/|$)/)
        }
        if (repo === undefined) return
        const places = listPlaces(repo)
        const known = new Map([[repo.path, { places, stamp: stampPlaces(repo.path, places).value }]])
        expect(scanRoots(roots, known).roots[0]).toMatchObject({ repos: [], unchanged: ['models--o--m'] })
        expect(statSync(hub).ctimeMs).toBe(ctimeMs)
      }),
      onDisk,
    )
  }, 120_000)
})
