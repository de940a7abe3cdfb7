import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { publishedEnvelope } from '../../../src/main/cli/output/published'
import { mlxk, startMlxk, type CliOptions } from '../../drivers/cli'
import { finish } from '../../drivers/process'
import { danglingLink, healthyFiles, healthyModel, truncatedShard, writeModel } from '../../fixtures/cache'
import type { TestHome } from '../cli/home'
import { full, namesOf, useRowCache } from './support'

/** The rows E25–E46 of the reference, about workspaces and listing, and E176, each on a cache on disk with the built CLI. */

const cache = useRowCache()
const { ask, list, shown } = cache
let home: TestHome
let hub: string
beforeEach(() => {
  home = cache.home()
  hub = cache.hub()
})

describe('workspaces', () => {
  const writeWorkspace = (path: string, files = healthyFiles()): void => {
    mkdirSync(path, { recursive: true })
    for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content)
  }

  test('E25 a path without a config.json is no model', async () => {
    mkdirSync(join(home.root, 'empty'))
    writeModel(hub, 'org/empty')
    for (const spec of ['./empty', '../x', join(home.root, 'empty')]) {
      expect(await ask(['show', spec], { cwd: home.root })).toMatchObject({ code: 1, error: { type: 'model_not_found' } })
    }
  })

  test('E26 foo is the cache’s, ./foo the folder, in every command', async () => {
    writeModel(hub, 'org/foo')
    writeWorkspace(join(home.root, 'foo'), healthyFiles({ 'model.safetensors': 'not whole' }))
    const at = { cwd: home.root }
    expect(await shown('foo', at)).toBe('org/foo')
    expect(await shown('./foo', at)).toBe(join(home.root, 'foo'))
    expect(await ask(['health', 'foo'], at)).toMatchObject({ data: { summary: { healthy_count: 1 } } })
    expect(await ask(['health', './foo'], at)).toMatchObject({ data: { summary: { unhealthy_count: 1 } } })
  })

  test('E27 two workspaces that fit are ambiguous', async () => {
    const env = { MLXK_WORKSPACE_HOME: join(home.root, 'ws') }
    for (const name of ['llama-a', 'llama-b']) writeWorkspace(join(env.MLXK_WORKSPACE_HOME, name))
    expect(await ask(['show', 'llama'], { env })).toMatchObject({
      code: 1,
      error: { type: 'ambiguous_match', matches: ['llama-a', 'llama-b'] },
    })
    expect(await shown('llama-b', { env })).toBe(join(env.MLXK_WORKSPACE_HOME, 'llama-b'))
  })

  test('E28 a workspace does not hide the cache’s model of the same name from a report', async () => {
    const env = { MLXK_WORKSPACE_HOME: join(home.root, 'ws') }
    writeWorkspace(join(env.MLXK_WORKSPACE_HOME, 'foo'))
    truncatedShard(hub, 'foo')
    expect(await ask(['health'], { env })).toMatchObject({
      data: { healthy: [{ name: 'foo' }], unhealthy: [{ name: 'foo', reason: expect.stringContaining('truncated') }] },
    })
  })

  test('rows outside the cache say so, and nothing about where they came from', async () => {
    const env = { MLXK_WORKSPACE_HOME: join(home.root, 'ws') }
    writeWorkspace(join(env.MLXK_WORKSPACE_HOME, 'mine'))
    mkdirSync(join(env.MLXK_WORKSPACE_HOME, 'no-model'))
    writeModel(hub, 'org/cached')
    expect(await list([], { env })).toMatchObject([
      {
        name: join(env.MLXK_WORKSPACE_HOME, 'mine'),
        display_name: 'mine',
        cached: false,
        hash: null,
        origin: null,
        content_hash: null,
        clean: null,
        health: 'healthy',
      },
      { name: 'org/cached', cached: true },
    ])
    expect(await list(['mine'], { env })).toHaveLength(1)
  })

  test('E38 a path lists folders only: that one, those in it, or those that begin so', async () => {
    for (const name of ['b-two', 'b-one', 'other']) writeWorkspace(join(home.root, 'ws', name))
    writeModel(hub, 'org/b-cached')
    const at = { cwd: join(home.root, 'ws') }
    const rows = async (pattern: string, options: CliOptions = at) =>
      (await list([pattern], options)).map((row) => row.display_name)
    expect(await rows('./b-one')).toEqual(['./b-one'])
    expect(await rows('.')).toEqual(['./b-one', './b-two', './other'])
    expect(await rows('./b')).toEqual(['./b-one', './b-two'])
    expect(await rows('../ws')).toEqual(['../ws/b-one', '../ws/b-two', '../ws/other'])
    expect(await rows(join(home.root, 'ws', 'ot'))).toEqual([join(home.root, 'ws', 'other')])
    expect(await rows('./nothing')).toEqual([])
  })

  test('a path into a cache is that revision of that model', async () => {
    const model = writeModel(hub, 'org/foo', { commit: full('abc') })
    writeModel(hub, 'org/foo', { commit: full('def') })
    const { data } = await ask(['show', model.snapshot])
    expect(data).toMatchObject({ model: { name: 'org/foo', hash: full('abc'), health: 'healthy' } })
  })
})

describe('scan', () => {
  test('E29 a cache that is not there is an empty one', async () => {
    rmSync(join(home.root, 'hf'), { recursive: true })
    expect(await list()).toEqual([])
    expect(await ask(['health'])).toMatchObject({ code: 0, data: { summary: { total: 0 } } })
    expect(await ask(['show', 'x'])).toMatchObject({ code: 1, error: { type: 'model_not_found' } })
  })

  test('E30, E31 the variables that Python reads, empty ones as if unset', async () => {
    const own = join(home.root, 'own')
    writeModel(own, 'org/own')
    writeModel(join(home.root, '.cache', 'huggingface', 'hub'), 'org/default')
    expect(namesOf(await list([], { env: { HF_HUB_CACHE: own } }))).toEqual(['org/own'])
    expect(namesOf(await list([], { env: { HUGGINGFACE_HUB_CACHE: own, HF_HUB_CACHE: '' } }))).toEqual(['org/own'])
    expect(namesOf(await list([], { env: { HF_HOME: '', XDG_CACHE_HOME: '' } }))).toEqual(['org/default'])
  })

  test('E32, E33 no revisions: listed, unhealthy, with the reason', async () => {
    mkdirSync(join(hub, 'models--org--none'))
    mkdirSync(join(hub, 'models--org--some', 'snapshots'), { recursive: true })
    expect(await list()).toMatchObject([
      { name: 'org/none', hash: null, health: 'unhealthy', reason: expect.stringContaining('snapshots') },
      { name: 'org/some', hash: null, health: 'unhealthy', reason: expect.any(String) },
    ])
  })

  test('E34 the complete revision of refs/main stands for the model, not the newer half one', async () => {
    const whole = writeModel(hub, 'org/m', { commit: full('abc') })
    const half = join(whole.repo, 'snapshots', full('def'))
    mkdirSync(half)
    writeFileSync(join(half, 'config.json'), '{"model_type":"llama"}')
    const later = Date.now() / 1000 + 100
    utimesSync(half, later, later)
    expect(await list()).toMatchObject([{ hash: full('abc'), health: 'healthy' }])
    rmSync(join(whole.repo, 'refs'), { recursive: true })
    expect(await list()).toMatchObject([{ hash: full('abc'), health: 'healthy' }])
  })

  test('E35 a revision that is no commit has no hash, and is the same model everywhere', async () => {
    const model = writeModel(hub, 'org/m', { ref: null })
    renameSync(model.snapshot, join(model.repo, 'snapshots', 'main'))
    expect(await list()).toMatchObject([{ hash: null, health: 'healthy' }])
    expect(await ask(['show', 'org/m'])).toMatchObject({ data: { model: { hash: null, health: 'healthy' } } })
    expect(await ask(['health'])).toMatchObject({ data: { summary: { healthy_count: 1 } } })
  })

  test('E36, E37 a pattern filters in any case, flags for people change nothing', async () => {
    healthyModel(hub)
    truncatedShard(hub)
    expect(await list(['TINY'])).toHaveLength(1)
    expect(await list(['nothing'])).toEqual([])
    expect(await list(['--all', '--health', '--verbose'])).toEqual(await list())
  })

  test('E39 people see what can run, and all with --all', async () => {
    healthyModel(hub)
    truncatedShard(hub)
    const run = async (...args: string[]) => (await mlxk(['list', ...args], { env: home.env })).stdout
    expect(await run()).toMatch(/^Tiny-Llama-4bit /m)
    expect(await run()).not.toContain('Truncated')
    expect(await run('--all')).toMatch(/^Truncated-4bit /m)
    expect(await run('--verbose')).toContain('mlx-community/Tiny-Llama-4bit')
  })

  test('E40 last_modified is UTC whatever the clock’s zone', async () => {
    const { repo } = healthyModel(hub)
    utimesSync(repo, 1_763_800_000, 1_763_800_000)
    // Each in a data folder of its own: what one learnt, the other would only repeat.
    for (const TZ of ['UTC', 'Pacific/Auckland']) {
      expect(await list([], { env: { TZ, MLXK_HOME: join(repo, '..', '..', '..', `data-${TZ.length}`) } })).toMatchObject([
        { last_modified: '2025-11-22T08:26:40Z' },
      ])
    }
  })

  test('E41 a blob that two files share counts once', async () => {
    const { snapshot } = writeModel(hub, 'org/m', { files: { 'config.json': '{"model_type":"x"}', 'a.bin': 'x'.repeat(1000) } })
    const before = (await list())[0]?.size_bytes
    symlinkSync(readlinkSync(join(snapshot, 'a.bin')), join(snapshot, 'b.bin'))
    expect(await list()).toMatchObject([{ size_bytes: before }])
  })

  test('E42 a tokenizer of many megabytes is searched, not parsed', async () => {
    const big = `{"vocab": {${'"a":1,'.repeat(4_000_000)}"z":1}, "chat_template": "x"}`
    writeModel(hub, 'org/m', { files: healthyFiles({ 'tokenizer.json': big, 'tokenizer_config.json': '{"a":1}' }) })
    expect(await list()).toMatchObject([{ model_type: 'chat', health: 'healthy' }])
  })

  test('E43 a cache that changes all the time is listed all the same', async () => {
    healthyModel(hub)
    const running = finish(startMlxk(['list', '--json'], { env: home.env }))
    for (let round = 0; round < 40; round++) {
      const churn = writeModel(hub, 'org/churn', { files: healthyFiles({ 'config.json': `{"model_type":"a${round}"}` }) })
      await new Promise((resolve) => setImmediate(resolve))
      rmSync(churn.repo, { recursive: true, force: true })
    }
    const { code, stdout } = await running
    expect(code).toBe(0)
    expect(namesOf(publishedEnvelope('list').parse(JSON.parse(stdout)).data.models)).toContain('mlx-community/Tiny-Llama-4bit')
  })

  test('E45 links that loop, leave the model or lead to a device are findings, and nothing is followed', async () => {
    const { snapshot } = writeModel(hub, 'org/odd')
    const secret = join(home.root, 'secret.json')
    writeFileSync(secret, '{"secret":"SECRET"}')
    unlinkSync(join(snapshot, 'config.json'))
    symlinkSync(secret, join(snapshot, 'config.json'))
    symlinkSync('loop.bin', join(snapshot, 'loop.bin'))
    symlinkSync('/dev/zero', join(snapshot, 'zero.bin'))
    symlinkSync('..', join(snapshot, 'up'))
    healthyModel(hub)
    const { data } = await ask(['health'])
    expect(data).toMatchObject({ summary: { total: 2, healthy_count: 1, unhealthy_count: 1 } })
    const { stdout } = await mlxk(['show', 'org/odd', '--config', '--json=full'], { env: home.env })
    expect(stdout).not.toContain('SECRET')
    expect(JSON.parse(stdout)).toMatchObject({ data: { model: { size_bytes: expect.any(Number) } } })
  })

  // Root reads everything: shown to a user who is not.
  test.skipIf(process.getuid?.() === 0)('E46 a folder that may not be read is that model’s problem', async () => {
    const { repo } = writeModel(hub, 'org/locked')
    healthyModel(hub)
    chmodSync(repo, 0)
    try {
      expect(await list()).toMatchObject([
        { health: 'healthy' },
        { name: 'org/locked', health: 'unhealthy', reason: expect.stringContaining('may not') },
      ])
    } finally {
      chmodSync(repo, 0o755)
    }
  })

  test('E46 a folder that cannot be listed is that model’s problem', async () => {
    const { repo } = writeModel(hub, 'org/broken')
    danglingLink(hub)
    healthyModel(hub)
    rmSync(join(repo, 'blobs'), { recursive: true })
    // As good as unreadable, also for root.
    symlinkSync('blobs', join(repo, 'blobs'))
    expect(await list()).toMatchObject([
      { name: 'mlx-community/Dangling-4bit', health: 'unhealthy' },
      { name: 'mlx-community/Tiny-Llama-4bit', health: 'healthy' },
      { name: 'org/broken', health: 'unhealthy', reason: expect.stringContaining('circle') },
    ])
  })

  test('E44, E176 several commands at once write nothing into the cache', async () => {
    healthyModel(hub)
    truncatedShard(hub)
    const look = (): string[] =>
      readdirSync(hub, { recursive: true, encoding: 'utf8' }).map((path) => {
        const { mtimeMs, ctimeMs } = statSync(join(hub, path))
        return `${path} ${mtimeMs} ${ctimeMs}`
      })
    const before = look()
    await Promise.all([list(), list(), ask(['health']), ask(['show', 'tiny']), list()])
    expect(look()).toEqual(before)
  })

  test('the index only saves time: with it, without it, and with a damaged one the answers are the same', async () => {
    healthyModel(hub)
    truncatedShard(hub)
    const first = await list()
    const file = join(home.data, 'index', 'models.json')
    await expect.poll(async () => (await list(), readFileSync(file, 'utf8').length)).toBeGreaterThan(500)
    expect(await list()).toEqual(first)
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('healthy', 'whealthy'))
    expect(await list()).toEqual(first)
    rmSync(join(home.data, 'index'), { recursive: true })
    expect(await list()).toEqual(first)
  })
})
