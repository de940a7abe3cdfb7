import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { findLayout } from '../system'
import { createEngineSupport, locateManaged, locateNamed, readLock } from '.'

let home: string
let python: string
let models: string
let run: ReturnType<typeof vi.fn<(python: string, args: readonly string[]) => Promise<string>>>

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mlxk-support-'))
  python = join(home, 'python')
  models = join(home, 'models')
  mkdirSync(models)
  mkdirSync(join(home, 'resources', 'engine'), { recursive: true })
  writeFileSync(join(home, 'resources', 'engine', 'architectures.py'), '')
  writeFileSync(python, '')
  run = vi.fn(() => Promise.resolve(`noise\n${JSON.stringify({ version: '1.2.3', architectures: ['llama'], files: [models] })}\n`))
  return () => rmSync(home, { recursive: true, force: true })
})

const ask = (env: Record<string, string> = { MLXK_PYTHON: python }) =>
  createEngineSupport({
    env,
    platform: { home },
    paths: { engine: join(home, 'engine'), index: join(home, 'index') },
    layout: { resources: join(home, 'resources') },
    settings: { read: () => ({ engine: { python: null } }) },
    run,
  })

describe('what the engine can load', () => {
  test('is asked once per engine, by all processes together', async () => {
    const support = ask()
    expect(await support()).toEqual({ state: 'known', version: '1.2.3', architectures: new Set(['llama']) })
    await support()
    expect(await ask()()).toEqual(await support())
    expect(run).toHaveBeenCalledTimes(1)
    expect(run).toHaveBeenCalledWith(python, ['-I', join(home, 'resources', 'engine', 'architectures.py')])
  })

  test.each<[string, () => void]>([
    ['its files change', () => utimesSync(models, 1, 1)],
    ['the interpreter changes', () => writeFileSync(python, 'other')],
    ['our question changes', () => writeFileSync(join(home, 'resources', 'engine', 'architectures.py'), '# new')],
    ['the answer on disk is damaged', () => writeFileSync(join(home, 'index', 'architectures.json'), '[{"python":1}, null]')],
  ])('is asked again when %s', async (_when, change) => {
    await ask()()
    change()
    expect(await ask()()).toMatchObject({ state: 'known' })
    expect(run).toHaveBeenCalledTimes(2)
  })

  test('is missing without an engine, also when Python is there without one', async () => {
    expect(await ask({})()).toEqual({ state: 'missing' })
    expect(run).not.toHaveBeenCalled()
    run.mockResolvedValue(JSON.stringify({ version: null, architectures: [], files: [models] }))
    expect(await ask()()).toEqual({ state: 'missing' })
  })

  test.each([
    ['fails', () => Promise.reject(new Error('no such file'))],
    ['prints nonsense', () => Promise.resolve('hello')],
    ['prints something else', () => Promise.resolve('{"version":1}')],
  ])('is unknown when the interpreter %s, which is asked once', async (_what, answer) => {
    run.mockImplementation(answer)
    const support = ask()
    expect(await support()).toEqual({ state: 'unknown' })
    expect(await support()).toEqual({ state: 'unknown' })
    expect(run).toHaveBeenCalledTimes(1)
    expect(readdirSync(home)).not.toContain('index')
  })

  test('the managed environment is found by the pointer to it, and only a whole one', () => {
    const engine = join(home, 'engine')
    const active = join(engine, 'active.json')
    expect(locateManaged(engine)).toBeNull()
    const lock = 'a1b2'
    mkdirSync(join(engine, lock, 'one', 'bin'), { recursive: true })
    writeFileSync(join(engine, lock, 'one', 'bin', 'python'), '')
    for (const current of [null, {}, { lock, folder: '../one' }, { lock: '..', folder: 'one' }, { lock, folder: 'two' }]) {
      writeFileSync(active, JSON.stringify({ current }))
      expect(locateManaged(engine)).toBeNull()
    }
    writeFileSync(active, '')
    expect(locateManaged(engine)).toBeNull()
    writeFileSync(active, JSON.stringify({ current: { lock, folder: 'one' } }))
    expect(locateManaged(engine)).toBe(join(engine, lock, 'one', 'bin', 'python'))
  })

  test('each platform has a lock of its own, complete and with hashes; macOS has Metal and Linux has not', () => {
    const { resources } = findLayout(import.meta.dirname)
    const locks = [
      readLock(resources, { os: 'darwin', arch: 'arm64' }),
      readLock(resources, { os: 'linux', arch: 'x64' }),
      readLock(resources, { os: 'linux', arch: 'arm64' }),
    ]
    expect(new Set(locks.map(({ hash }) => hash)).size).toBe(3)
    expect(locks.map(({ path }) => /^mlx-metal==/m.test(readFileSync(path, 'utf8')))).toEqual([true, false, false])
    for (const { path, mlxLm, packages } of locks) {
      expect(mlxLm).toBe('0.32.2')
      const pins = readFileSync(path, 'utf8')
        .split(/^(?=[a-z])/m)
        .slice(1)
      expect(pins).toHaveLength(packages)
      for (const pin of pins) expect(pin).toMatch(/^\S+==\S+ ; .*\\\n( {4}--hash=sha256:[0-9a-f]{64}( \\)?\n)+$/)
    }
    expect(readLock(resources, { os: 'darwin', arch: 'x64' }).path).toBe(locks[0]?.path)
  })

  test('the environment’s interpreter comes before the setting’s; a bare word is looked up', () => {
    const platform = { home: '/home/me' }
    expect(locateNamed({}, platform, null)).toBeNull()
    expect(locateNamed({}, platform, '/usr/bin/python3')).toEqual({ source: 'settings', python: '/usr/bin/python3' })
    expect(locateNamed({ MLXK_PYTHON: '~/p' }, platform, '/x')).toEqual({ source: 'environment', python: '/home/me/p' })
    const found = locateNamed({ MLXK_PYTHON: 'python3.12', PATH: '/a:/b' }, platform, null, (path) => path.startsWith('/b'))
    expect(found?.python).toBe('/b/python3.12')
  })
})
