import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { scanRoots } from '../../../src/main/core/cache'
import { mlxk } from '../../drivers/cli'
import { foreignFiles, healthyModel, writeModel } from '../../fixtures/cache'
import { createTestStorage } from '../../fixtures/storage'
import type { TestHome } from '../cli/home'
import { full, namesOf, useRowCache } from './support'

/** The rows E1–E24 of the reference, about names, each on a cache on disk with the built CLI. */

const cache = useRowCache()
const { ask, list, shown } = cache
let home: TestHome
let hub: string
beforeEach(() => {
  home = cache.home()
  hub = cache.hub()
})

describe('names', () => {
  test('E1 every slash of a name is two dashes of a folder, and back', async () => {
    writeModel(hub, 'org/sub/model')
    expect(existsSync(join(hub, 'models--org--sub--model'))).toBe(true)
    expect(namesOf(await list())).toEqual(['org/sub/model'])
    expect(await shown('org/sub/model')).toBe('org/sub/model')
  })

  test.each([
    ['E2', 'models--org--model---x', 'org/model/-x'],
    ['E3', 'models--org----m', 'org//m'],
    ['E4', 'models--', ''],
  ])('%s the folder %s is listed as what it says, unhealthy', async (_row, folder, name) => {
    mkdirSync(join(hub, folder))
    expect(await list()).toMatchObject([{ name, health: 'unhealthy', hash: null }])
  })

  test('E4 other folders and files are left alone', async () => {
    foreignFiles(hub)
    mkdirSync(join(hub, 'spaces--a--b'))
    mkdirSync(join(hub, 'blobs', 'ab'), { recursive: true })
    const before = readdirSync(hub, { recursive: true })
    expect(await list()).toEqual([])
    expect(readdirSync(hub, { recursive: true })).toEqual(before)
  })

  test('E9, E10 a short name means mlx-community when that has it, and nothing is prefixed otherwise', async () => {
    writeModel(hub, 'mlx-community/Phi-3')
    writeModel(hub, 'org/Gemma')
    expect(await shown('Phi-3')).toBe('mlx-community/Phi-3')
    expect(await shown('Gemma')).toBe('org/Gemma')
    expect(await ask(['show', 'Qwen'])).toMatchObject({
      code: 1,
      error: { type: 'model_not_found', message: expect.stringContaining('"Qwen"') },
    })
  })

  test('E11 a part of a name in any case', async () => {
    writeModel(hub, 'mlx-community/Llama-3.2-1B-Instruct-4bit')
    expect(await shown('LLAMA-3.2-1b')).toBe('mlx-community/Llama-3.2-1B-Instruct-4bit')
  })

  test('E12, E13 several that fit are an error, sorted, also for people', async () => {
    for (const name of ['z/Llama-b', 'a/Llama-a']) writeModel(hub, name)
    for (const command of ['show', 'health']) {
      expect(await ask([command, 'llama'])).toMatchObject({
        code: 1,
        error: { type: 'ambiguous_match', matches: ['a/Llama-a', 'z/Llama-b'] },
      })
    }
    const { code, stdout, stderr } = await mlxk(['show', 'llama'], { env: home.env })
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/a\/Llama-a\n +z\/Llama-b/)
  })

  test('E14 an exact name wins although it is a part of another', async () => {
    for (const name of ['org/Phi-3', 'org/Phi-3-mini']) writeModel(hub, name)
    expect(await shown('org/Phi-3')).toBe('org/Phi-3')
  })

  /** Nothing leaves the machine: a name that is refused or not found is so by the cache alone. */
  const noNetwork = { HF_ENDPOINT: 'http://127.0.0.1:9', HF_HUB_OFFLINE: '1' }

  test.each(['', ' ', '\t\n'])('E5 %j is no name for any command, whatever is in the cache', async (spec) => {
    writeModel(hub, 'org/only')
    const answers = await Promise.all(
      ['show', 'health', 'verify', 'repair'].map((command) => ask([command, spec], { env: noNetwork })),
    )
    for (const answer of answers) expect(answer).toMatchObject({ code: 1, error: { type: 'invalid_name' } })
  })

  test('E6 a name has at most 96 characters, its revision not counted', async () => {
    const name = `org/${'x'.repeat(92)}`
    writeModel(hub, name, { commit: full('abc') })
    expect(await shown(`${name}@${full('abc')}`)).toBe(name)
    expect(await ask(['show', `${name}x`])).toMatchObject({
      code: 1,
      error: { type: 'invalid_name', message: expect.stringContaining('96') },
    })
  })

  test.each(['/o/m', 'o/m/', 'o//m'])('E7 %s is not o/m', async (spec) => {
    writeModel(hub, 'o/m')
    expect(await ask(['show', spec])).toMatchObject({ code: 1, data: null, error: { type: 'model_not_found' } })
  })

  test.each([
    ['o\\m', 'invalid_name'],
    ['o/..', 'invalid_name'],
    ['o/../m', 'invalid_name'],
    ['o/./m', 'invalid_name'],
    ['models--o--m/../../../dir', 'invalid_name'],
    ['../dir', 'model_not_found'],
    ['a/b/c', 'model_not_found'],
    ['o<m>', 'model_not_found'],
    ['o/\u0007m', 'invalid_name'],
  ])('E8 %j is refused here, as %s, and leads nowhere', async (spec, type) => {
    writeModel(hub, 'o/m')
    mkdirSync(join(home.root, 'dir'))
    const answers = await Promise.all(['show', 'repair'].map((command) => ask([command, spec], { cwd: hub, env: noNetwork })))
    for (const answer of answers) expect(answer).toMatchObject({ code: 1, error: { type } })
    expect(readdirSync(hub)).toEqual(['models--o--m'])
  })

  test('E15, E16 a full name that is not there is not taken for a model whose name it is a part of, where that does harm', async () => {
    healthyModel(hub, 'org/model-4bit')
    const { storage } = createTestStorage({
      home: home.root,
      scan: () => Promise.resolve(scanRoots([{ path: hub, kind: 'primary', rule: 'HF_HOME' }])),
    })
    await expect(storage.remove('org/model', { force: true })).rejects.toMatchObject({ code: 'model_not_found' })
    expect(existsSync(join(hub, 'models--org--model-4bit'))).toBe(true)
    // Looking at it does none.
    expect(await shown('org/model')).toBe('org/model-4bit')
  })

  test.each(['', ' ', '\t'])('E17 %j is no name, even with one model', async (spec) => {
    writeModel(hub, 'org/only')
    expect(await ask(['show', spec])).toMatchObject({ code: 1, error: { type: 'invalid_name' } })
  })

  test('E18, E22 a hash chooses the revision and settles the name, in either case', async () => {
    writeModel(hub, 'a/Llama', { commit: full('e96') })
    writeModel(hub, 'b/Llama', { commit: full('abc') })
    for (const spec of ['Llama@e96', 'Llama@E96', `a/Llama@${full('e96')}`]) expect(await shown(spec)).toBe('a/Llama')
  })

  test('E19 a hash that is not there is never another revision', async () => {
    writeModel(hub, 'a/Llama', { commit: full('e96') })
    expect(await ask(['show', 'Llama@fff'])).toMatchObject({
      code: 1,
      error: { type: 'hash_not_found', available_hashes: [full('e96')] },
    })
  })

  test('E20 a hash that fits several revisions is ambiguous', async () => {
    writeModel(hub, 'a/Llama', { commit: full('abc1') })
    writeModel(hub, 'a/Llama', { commit: full('abc2'), ref: null })
    expect(await ask(['show', 'Llama@abc'])).toMatchObject({
      error: { type: 'ambiguous_match', matches: [`a/Llama@${full('abc1')}`, `a/Llama@${full('abc2')}`] },
    })
    expect(await shown('Llama@abc2')).toBe('a/Llama')
  })

  test.each(['@abc', 'Model@', 'A@@b', 'A@b@c'])('E21 %s is a clear error', async (spec) => {
    writeModel(hub, 'org/Model')
    expect(await ask(['show', spec])).toMatchObject({
      code: 1,
      error: { type: 'invalid_name', message: expect.stringContaining('@') },
    })
  })

  test('E23 # chooses no revision', async () => {
    writeModel(hub, 'a/Llama', { commit: full('e96') })
    expect(await ask(['show', 'Llama#e96'])).toMatchObject({ code: 1, error: { type: 'model_not_found' } })
  })

  test('E24 spaces, signs, accents in either form, and control characters in folders', async () => {
    const odd = ['org/Modell mit Raum', 'org/模型✓', 'org/Mode\u0301le', 'org/tab\tmodel', 'org/line\nmodel']
    for (const name of odd) writeModel(hub, name)
    expect(namesOf(await list()).sort()).toEqual([...odd].sort())
    expect(await shown('模型')).toBe('org/模型✓')
    // Typed with the accent as one character.
    expect(await shown('org/mod\u00e9le')).toBe('org/Mode\u0301le')
    const { stdout } = await mlxk(['list', '--all'], { env: home.env })
    expect(stdout.split('\n').filter((line) => line.includes('model'))).toHaveLength(2)
  })

  test('names that differ only in case or form are two models, each reached exactly', async () => {
    const pairs = ['org/Model', 'org/model', 'org/caf\u00e9', 'org/cafe\u0301']
    for (const name of pairs) writeModel(hub, name)
    for (const name of pairs) expect(await shown(name)).toBe(name)
    expect(await ask(['show', 'org/MODEL'])).toMatchObject({
      error: { type: 'ambiguous_match', matches: ['org/Model', 'org/model'] },
    })
  })

  test('a folder name of 255 bytes is listed and reached by a part of it', async () => {
    const name = `org/${'x'.repeat(255 - 'models--org--'.length)}`
    writeModel(hub, name)
    expect(namesOf(await list())).toEqual([name])
    expect(await shown('xxxx')).toBe(name)
  })
})
