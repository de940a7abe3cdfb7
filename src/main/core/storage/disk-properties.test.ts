import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { healthyFiles, safetensorsFile, writeModel } from '../../../../e2e/fixtures/cache'
import { shareBlob } from '../../../../e2e/fixtures/shared-store'
import { spoilTree } from '../../../../e2e/fixtures/spoil'
import { bytesIn, createTestStorage, snapshotOf, type TestStorage } from '../../../../e2e/fixtures/storage'
import { AppError } from '../../../shared/errors'

/** Removals of spoiled models in a real file system, with everything around them hashed before and after. */
const full = process.env['MLXK_TEST_FULL'] === '1'
const CASES = full ? 10_000 : 600
/** A file system in memory, where the machine has one: each removal waits for the disk several times. */
const MEMORY_DISK = '/dev/shm'
const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const VICTIM = 'models--org--victim'
const weights = 'model.safetensors'

let base: string
beforeAll(() => (base = mkdtempSync(join(existsSync(MEMORY_DISK) ? MEMORY_DISK : tmpdir(), 'mlxk-disk-'))))
afterAll(() => rmSync(base, { recursive: true, force: true }))

const filesOf = (floats: number) => ({
  'config.json': '{"model_type":"llama"}',
  [weights]: safetensorsFile(floats),
  'sub/deep/notes.txt': `${floats}`,
})

interface Case {
  spoilings: [number, number, Uint8Array][]
  action: 'model' | 'revision' | 'prune'
  shared: boolean
}

/** Models around the victim, one with its commit and its weights; and files that are nobody's model. */
function writeAround(hub: string, shared: boolean): string | null {
  writeModel(hub, 'org/victim-large', { files: healthyFiles() })
  const twin = writeModel(hub, 'org/twin', { commit: B, files: filesOf(32) })
  mkdirSync(join(hub, 'datasets--org--victim', 'blobs'), { recursive: true })
  writeFileSync(join(hub, 'datasets--org--victim', 'blobs', 'x'), 'data')
  writeFileSync(join(hub, 'CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55')
  writeFileSync(join(hub, 'version.txt'), '1')
  writeFileSync(join(hub, '..', 'outside.json'), '{"a":1}')
  return shared ? shareBlob(hub, twin, weights) : null
}

function writeCase({ spoilings, shared }: Case): TestStorage & { payload: string | null } {
  const home = join(base, 'home')
  rmSync(home, { recursive: true, force: true })
  const made = createTestStorage({ home })
  const payload = writeAround(made.hub, shared)
  for (const [commit, floats, ref] of [
    [A, 16, 'v1'],
    [B, 32, 'main'],
  ] as const) {
    const victim = writeModel(made.hub, 'org/victim', { commit, files: filesOf(floats), ref })
    if (shared) shareBlob(made.hub, victim, weights)
  }
  spoilTree(join(made.hub, VICTIM), spoilings)
  return { ...made, payload }
}

/** What is not the victim's: all of the home but its folder, lock files, our own data, and of the store the payload that others use. */
function around(home: string, hub: string, payload: string | null): Record<string, unknown> {
  const folders = readdirSync(hub).filter((name) => ![VICTIM, '.locks', 'blobs'].includes(name))
  return {
    home: readdirSync(home)
      .filter((name) => name !== 'data')
      .map((name) => [name, name === 'hub' ? null : readFileSync(join(home, name), 'utf8')]),
    files: folders.flatMap((name) => {
      const path = join(hub, name)
      return name.includes('--')
        ? [...snapshotOf(path)].map(([inside, what]) => `${name}/${inside} ${what}`)
        : [`${name} ${readFileSync(path, 'utf8')}`]
    }),
    payload: payload === null ? null : readFileSync(payload).toString('hex'),
    marker: payload === null ? null : readFileSync(join(hub, 'blobs', '.huggingface-shared-blobs'), 'utf8'),
  }
}

test(
  `whatever the victim looks like, removing it touches no byte outside of its folder (${CASES} cases)`,
  { timeout: 1_800_000 },
  async () => {
    const bytes = fc.uint8Array({ maxLength: 30 })
    const cases: fc.Arbitrary<Case> = fc.record({
      spoilings: fc.array(fc.tuple(fc.nat(), fc.nat(), bytes), { maxLength: 6 }),
      action: fc.constantFrom('model' as const, 'revision' as const, 'prune' as const),
      shared: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        const { home, hub, storage, payload } = writeCase(given)
        const before = around(home, hub, payload)
        const inside = bytesIn(hub)
        const spec = given.action === 'revision' ? `org/victim@${A}` : 'org/victim'
        let freed: number | null = null
        try {
          if (given.action === 'prune') freed = (await storage.prune()).bytes_freed
          else freed = (await storage.remove(spec)).bytes_freed
        } catch (error) {
          expect(error).toBeInstanceOf(AppError)
          expect((error as AppError).code).not.toBe('internal')
        }
        expect(around(home, hub, payload)).toEqual(before)
        // What is said to be freed is, byte for byte; lists of references and refs are not counted where there is a store.
        if (freed !== null && !given.shared) expect(inside - bytesIn(hub)).toBe(freed)
        if (freed !== null && given.action === 'model') expect(readdirSync(hub)).not.toContain(VICTIM)
        // Nothing is left aside.
        if (freed !== null) expect(readdirSync(hub).filter((name) => name.startsWith('.mlxk'))).toEqual([])
      }),
      { numRuns: CASES },
    )
  },
)
