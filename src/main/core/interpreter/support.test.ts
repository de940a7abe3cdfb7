import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
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
  writeFileSync(join(home, 'resources', 'engine', 'lock.txt'), 'mlx-lm==1.2.3\n')
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

  test('the managed environment is found by its marker, and only a whole one', () => {
    const { hash } = readLock(join(home, 'resources'))
    const engine = join(home, 'engine')
    expect(locateManaged(engine, hash)).toBeNull()
    mkdirSync(join(engine, hash, 'one', 'bin'), { recursive: true })
    writeFileSync(join(engine, hash, 'one', 'bin', 'python'), '')
    for (const text of ['', '{}', '{"folder":"../one"}', '{"folder":"two"}']) {
      writeFileSync(join(engine, hash, 'complete.json'), text)
      expect(locateManaged(engine, hash)).toBeNull()
    }
    writeFileSync(join(engine, hash, 'complete.json'), '{"folder":"one"}')
    expect(locateManaged(engine, hash)).toBe(join(engine, hash, 'one', 'bin', 'python'))
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
