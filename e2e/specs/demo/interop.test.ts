import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { scanCacheDir } from '@huggingface/hub'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scanRoots, type ScannedRepo } from '../../../src/main/core/cache'
import { demoModelNames, writeDemoModels, type WrittenRepo } from '../../../src/main/core/demo'
import { needsEngine, testPython } from '../../setup/needs'

const folder = mkdtempSync(join(tmpdir(), 'mlxk-interop-'))
const hub = join(folder, 'hub')
const names = [...demoModelNames].sort()
let written: WrittenRepo[]
let ours: ScannedRepo[]

beforeAll(async () => {
  written = await writeDemoModels(hub)
  ours = scanRoots([{ path: hub, kind: 'demo', rule: 'demo' }]).roots.flatMap(({ repos }) => repos)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const commitOf = (name: string): string => written.find((repo) => repo.name === name)?.commit ?? ''
const sizeOf = (name: string): number =>
  ours.find((repo) => repo.name === name)?.blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) ?? 0

describe('the cache that the demo writes', () => {
  test('is read by @huggingface/hub without a warning, with the sizes we see', async () => {
    const info = await scanCacheDir(hub)
    expect(info.warnings).toEqual([])
    const repos = [...info.repos].sort((a, b) => (a.id.name < b.id.name ? -1 : 1))
    expect(repos.map(({ id, size }) => [id.name, size])).toEqual(names.map((name) => [name, sizeOf(name)]))
    expect(repos.flatMap(({ revisions }) => revisions.map(({ commitOid, refs }) => [commitOid, refs]))).toEqual(
      names.map((name) => [commitOf(name), ['main']]),
    )
  })

  test.runIf(needsEngine())("is read by Python's huggingface_hub without a warning, with the sizes we see", async () => {
    const { stdout } = await promisify(execFile)(testPython(), [join(import.meta.dirname, 'scan.py'), hub])
    expect(JSON.parse(stdout)).toEqual({
      warnings: [],
      repos: names.map((name) => ({
        id: name,
        size: sizeOf(name),
        revisions: [{ commit: commitOf(name), refs: ['main'] }],
        config: true,
      })),
    })
  })
})
