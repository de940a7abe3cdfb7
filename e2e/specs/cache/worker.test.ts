import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createScanner, listPlaces, scanRoots, stampPlaces, type CacheRoot } from '../../../src/main/core/cache'
import { findLayout } from '../../../src/main/core/system'
import { danglingLink, foreignFiles, interruptedDownload, manyModels, noRefs, truncatedShard } from '../../fixtures/cache'

const folder = mkdtempSync(join(tmpdir(), 'mlxk-worker-'))
const roots: CacheRoot[] = [
  { path: join(folder, 'hub'), kind: 'primary', rule: 'default' },
  { path: join(folder, 'nowhere'), kind: 'extra', rule: 'settings' },
]
const layout = findLayout(import.meta.dirname)

beforeAll(() => {
  if (!existsSync(join(layout.outMain, 'scan-worker.cjs'))) throw new Error('The worker is not built: run "npm run build" first.')
  const hub = join(folder, 'hub')
  manyModels(hub, 50)
  for (const write of [danglingLink, interruptedDownload, noRefs, truncatedShard]) write(hub)
  foreignFiles(hub)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the built scan worker', () => {
  test('sees exactly what the scan in this thread sees, again and again', async () => {
    const scanner = createScanner({ inWorker: true, layout })
    const here = scanRoots(roots)
    expect(here.roots[0]?.repos).toHaveLength(54)
    expect(await Promise.all([scanner.scan(roots), scanner.scan(roots)])).toEqual([here, here])
    expect(await scanner.scan([])).toEqual({ roots: [] })
    const known = new Map(
      here.roots.flatMap(({ repos }) =>
        repos.map((repo) => [repo.path, { places: listPlaces(repo), stamp: stampPlaces(repo.path, listPlaces(repo)).value }]),
      ),
    )
    expect(await scanner.scan(roots, known)).toEqual(scanRoots(roots, known))
    expect((await scanner.scan(roots, known)).roots[0]).toMatchObject({ repos: [], unchanged: { length: 54 } })
    expect(await scanner.scan(roots, 'names')).toEqual(scanRoots(roots, 'names'))
    await scanner.close()
  })
})
