import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { displayWidth } from '../../../src/main/cli/output/table'
import { configList } from '../../../src/shared/contract/documents'
import { mlxk, mlxkOnTerminal, startMlxk } from '../../drivers/cli'
import { firstLine } from '../../drivers/process'
import { createHome, type TestHome } from './home'

let home: TestHome
let env: Record<string, string>
beforeEach(() => {
  home = createHome()
  env = { ...home.env, MLXK_PYTHON: join(home.root, 'no-python-here') }
})
afterEach(() => home.remove())

const file = (): string => join(home.data, 'settings.json')
const run = (...args: string[]) => mlxk(['config', ...args], { env })

describe('config', () => {
  it('says of every setting its value, what decides it, its default and what it may be', async () => {
    const { code, stdout } = await mlxk(['config', 'list', '--json'], { env: { ...env, MLXK_PORT: '', MLXK_MAX_TOKENS: '77' } })
    expect(code).toBe(0)
    const { settings } = configList.parse((JSON.parse(stdout) as { data: unknown }).data)
    const of = (key: string) => settings.find((setting) => setting.key === key)
    expect(of('server.port')).toMatchObject({
      value: 11811,
      source: 'default',
      default: 11811,
      variables: ['MLXK_PORT', 'MLXK2_PORT'],
    })
    expect(of('server.max_tokens')).toMatchObject({ value: 77, source: 'environment', variable: 'MLXK_MAX_TOKENS', default: null })
  })

  it('sets, gets and unsets one key, atomically, and leaves everything else in the file alone', async () => {
    await run('set', 'server.port', '8123')
    writeFileSync(
      file(),
      JSON.stringify({ ...(JSON.parse(readFileSync(file(), 'utf8')) as object), mine: { token: 'hf_secretOFmine' } }),
    )
    expect(await run('set', 'server.max_tokens', '500')).toMatchObject({ code: 0, stdout: 'server.max_tokens = 500\n' })
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({
      version: 1,
      mine: { token: 'hf_secretOFmine' },
      server: { port: 8123, max_tokens: 500 },
    })
    expect(statSync(file()).mode & 0o777).toBe(0o600)
    expect(await mlxk(['config', 'get', 'server.port'], { env: { ...env, MLXK_PORT: '' } })).toMatchObject({
      code: 0,
      stdout: '8123\n',
    })
    expect((await run('unset', 'server.port')).code).toBe(0)
    expect(JSON.parse(readFileSync(file(), 'utf8'))).not.toHaveProperty('server.port')
    // What is not a setting may be a secret: it is never shown.
    expect(JSON.stringify(await run('list', '--explain', '--json'))).not.toContain('secretOFmine')
    expect(JSON.stringify(await run('list', '--explain'))).not.toContain('secretOFmine')
  })

  it.each([
    [['set', 'server.prot', '1'], 'usage', 'server.port'],
    [['get', 'max_token'], 'usage', 'server.max_tokens'],
    [['unset', 'nothing.at.all'], 'usage', 'config list'],
    [['set', 'server.port', '70000'], 'invalid_setting', null],
    [['set', 'server.port'], 'usage', null],
    [['frobnicate'], 'usage', null],
    [[], 'usage', null],
  ])('%j is refused: %s', async (args, type, hint) => {
    const { code, stdout } = await run(...args, '--json')
    expect(code).toBe(2)
    const { error } = JSON.parse(stdout) as { error: { type: string; hint?: string } }
    expect(error.type).toBe(type)
    if (hint !== null) expect(error.hint).toContain(hint)
  })

  it('says when a variable goes before what was set', async () => {
    const { stderr, stdout } = await mlxk(['config', 'set', 'server.port', '9000'], { env: { ...env, MLXK_PORT: '9001' } })
    expect(stdout).toBe('server.port = 9000\n')
    expect(stderr).toContain('MLXK_PORT')
  })

  it('changes that come at once from many processes all hold', async () => {
    const keys = ['server.port 1', 'server.max_tokens 2', 'server.require_key true', 'log.level debug', 'demo.enabled false']
    const results = await Promise.all(keys.map((each) => run('set', ...each.split(' '))))
    expect(results.map(({ code }) => code)).toEqual(keys.map(() => 0))
    const { server, log, demo } = JSON.parse(readFileSync(file(), 'utf8')) as Record<string, Record<string, unknown> | undefined>
    expect(Object.keys({ ...server, ...log, ...demo })).toHaveLength(keys.length)
  })

  it('goes to the MLX Knife that runs, where it holds at once', async () => {
    const child = startMlxk(['serve', '--port', '0', '--json'], { env })
    try {
      const { data } = JSON.parse(await firstLine(child)) as { data: { url: string } }
      const page = { headers: { origin: 'https://chat.example' } }
      expect((await fetch(`${data.url}/v1/models`, page)).status).toBe(403)
      expect((await run('set', 'server.allowed_origins', 'https://chat.example')).code).toBe(0)
      expect((await fetch(`${data.url}/v1/models`, page)).status).toBe(200)
      expect((await run('unset', 'server.allowed_origins')).code).toBe(0)
      expect((await fetch(`${data.url}/v1/models`, page)).status).toBe(403)
    } finally {
      child.kill('SIGKILL')
    }
  })

  it('fits a narrow terminal, and NO_COLOR takes the colours away', async () => {
    const { screen } = await mlxkOnTerminal(['config', 'list'], { env, columns: 60 })
    for (const line of screen.split('\r\n')) expect(displayWidth(line)).toBeLessThanOrEqual(60)
    const plain = await mlxkOnTerminal(['config', 'list'], { env: { ...env, NO_COLOR: '1' }, columns: 60 })
    expect(plain.screen).not.toContain('\u001B[1m')
  })
})

describe('config key', () => {
  it('shows a key once, and never again', async () => {
    const { stdout, stderr } = await run('key', 'create', 'laptop')
    const key = stdout.trim()
    expect(key).toMatch(/^mlxk-[\w-]{43}$/)
    expect(stderr).not.toContain(key)
    const listed = await run('key', 'list')
    expect(listed.stdout).toContain('laptop')
    expect(JSON.stringify([listed, await run('key', 'list', '--json'), await run('list', '--json')])).not.toContain(key.slice(12))
    expect(readFileSync(join(home.data, 'api-keys.json'), 'utf8')).not.toContain(key.slice(12))
    expect(statSync(join(home.data, 'api-keys.json')).mode & 0o777).toBe(0o600)
    expect((await run('key', 'create', 'laptop')).code).toBe(1)
    expect((await run('key', 'create', 'x', '--scope', 'root')).code).toBe(2)
    expect((await run('key', 'revoke', 'laptop')).code).toBe(0)
    expect(await run('key', 'revoke', 'laptop')).toMatchObject({ code: 1 })
  })
})
