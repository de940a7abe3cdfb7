import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { healthReport, modelList } from '../../../shared/contract/models'
import {
  healthyFiles,
  healthyModel,
  lfsPointerModel,
  manyModels,
  safetensorsFile,
  truncatedShard,
  writeModel,
} from '../../../../e2e/fixtures/cache'
import { scanRoots, type CacheRoot, type ScanSkip } from '../cache'
import { createCatalog } from './catalog'
import type { ModelCatalog } from './types'

let hub: string
let more: string
let roots: CacheRoot[]
let scan: ReturnType<typeof vi.fn<(roots: readonly CacheRoot[], skip?: ScanSkip) => Promise<ReturnType<typeof scanRoots>>>>
let catalog: ModelCatalog

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'mlxk-catalog-'))
  hub = join(folder, 'hub')
  more = join(folder, 'more')
  roots = [{ path: hub, kind: 'primary', rule: 'default' }]
  scan = vi.fn((at, skip) => Promise.resolve(scanRoots(at, skip)))
  catalog = createCatalog({ roots: () => roots, scan })
  return () => rmSync(folder, { recursive: true, force: true })
})

describe('list', () => {
  test('a cache that is not there is an empty list with a reason (E29)', async () => {
    const list = await catalog.list()
    expect(list).toMatchObject({ models: [], count: 0, roots: [{ state: 'missing', reason: expect.any(String) }] })
    expect(modelList.parse(list)).toEqual(list)
    expect((await catalog.health()).summary).toEqual({ total: 0, healthy_count: 0, unhealthy_count: 0 })
  })

  test('all roots, the good and the bad, in the shape of the contract', async () => {
    healthyModel(hub)
    truncatedShard(hub)
    writeModel(more, 'other/model')
    roots.push({ path: more, kind: 'extra', rule: 'settings' }, { path: join(hub, 'none'), kind: 'extra', rule: 'settings' })
    const list = await catalog.list()
    expect(modelList.parse(list)).toEqual(list)
    expect(list.models.map(({ name, health, root }) => [name, health, root.kind])).toEqual([
      ['mlx-community/Tiny-Llama-4bit', 'healthy', 'primary'],
      ['mlx-community/Truncated-4bit', 'unhealthy', 'primary'],
      ['other/model', 'healthy', 'extra'],
    ])
    expect(list.roots.map(({ state }) => state)).toEqual(['ok', 'ok', 'missing'])
  })

  test('a change on the disk shows at the next call', async () => {
    const { snapshot } = healthyModel(hub)
    expect((await catalog.list()).models[0]?.health).toBe('healthy')
    truncateSync(join(snapshot, 'model.safetensors'), 30)
    expect((await catalog.list()).models[0]?.health).toBe('unhealthy')
    roots = []
    expect((await catalog.list()).count).toBe(0)
  })

  test('many models keep their order', async () => {
    const names = manyModels(hub, 60).map(({ name }) => name)
    expect((await catalog.list()).models.map(({ name }) => name)).toEqual(names)
  })
})

describe('health', () => {
  test('good and bad are told apart, counted, and each has its sentence', async () => {
    healthyModel(hub)
    lfsPointerModel(hub)
    const report = await catalog.health()
    expect(healthReport.parse(report)).toEqual(report)
    expect(report.summary).toEqual({ total: 2, healthy_count: 1, unhealthy_count: 1 })
    expect(report.unhealthy[0]).toMatchObject({ status: 'unhealthy', reason: expect.stringContaining('LFS pointer') })
  })

  test('one model by its name, with a revision too (E67); an unknown one is an error (E68)', async () => {
    writeModel(hub, 'o/m', { commit: 'a'.repeat(40) })
    writeModel(hub, 'o/m', { commit: 'b'.repeat(40), files: { 'config.json': '{' }, ref: null })
    expect((await catalog.health('m')).summary.healthy_count).toBe(1)
    expect((await catalog.health('m@bbb')).summary.unhealthy_count).toBe(1)
    await expect(catalog.health('zzz')).rejects.toMatchObject({ code: 'model_not_found' })
  })
})

describe('resolve', () => {
  test('leads to the folder of the snapshot', async () => {
    const { snapshot, commit } = healthyModel(hub)
    expect(await catalog.resolve('tiny')).toMatchObject({
      name: 'mlx-community/Tiny-Llama-4bit',
      hash: commit,
      snapshotPath: snapshot,
    })
  })

  test.each<[string, () => unknown, string]>([
    ['unhealthy', () => truncatedShard(hub, 'o/m'), 'model_unhealthy'],
    [
      'of another framework',
      () =>
        writeModel(hub, 'o/m', { files: { 'config.json': '{"model_type":"llama"}', 'model.safetensors': safetensorsFile(4, {}) } }),
      'model_incompatible',
    ],
    [
      'with its own code',
      () => writeModel(hub, 'o/m', { files: healthyFiles({ 'config.json': '{"model_type":"x","model_file":"m.py"}' }) }),
      'custom_code_refused',
    ],
    ['not there', () => undefined, 'model_not_found'],
  ])('a model that is %s is refused, with what to do', async (_name, prepare, code) => {
    prepare()
    await expect(catalog.resolve('o/m')).rejects.toMatchObject({
      code,
      message: expect.stringContaining('o/m'),
      hint: expect.any(String),
    })
  })

  test('a cache that cannot be read is said, instead of a missing model', async () => {
    writeFileSync(hub, '')
    await expect(catalog.resolve('o/m')).rejects.toMatchObject({ code: 'cache_unreadable', message: expect.stringContaining(hub) })
  })

  test('asked again, an unchanged model costs no scan', async () => {
    healthyModel(hub)
    const first = await catalog.resolve('tiny')
    expect(await catalog.resolve('tiny')).toEqual(first)
    expect(scan).toHaveBeenCalledTimes(1)
  })

  test.each<[string, (snapshot: string) => void, string]>([
    ['its weights are cut', (snapshot) => truncateSync(join(snapshot, 'model.safetensors'), 30), 'model_unhealthy'],
    ['it is removed', (snapshot) => rmSync(join(snapshot, '..', '..'), { recursive: true }), 'model_not_found'],
    ['its root is switched off', () => (roots = []), 'model_not_found'],
    ['another model fits the name', () => writeModel(hub, 'o/tiny'), 'ambiguous_match'],
  ])('remembered, but not when %s', async (_name, change, code) => {
    const { snapshot } = healthyModel(hub)
    await catalog.resolve('tiny')
    change(snapshot)
    await expect(catalog.resolve('tiny')).rejects.toMatchObject({ code })
  })

  test('a mended model is found good at once', async () => {
    const { snapshot } = healthyModel(hub)
    const weights = join(snapshot, 'model.safetensors')
    truncateSync(weights, 140)
    await expect(catalog.resolve('tiny')).rejects.toMatchObject({ code: 'model_unhealthy' })
    appendFileSync(weights, Buffer.alloc(safetensorsFile().length - 140))
    expect((await catalog.resolve('tiny')).summary.health).toBe('healthy')
  })

  test('a demo model is found by its short name while the demo is on', async () => {
    writeModel(more, 'mlx-knife-demo/hello')
    await expect(catalog.resolve('hello')).rejects.toMatchObject({ code: 'model_not_found' })
    roots = [...roots, { path: more, kind: 'demo', rule: 'demo' }]
    expect((await catalog.resolve('hello')).summary.root).toEqual({ path: more, kind: 'demo' })
  })

  test('the same name in two roots: the primary one', async () => {
    healthyModel(hub, 'o/m')
    healthyModel(more, 'o/m')
    roots = [...roots, { path: more, kind: 'extra', rule: 'settings' }]
    expect((await catalog.resolve('o/m')).summary.root.path).toBe(hub)
  })
})
