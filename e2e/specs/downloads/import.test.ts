import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { mlxk } from '../../drivers/cli'
import { startFakeHub, type FakeHub } from '../../fakes/hub'
import { healthyFiles, safetensorsFile } from '../../fixtures/cache'
import { needsEngine } from '../../setup/needs'
import { createHome, type TestHome } from '../cli/home'
import { hf } from '../interop/support'

const name = 'org/model'
const files: Record<string, string | Buffer> = { ...healthyFiles(), 'sub/extra.json': '{}' }
let home: TestHome
let hub: FakeHub
let folder = ''

beforeEach(async () => {
  home = createHome()
  hub = await startFakeHub({ repos: [{ id: name, files }] })
  folder = join(home.root, 'lmstudio', 'org', 'model')
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
})
afterEach(async () => {
  await hub.close()
  home.remove()
})

const env = (): Record<string, string> => ({ ...home.env, HF_ENDPOINT: hub.url })
const run = (...args: string[]) => mlxk(['import', ...args], { env: env() })
const cached = (): string => join(home.hub, 'models--org--model')
const resolved = (): string[] => hub.log.filter(({ url }) => url.includes('/resolve/')).map(({ url }) => url)
const weights = 'model.safetensors'
function flipLast(path: string): void {
  const bytes = readFileSync(path)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  writeFileSync(path, bytes)
}

describe('mlxk import', () => {
  it('takes a complete folder into the cache without a second copy, and without fetching its bytes', async () => {
    const before = Object.fromEntries(Object.keys(files).map((path) => [path, readFileSync(join(folder, path))]))
    const { code, stdout } = await run(folder, '--as', name, '--json')
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 0,
      data: { model: name, status: 'imported', health: 'healthy', fetched_bytes: 0 },
    })
    expect(resolved()).toEqual([])
    const { data } = JSON.parse(stdout) as { data: { files: { path: string; state: string }[]; snapshot_path: string } }
    const weight = data.files.find(({ path }) => path === weights)
    const there = statSync(join(data.snapshot_path, weights))
    if (weight?.state === 'linked') expect(there.ino).toBe(statSync(join(folder, weights)).ino)
    else expect(weight?.state).toBe('cloned')
    for (const [path, bytes] of Object.entries(before)) expect(readFileSync(join(folder, path)).equals(bytes)).toBe(true)
    const verified = await mlxk(['verify', name, '--fresh', '--json'], { env: env() })
    expect(JSON.parse(verified.stdout)).toMatchObject({ data: { summary: { healthy_count: 1 } } })
    const again = await mlxk(['pull', name, '--json'], { env: env() })
    expect(JSON.parse(again.stdout)).toMatchObject({ data: { download_status: 'already_exists' } })
  })

  it.runIf(needsEngine())('is a download of its own for hf: nothing to fetch, and every hash right', async () => {
    await run(folder, '--as', name)
    hub.log.length = 0
    const at = { root: home.root, hub: home.hub, env: env(), remove: () => undefined }
    expect((await hf(at, hub.url, ['cache', 'verify', name])).code).toBe(0)
    expect((await hf(at, hub.url, ['download', name, '--include', '*.json', '--include', '*.safetensors'])).code).toBe(0)
    expect(hub.log.filter(({ method, url }) => method === 'GET' && url.includes('/resolve/'))).toEqual([])
  })

  it('fetches what is small and differs, and says so', async () => {
    writeFileSync(join(folder, 'config.json'), '{"changed":true}')
    rmSync(join(folder, 'tokenizer.json'))
    const { stdout, stderr, code } = await run(folder, '--as', name)
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('shared with the folder') })
    expect(stderr).toContain('config.json was not the Hub')
    expect(stderr).toContain('tokenizer.json was not the Hub')
  })

  it.each([
    ['other bytes', () => appendFileSync(join(folder, weights), 'x')],
    ['one wrong byte', () => flipLast(join(folder, weights))],
    ['no weights', () => rmSync(join(folder, weights))],
  ])('refuses weights that are not the Hub’s, and changes nothing: %s', async (_what, spoil) => {
    spoil()
    const { code, stdout } = await run(folder, '--as', name, '--json')
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 1,
      error: { type: 'not_imported', message: expect.stringContaining(weights), files: [{ path: weights }] },
    })
    expect(readdirSync(home.hub)).toEqual([])
  })

  it('gives a link’s bytes a name, not the link', async () => {
    rmSync(join(folder, weights))
    writeFileSync(join(home.root, 'elsewhere'), files[weights] ?? '')
    symlinkSync(join(home.root, 'elsewhere'), join(folder, weights))
    await run(folder, '--as', name)
    const blobs = join(cached(), 'blobs')
    for (const blob of readdirSync(blobs)) expect(statSync(join(blobs, blob)).isFile()).toBe(true)
    rmSync(join(home.root, 'elsewhere'))
    const verified = await mlxk(['verify', name, '--fresh', '--json'], { env: env() })
    expect(JSON.parse(verified.stdout)).toMatchObject({ data: { summary: { healthy_count: 1 } } })
  })

  it('refuses what nobody can prove, and says why', async () => {
    const offline = { ...env(), HF_HUB_OFFLINE: '1' }
    const { code, stdout } = await mlxk(['import', folder, '--as', name, '--json'], { env: offline })
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 1,
      error: { type: 'hub_offline', hint: expect.any(String) },
    })
    expect(readdirSync(home.hub)).toEqual([])
  })

  it.each([
    ['that is not on the Hub', ['--as', 'org/elsewhere'], 'access_denied', /org\/elsewhere/],
    ['of another revision', ['--as', `${name}@v0`], 'revision_not_found', /v0/],
    ['of another model', ['--as', 'org/other'], 'not_imported', /has other bytes/],
  ])('refuses a folder %s, with the reason', async (_what, args, type, message) => {
    hub.publish({ id: 'org/other', files: { ...files, [weights]: safetensorsFile(17) } })
    const { code, stdout } = await run(folder, ...args, '--json')
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 1,
      error: { type, message: expect.stringMatching(message) },
    })
    expect(readdirSync(home.hub)).toEqual([])
  })

  it.each([
    ['weights of another format', () => renameSync(join(folder, weights), join(folder, 'model-Q4_K_M.gguf')), /gguf/i],
    [
      'weights that are a folder',
      () => {
        rmSync(join(folder, weights))
        mkdirSync(join(folder, weights))
      },
      /other bytes/,
    ],
    [
      'weights that are a link to nowhere',
      () => {
        rmSync(join(folder, weights))
        symlinkSync('/nowhere/at/all', join(folder, weights))
      },
      /is not there/,
    ],
  ])('refuses %s', async (_what, spoil, message) => {
    spoil()
    const { code, stdout } = await run(folder, '--as', name, '--json')
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 1,
      error: { type: 'not_imported', message: expect.stringMatching(message) },
    })
    expect(readdirSync(home.hub)).toEqual([])
  })

  it('takes the folder of LM Studio itself: its models lie two folders below, and the name says which', async () => {
    const { code, stdout } = await run(join(home.root, 'lmstudio'), '--as', name, '--json')
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 0,
      data: { status: 'imported', folder, health: 'healthy', fetched_bytes: 0 },
    })
  })

  it('from another disk says that it would be a copy, and copies when told to', async (test) => {
    const other = '/dev/shm'
    if (!existsSync(other) || statSync(other).dev === statSync(home.root).dev) return test.skip('there is no second disk here')
    const away = mkdtempSync(join(other, 'mlxk-import-'))
    try {
      cpSync(folder, away, { recursive: true })
      const refused = await run(away, '--as', name, '--json')
      expect({ code: refused.code, ...(JSON.parse(refused.stdout) as object) }).toMatchObject({
        code: 1,
        error: { type: 'not_imported', hint: expect.stringContaining('--copy') },
      })
      const copied = await run(away, '--as', name, '--copy', '--json')
      expect({ code: copied.code, ...(JSON.parse(copied.stdout) as object) }).toMatchObject({
        code: 0,
        data: { shared_bytes: 0, fetched_bytes: 0, health: 'healthy' },
      })
    } finally {
      rmSync(away, { recursive: true, force: true })
    }
  })

  it('shares, and does not own: removing the model leaves the folder as it was', async () => {
    await run(folder, '--as', name)
    expect((await mlxk(['rm', name, '--yes', '--json'], { env: env() })).code).toBe(0)
    for (const [path, content] of Object.entries(files))
      expect(readFileSync(join(folder, path)).equals(Buffer.from(content as string))).toBe(true)
  })

  it.each([
    [['/nowhere', '--as', name], 1, 'not_imported'],
    [['.'], 2, 'usage'],
    [['.', '--as', 'a/b/c'], 1, 'invalid_name'],
  ])('%j is a clear error', async (args, code, type) => {
    const result = await run(...args, '--json')
    expect(result.code).toBe(code)
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { type } })
  })
})
