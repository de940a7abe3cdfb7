import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { userInfo } from 'node:os'
import Ajv from 'ajv'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mlxk, mlxkPath, startMlxk } from '../../drivers/cli'
import { end, finish, firstLine } from '../../drivers/process'
import { healthyModel, lfsPointerModel, truncatedShard, writeModel } from '../../fixtures/cache'
import { createHome, type TestHome } from '../cli/home'

/** The rows E173–E177 of the reference: what a process prints, and what it leaves untouched. */

const schemaFile = process.env['MLXK_TEST_JSON_SCHEMA'] ?? ''
let home: TestHome

beforeAll(() => {
  home = createHome()
  healthyModel(home.hub, 'org/Good-4bit')
  truncatedShard(home.hub, 'org/Cut-4bit')
  lfsPointerModel(home.hub, 'org/Pointer-4bit')
  writeModel(home.hub, 'org/torch', { files: { 'config.json': '{"model_type":"bert"}', 'pytorch_model.bin': 'x' } })
})
afterAll(() => home.remove())

const run = (args: readonly string[], env: Record<string, string> = {}) => mlxk(args, { env: { ...home.env, ...env } })

/** Commands and every way to type them wrong; what the published schema speaks of first. */
const inSchema = [
  ['list'],
  ['list', 'good'],
  ['list', './nowhere'],
  ['health'],
  ['health', 'Cut'],
  ['health', 'nowhere'],
  ['health', '4bit'],
  ['show', 'Good'],
  ['show', 'Good', '--files'],
  ['show', 'Good', '--config'],
  ['show', 'Cut'],
  ['show', 'nowhere'],
  ['show', 'Good@fff'],
  ['show', '4bit'],
  ['show', ''],
  ['version'],
  ['--version'],
  ['run', 'nowhere', 'Hello'],
  ['run', 'Pointer', 'Hello'],
  ['clone', 'org/Good-4bit', '/nowhere/at/all'],
  ['clone', 'org/Good-4bit'],
  ['list', '--bogus'],
  ['list', 'a', 'b'],
  ['show'],
  ['pull', 'org/x', 'y', 'z'],
]
const others = [['doctor'], ['verify', 'Good'], ['repair', 'Cut', '--dry-run'], ['engine', 'status'], ['demo', 'status']]
const noCommand = [[], ['lsit'], ['--bogus']]

describe('E173 every --json prints exactly one document', () => {
  test.each([...inSchema, ...others, ...noCommand].map((args) => [args]))('%j', async (args) => {
    const { stdout, stderr, code } = await run([...args, '--json'], { MLXK_PYTHON: '/nowhere/python' })
    const document = JSON.parse(stdout) as Record<string, unknown>
    expect(Object.keys(document).sort()).toEqual(['command', 'data', 'error', 'status'])
    expect(document['status']).toBe(code === 0 ? 'success' : 'error')
    expect(document['error'] === null).toBe(code === 0)
    expect(stderr).toBe('')
  })

  // The schema's list of commands has no null: where none could be read from the line there is nothing to name.
  test.skipIf(schemaFile === '')('that mlx-knife’s own schema accepts', async () => {
    const validate = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(schemaFile, 'utf8')) as object)
    for (const args of inSchema) {
      const { stdout } = await run([...args, '--json'])
      validate(JSON.parse(stdout))
      expect({ args, errors: validate.errors ?? [] }).toEqual({ args, errors: [] })
    }
  })
})

describe('E174 --json is understood wherever it stands', () => {
  test.each([
    [['list']],
    [['health', 'Good']],
    [['show', 'nowhere']],
    [['show', 'Good', '--files']],
    [['show', 'Good', '--config']],
  ])('%j', async (args) => {
    const after = await run([...args, '--json'])
    const before = await run(['--json', ...args])
    const between = await run([args[0] ?? '', '--json', ...args.slice(1)])
    expect(JSON.parse(before.stdout)).toEqual(JSON.parse(after.stdout))
    expect([before, between]).toEqual([after, after])
  })

  test('after "--" it is a word like any other', async () => {
    const { stdout, stderr, code } = await run(['show', '--', '--json'])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('"--json"')
  })
})

describe('E175 stdout is for the answer, stderr for people', () => {
  test.each([[['show', 'nowhere']], [['lsit']], [['list', '--bogus']], [['show']]])('%j', async (args) => {
    const human = await run(args)
    expect(human.stdout).toBe('')
    expect(human.stderr).toMatch(/^mlxk[^\n]*: /)
    expect((await run([...args, '--json'])).stderr).toBe('')
  })

  test('also when Node itself has something to say', async () => {
    const { stdout, stderr } = await run(['list', '--json'], {
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --trace-warnings`,
      NO_COLOR: '1',
      FORCE_COLOR: '1',
    })
    expect((JSON.parse(stdout) as { data: { count: number } }).data.count).toBe(4)
    expect(stderr).not.toContain('{')
  })
})

test('E176 two command lines and a server on one cache never write to it', async () => {
  const look = (): string[] =>
    readdirSync(home.hub, { recursive: true, encoding: 'utf8' }).map((path) => {
      const stats = statSync(join(home.hub, path))
      return `${path} ${stats.mtimeMs} ${stats.ctimeMs} ${stats.ino}`
    })
  const before = look()
  const server = startMlxk(['serve', '--port', '0', '--json'], {
    env: { ...home.env, MLXK_HOME: `${home.data}-server`, MLXK_PYTHON: '/nowhere/python' },
  })
  try {
    const { url } = (JSON.parse(await firstLine(server)) as { data: { url: string } }).data
    const models = async () =>
      ((await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] }).data.map(({ id }) => id)
    const [served] = await Promise.all([
      models(),
      run(['list', '--json']),
      run(['health', '--json']),
      run(['verify', '--json']),
      run(['show', 'Good', '--json']),
      models(),
    ])
    expect(served).toEqual(['org/Good-4bit'])
  } finally {
    await end(server)
  }
  expect(look()).toEqual(before)
})

describe('E177 no test reaches the user’s cache', () => {
  const own = join(userInfo().homedir, '.cache', 'huggingface', 'hub')

  test('the built program, pointed at it, cannot read it', async () => {
    const { stdout } = await run(['list', '--json=full'], { HF_HUB_CACHE: own })
    expect(JSON.parse(stdout)).toMatchObject({ data: { models: [], roots: [{ path: own, state: 'unreadable' }] } })
  })

  test('without any variable it looks into the test’s own home', async () => {
    const bare = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HF_|XDG_|MLXK_HOME)/.test(name)))
    const child = spawn(process.execPath, [mlxkPath, 'doctor', '--json'], {
      env: { ...bare, HOME: home.root },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const { stdout } = await finish(child)
    expect(stdout).toContain(join(home.root, '.cache', 'huggingface', 'hub'))
    expect(stdout).not.toContain(own)
  })

  test('a removal there is stopped, too', async () => {
    const script = `require('node:fs').rmSync(${JSON.stringify(own)}, { recursive: true, force: true })`
    const child = spawn(process.execPath, ['-e', script], { env: process.env, stdio: ['ignore', 'pipe', 'pipe'] })
    expect(await finish(child)).toMatchObject({ code: 1, stderr: expect.stringContaining('MLXK_TEST_GUARD') })
  })
})
