import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commands } from '../../../src/main/cli/command-table'
import { demoModelNames } from '../../../src/main/core/demo'
import { commandData } from '../../../src/shared/contract/documents'
import { mlxk, startMlxk, type CliOptions } from '../../drivers/cli'
import { finish, firstLine } from '../../drivers/process'
import { oddCaches } from '../../fixtures/odd-caches'
import { projectFile } from '../../setup/build'
import { needsEngine, testPython } from '../../setup/needs'
import { createCacheHome, type CacheHome } from '../interop/support'
import { writePlainCache } from './caches'
import { validatePublished } from './published-schema'

type Form = 'full' | 'stream' | 'mlxk2'

let home: CacheHome
const validators = new Map<Form, ValidateFunction>()

beforeAll(() => {
  home = createCacheHome()
  writePlainCache(home.hub)
  for (const [index, { write }] of oddCaches.entries()) write(home.hub, `odd/model-${index}`)
  mkdirSync(join(home.root, 'data'), { recursive: true })
  const ajv = new Ajv2020({ strict: true, allErrors: true })
  formats.default(ajv)
  for (const form of ['full', 'stream', 'mlxk2'] as const) {
    validators.set(
      form,
      ajv.compile(JSON.parse(readFileSync(projectFile('docs', 'json', `${form}.schema.json`), 'utf8')) as object),
    )
  }
})
afterAll(() => home.remove())

function isValid(form: Form, document: unknown): boolean {
  const validate = validators.get(form)
  if (validate === undefined) throw new Error(`no schema for ${form}`)
  return validate(document)
}

/** Every document of one call in one form. */
async function documentsOf(form: Form, args: readonly string[], options: CliOptions = {}): Promise<unknown[]> {
  const flat = form === 'mlxk2' ? ({ json: 'mlxk2' } as const) : {}
  const words = form === 'mlxk2' ? args : [...args, `--json=${form}`]
  const { stdout } = await mlxk(words, { env: home.env, ...flat, ...options })
  const texts = form === 'stream' ? stdout.trim().split('\n') : [stdout]
  return texts.map((text): unknown => JSON.parse(text))
}

const forms: Form[] = ['full', 'stream', 'mlxk2']
const calls = [
  'list',
  'list no-such-thing',
  'show org/mixed-quantization',
  'show org/two-revisions --files',
  'show org/html-config',
  'health',
  'health org/torch',
  'version',
  'help',
  'show --help',
  'rm org/base --dry-run',
  'rm torch',
  'rm org/base org/nothing',
  'du',
  'du org/two-revisions',
  'prune --dry-run',
  'prune --category empty-folder --yes',
  'prune --category everything',
  'doctor',
  'engine status',
  'demo --remove',
  'show nowhere',
  'show 4bit',
  'show org/base@ffff',
  'lsit',
  'pull x',
  'list --bogus',
]

describe('the published schemas of our JSON', () => {
  it('know every command', () => {
    expect(Object.keys(commandData).sort()).toEqual([...Object.keys(commands), 'help'].sort())
  })

  describe.each(calls)('%s', (call) => {
    it.each(forms)('holds in the form %s', async (form) => {
      for (const document of await documentsOf(form, call.split(' '))) {
        isValid(form, document)
        expect(validators.get(form)?.errors ?? null).toBeNull()
      }
    })
  })

  it('holds for mlx-knife’s commands against its own schema, too', async () => {
    for (const call of calls.filter((each) => /^(list|show|health|rm|version)\b/.test(each) && !each.includes('--help'))) {
      const { stdout } = await mlxk([...call.split(' '), '--json'], { env: home.env })
      expect(validatePublished(JSON.parse(stdout))).toEqual([])
    }
  })

  it.each(forms)('holds for the line of a server that goes on, in the form %s', async (form) => {
    const flat = form === 'mlxk2' ? ({ json: 'mlxk2' } as const) : {}
    const child = startMlxk(['serve', '--port', '0', ...(form === 'mlxk2' ? [] : [`--json=${form}`])], { env: home.env, ...flat })
    try {
      expect(isValid(form, JSON.parse(await firstLine(child)))).toBe(true)
    } finally {
      const ended = finish(child)
      child.kill('SIGTERM')
      await ended
    }
  })

  it.runIf(needsEngine()).each(forms)('holds for an answer of a model, in the form %s', async (form) => {
    const env = { ...home.env, MLXK_PYTHON: testPython() }
    for (const args of [
      ['demo', '--once'],
      ['run', demoModelNames[0] ?? '', 'Hello', '--max-tokens', '8'],
    ]) {
      const documents = await documentsOf(form, args, { env, timeoutMs: 60_000 })
      for (const document of documents) expect([isValid(form, document), document]).toEqual([true, document])
      expect(documents.at(-1)).toMatchObject({ error: null })
      if (form === 'stream' && args[0] === 'run') expect(documents.length).toBeGreaterThan(1)
    }
  })

  it('refuse what is not ours', async () => {
    const [list] = (await documentsOf('full', ['list'])) as { data: { models: Record<string, unknown>[] } }[]
    expect(isValid('full', list)).toBe(true)
    expect(isValid('full', { ...list, api_version: 1 })).toBe(false)
    expect(isValid('full', { ...list, command: 'show' })).toBe(false)
    expect(isValid('full', { ...list, data: { ...list?.data, models: [{ ...list?.data.models[0], size_bytes: '1 GB' }] } })).toBe(
      false,
    )
    expect(isValid('mlxk2', { ...list?.data })).toBe(false)
    expect(isValid('stream', { type: 'progress' })).toBe(false)
  })
})
