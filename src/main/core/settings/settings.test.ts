import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { migrate, migrations, SETTINGS_VERSION } from './document'
import { chooseLogLevel, chooseServer, createSettings } from '.'

function fileWith(text: string | null): string {
  const file = join(mkdtempSync(join(tmpdir(), 'mlxk-settings-')), 'settings.json')
  if (text !== null) writeFileSync(file, text)
  return file
}
const open = (settings: string, owner = false) => createSettings({ paths: { settings }, owner, now: () => 1234 })
const defaults = {
  version: 1,
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
  server: { host: '127.0.0.1', port: 11811, max_tokens: null },
  cache: { extra_roots: [] },
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
      demo: { enabled: false },
    })
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
  const settings = { ...defaults, version: 1 as const, server: { host: '127.0.0.1', port: 2000, max_tokens: 10 } }
  const port = (flag: number | undefined, env: Record<string, string>) => chooseServer({ port: flag }, env, settings).port

  test('an address that other machines can reach is refused, whoever names it', () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'mac-mini.local', '127.0.0.1.example.com']) {
      expect(() => chooseServer({ host }, {}, settings)).toThrow('API keys')
      expect(() => chooseServer({}, { MLXK_HOST: host }, settings)).toThrow('API keys')
    }
    for (const host of ['127.0.0.1', '::1', 'localhost']) expect(chooseServer({ host }, {}, settings).host.value).toBe(host)
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
    expect(chooseLogLevel({}).value).toBe('info')
    expect(chooseLogLevel({ MLXK_LOG_LEVEL: 'debug' }).value).toBe('debug')
    expect(chooseLogLevel({ MLXK2_LOG_LEVEL: 'WARNING' }).value).toBe('warn')
    expect(() => chooseLogLevel({ MLXK_LOG_LEVEL: 'loud' })).toThrow('MLXK_LOG_LEVEL')
  })
})
