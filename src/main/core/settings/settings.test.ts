import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { changeSetting } from './change'
import { migrate, migrations, SETTINGS_VERSION } from './document'
import { chooseLogLevel, chooseServer, createSettings, explainSettings, findField, isLoopbackHost, readSetting } from '.'

function fileWith(text: string | null): string {
  const file = join(mkdtempSync(join(tmpdir(), 'mlxk-settings-')), 'settings.json')
  if (text !== null) writeFileSync(file, text)
  return file
}
const open = (settings: string, owner = false) => createSettings({ paths: { settings }, owner, now: () => 1234 })
const defaults = {
  version: 1 as const,
  engine: {
    python: null,
    max_models: null,
    memory_limit_gb: null,
    keep_alive_minutes: 15,
    safe_memory: 'auto' as const,
    concurrency: null,
    context_limit: null,
  },
  demo: { enabled: false },
  server: {
    host: '127.0.0.1',
    port: 11811,
    max_tokens: null,
    require_key: false,
    allowed_hosts: [],
    allowed_origins: [],
  },
  cache: { extra_roots: [] },
  downloads: { connections: 8, limit_mb_per_s: null },
  appearance: { theme: 'system' as const, language: 'system' as const },
  log: { level: 'info' as const },
}

describe('reading settings', () => {
  test('gives the defaults when there is no file, and makes none', () => {
    const file = fileWith(null)
    const store = open(file)
    expect(store.read()).toEqual(defaults)
    expect(store.problems()).toEqual([])
    expect(existsSync(file)).toBe(false)
  })
  test('takes what is there and defaults for the rest', () => {
    const store = open(fileWith('{"version":1,"server":{"port":8080},"cache":{"extra_roots":["/models"]}}'))
    expect(store.read()).toEqual({ ...defaults, server: { ...defaults.server, port: 8080 }, cache: { extra_roots: ['/models'] } })
  })
  test('a wrong value counts as not there and is reported by its name', () => {
    const store = open(fileWith('{"server":{"port":"many","host":"127.0.0.2"},"demo":7,"engine":{"python":"relative"}}'))
    expect(store.read()).toEqual({ ...defaults, server: { ...defaults.server, host: '127.0.0.2' } })
    expect(store.problems().map(({ key }) => key)).toEqual(['engine.python', 'server.port'])
    expect(store.problems()[1]?.message).toContain('0 (any free port) to 65535')
  })
  test.each(['{"version":', '[]', '7', '', 'null'])('a corrupt file (%j) is moved aside by the owner and reported', (text) => {
    const file = fileWith(text)
    const store = open(file, true)
    expect(store.read()).toEqual(defaults)
    expect(readFileSync(`${file}.corrupt-1234`, 'utf8')).toBe(text)
    expect(existsSync(file)).toBe(false)
    expect(store.problems()[0]?.message).toContain('.corrupt-1234')
  })
  test('a corrupt file is left alone by everyone else', () => {
    const file = fileWith('{')
    expect(open(file).read()).toEqual(defaults)
    expect(readFileSync(file, 'utf8')).toBe('{')
  })
})

describe('changing settings', () => {
  test('keeps what a person has written into the file since it was read', async () => {
    const file = fileWith('{"version":1,"server":{"port":1}}')
    const store = open(file, true)
    expect(store.read().server.port).toBe(1)
    writeFileSync(file, '{"version":1,"server":{"port":2},"mine":true}')
    await store.update((now) => ({ ...now, demo: { enabled: true } }))
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ server: { port: 2 }, demo: { enabled: true }, mine: true })
  })
  test('never replaces a file that cannot be read', async () => {
    const file = fileWith(null)
    // A folder in its place: what no rights of ours could read.
    mkdirSync(file)
    const store = open(file, true)
    expect(store.read()).toEqual(defaults)
    await expect(store.update((now) => ({ ...now, demo: { enabled: true } }))).rejects.toMatchObject({ code: 'EISDIR' })
    expect(store.read()).toEqual(defaults)
  })
  test('writes a private file, keeps keys it does not know, tells listeners', async () => {
    const file = fileWith('{"version":1,"future":{"a":1},"server":{"port":1,"later":true}}')
    const store = open(file, true)
    const heard: number[] = []
    store.subscribe(({ server }) => heard.push(server.port))
    await store.update((now) => ({ ...now, server: { ...now.server, port: 2 } }))
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      future: { a: 1 },
      server: { port: 2, later: true },
    })
    expect(readFileSync(file, 'utf8')).not.toContain('max_tokens')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(file, '..'))).toEqual(['settings.json'])
    expect(heard).toEqual([2])
    expect(open(file).read().server.port).toBe(2)
  })
  test('changes that come together all hold', async () => {
    const store = open(fileWith(null), true)
    const add = (path: string) => store.update((now) => ({ ...now, cache: { extra_roots: [...now.cache.extra_roots, path] } }))
    await Promise.all(['/a', '/b', '/c'].map(add))
    expect(store.read().cache.extra_roots).toEqual(['/a', '/b', '/c'])
  })
  test('refuses a value that is not allowed and keeps what was', async () => {
    const store = open(fileWith(null), true)
    const change = store.update((now) => ({ ...now, server: { ...now.server, port: 70_000 } }))
    await expect(change).rejects.toMatchObject({ code: 'invalid_setting', data: { key: 'server.port' } })
    expect(store.read()).toEqual(defaults)
  })
})

describe('migrations', () => {
  test('there is one for every version before this one', () => {
    expect(migrate({}).version).toBe(SETTINGS_VERSION)
    expect(Object.keys(migrations).map(Number)).toEqual(Array.from({ length: SETTINGS_VERSION }, (_, version) => version))
  })
  test('from 0: a file that a person began by hand', () => {
    expect(migrate({ server: { port: 1 } })).toEqual({ version: 1, server: { port: 1 } })
  })
  test('run one after the other and keep unknown keys', () => {
    const steps = {
      1: ({ old, ...rest }: Record<string, unknown>) => ({ ...rest, renamed: old }),
      2: (raw: Record<string, unknown>) => ({ ...raw, doubled: Number(raw['renamed']) * 2 }),
    }
    expect(migrate({ version: 1, old: 4, other: 'x' }, steps, 3)).toEqual({ version: 3, renamed: 4, doubled: 8, other: 'x' })
  })
  test('a newer file is read as far as it is known, and keeps its version when written', async () => {
    const file = fileWith('{"version":9,"server":{"port":5},"new":1}')
    const store = open(file, true)
    expect(store.read().server.port).toBe(5)
    await store.update((now) => now)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: 9, new: 1 })
  })
})

describe('precedence', () => {
  const settings = { ...defaults, server: { ...defaults.server, port: 2000, max_tokens: 10 } }
  const port = (flag: number | undefined, env: Record<string, string>) => chooseServer({ port: flag }, env, settings).port

  test.each(['0.0.0.0', '::', '192.168.1.5', 'mac-mini.local', '127.0.0.1.example.com'])(
    '%s can be reached by other machines',
    (host) => {
      expect(chooseServer({ host }, {}, settings).host.value).toBe(host)
      expect(isLoopbackHost(host)).toBe(false)
    },
  )
  test.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost', 'LOCALHOST'])('%s is of this machine alone', (host) => {
    expect(isLoopbackHost(host)).toBe(true)
  })
  test('flag > environment > settings > default, and says which', () => {
    expect(port(1, { MLXK_PORT: '3' })).toEqual({ value: 1, source: 'flag', from: '--port' })
    expect(port(undefined, { MLXK_PORT: '3', MLXK2_PORT: '4' })).toEqual({ value: 3, source: 'environment', from: 'MLXK_PORT' })
    expect(port(undefined, { MLXK2_PORT: '4' })).toEqual({ value: 4, source: 'environment', from: 'MLXK2_PORT' })
    expect(port(undefined, {})).toEqual({ value: 2000, source: 'settings', from: 'server.port' })
    expect(chooseServer({}, {}, settings).host).toEqual({ value: '127.0.0.1', source: 'default', from: null })
  })
  test('a variable set to nothing is not set; a flag may lift the limit', () => {
    expect(port(undefined, { MLXK_PORT: '', MLXK2_PORT: '4' }).value).toBe(4)
    expect(chooseServer({ maxTokens: null }, {}, settings).maxTokens).toMatchObject({ value: null, source: 'flag' })
  })
  test.each([
    ['MLXK_PORT', 'abc'],
    ['MLXK_PORT', '65536'],
    ['MLXK2_PORT', '-1'],
    ['MLXK_PORT', '1.5'],
    ['MLXK_MAX_TOKENS', '0'],
    ['MLXK_HOST', 'a b'],
  ])('%s=%s is refused with its name and what it may hold', (name, value) => {
    let refused: unknown
    try {
      chooseServer({}, { [name]: value }, settings)
    } catch (error) {
      refused = error
    }
    expect(refused).toMatchObject({ code: 'invalid_setting', data: { setting: name, value, allowed: expect.any(String) } })
    expect(String(refused)).toContain(name)
  })
  test('log levels by our names and by those mlx-knife documents', () => {
    expect(chooseLogLevel({}, defaults).value).toBe('info')
    expect(chooseLogLevel({}, { ...defaults, log: { level: 'error' } })).toMatchObject({ value: 'error', from: 'log.level' })
    expect(chooseLogLevel({ MLXK_LOG_LEVEL: 'debug' }, defaults).value).toBe('debug')
    expect(chooseLogLevel({ MLXK2_LOG_LEVEL: 'WARNING' }, defaults).value).toBe('warn')
    expect(() => chooseLogLevel({ MLXK_LOG_LEVEL: 'loud' }, defaults)).toThrow('MLXK_LOG_LEVEL')
  })
})

describe('changing one setting by its name', () => {
  test.each([
    ['server.port', '0', 0],
    ['server.max_tokens', 'none', null],
    ['server.require_key', 'on', true],
    ['server.allowed_origins', 'https://a.example, app://b', ['https://a.example', 'app://b']],
    ['cache.extra_roots', '["/a,b"]', ['/a,b']],
    ['engine.python', '/usr/bin/python3', '/usr/bin/python3'],
    ['log.level', 'WARNING', 'warn'],
  ])('%s = %s', (key, text, value) => expect(readSetting(findField(key), text)).toEqual(value))
  test.each([
    ['server.port', '65536'],
    ['server.port', 'many'],
    ['server.host', 'a b'],
    ['server.allowed_origins', 'https://a.example/path'],
    ['server.require_key', 'maybe'],
    ['engine.python', 'python3'],
    ['cache.extra_roots', '[1]'],
  ])('%s = %s is refused and says what it may hold', (key, text) => {
    const { allowed } = findField(key)
    expect(() => readSetting(findField(key), text)).toThrow(allowed)
  })
  test.each([
    ['server.prot', 'server.port'],
    ['port', 'server.port'],
    ['max-tokens', 'server.max_tokens'],
    ['Server.Host', 'server.host'],
    ['nothing.like.it', null],
    ['', null],
  ])('for %j the nearest name is %j', (key, nearest) => {
    let refused: unknown
    try {
      findField(key)
    } catch (error) {
      refused = error
    }
    expect(refused).toMatchObject({ code: 'usage', data: { nearest } })
  })
  test('touches that key alone, and unset leaves the default', async () => {
    const file = fileWith('{"version":1,"mine":1,"server":{"later":true,"port":5}}')
    const store = open(file, true)
    const field = findField('server.max_tokens')
    await store.edit((raw) => changeSetting(raw, field, 7))
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ version: 1, mine: 1, server: { later: true, port: 5, max_tokens: 7 } })
    await store.edit((raw) => changeSetting(raw, field, undefined))
    expect(store.read().server.max_tokens).toBeNull()
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ version: 1, mine: 1, server: { later: true, port: 5 } })
  })
  test('every setting says what decides it: variable over file over default, and what the file says all the same', () => {
    const store = open(fileWith('{"server":{"port":5,"max_tokens":null}}'))
    const explained = (env: Record<string, string>) =>
      Object.fromEntries(explainSettings(env, store.read(), store.raw()).map((each) => [each.key, each]))
    expect(explained({ MLXK2_PORT: '9' })['server.port']).toMatchObject({
      value: 9,
      source: 'environment',
      variable: 'MLXK2_PORT',
      inFile: 5,
    })
    expect(explained({})['server.port']).toMatchObject({ value: 5, source: 'settings', variable: null, fallback: 11811 })
    expect(explained({})['server.max_tokens']).toMatchObject({ value: null, source: 'settings' })
    expect(explained({})['server.host']).toMatchObject({ value: '127.0.0.1', source: 'default', inFile: undefined })
    expect(explained({ MLXK_PORT: 'x' })['server.port']).toMatchObject({
      value: 'x',
      problem: expect.stringContaining('MLXK_PORT'),
    })
  })
  test('the table and the type agree', () => {
    expect(open(fileWith(null)).read()).toEqual(defaults)
  })
})
