import { existsSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { mlxk, mlxkOnTerminal, startMlxk } from '../../drivers/cli'
import { finish } from '../../drivers/process'
import { answering, slow, spoiling, startFakeHub, type FakeHub, type FakeHubOptions } from '../../fakes/hub'
import { healthyFiles } from '../../fixtures/cache'
import { createHome, type TestHome } from '../cli/home'

const MIB = 1024 * 1024
const token = 'hf_abcdefghijklmnopqrstuvwxyz'
const files = healthyFiles()
const large = { ...files, 'extra.txt': 'x'.repeat(8 * MIB) }
const name = 'org/model-4bit'

let home: TestHome
let hub: FakeHub
const start = async (options: FakeHubOptions = {}): Promise<void> => {
  hub = await startFakeHub({ repos: [{ id: name, files, refs: {} }], ...options })
}
beforeEach(() => {
  home = createHome()
})
afterEach(async () => {
  await hub.close()
  home.remove()
})

const env = (more: Record<string, string> = {}): Record<string, string> => ({ ...home.env, HF_ENDPOINT: hub.url, ...more })
interface Answer {
  code: number | null
  stdout: string
  stderr: string
  status: string
  data: Record<string, unknown> | null
  error: { type: string; message: string; hint?: string } | null
}
async function pull(args: string[], more: Record<string, string> = {}): Promise<Answer> {
  const { code, stdout, stderr } = await mlxk(['pull', '--json', ...args], { env: env(more) })
  return { code, stdout, stderr, ...(JSON.parse(stdout) as Pick<Answer, 'status' | 'data' | 'error'>) }
}
const pathsOf = ({ data }: Answer): string[] => {
  const listed = (data?.['files'] ?? []) as { path: string }[]
  return listed.map(({ path }) => path)
}
const folder = (): string => join(home.hub, 'models--org--model-4bit')
const blobs = (): string[] => readdirSync(join(folder(), 'blobs'))

function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Starts a pull and waits until so many bytes lie in unfinished files. */
async function startPull(bytes: number) {
  const child = startMlxk(['pull', name], { env: env() })
  const result = finish(child)
  for (;;) {
    const found = existsSync(join(folder(), 'blobs')) ? blobs().filter((blob) => blob.includes('incomplete')) : []
    if (found.reduce((sum, blob) => sum + readFileSync(join(folder(), 'blobs', blob)).length, 0) >= bytes) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { child, result }
}

describe('mlxk pull', () => {
  it('E84 a healthy model is left alone, without a word to the Hub', async () => {
    await start()
    expect(await pull([name])).toMatchObject({ code: 0, data: { download_status: 'success', health: 'healthy' } })
    hub.log.length = 0
    expect(await pull([name])).toMatchObject({
      code: 0,
      data: {
        model: name,
        download_status: 'already_exists',
        message: `Model ${name} already exists in cache`,
        expanded_name: null,
      },
    })
    expect(await pull(['model-4bit'])).toMatchObject({ data: { download_status: 'already_exists', expanded_name: name } })
    expect(hub.log).toEqual([])
  })

  it('E15 a full name stands for itself, whatever longer ones are in the cache', async () => {
    await start({
      repos: [
        { id: name, files },
        { id: `${name}-instruct`, files },
      ],
    })
    await pull([`${name}-instruct`])
    expect(await pull([name])).toMatchObject({ code: 0, data: { model: name, download_status: 'success' } })
  })

  it.each([
    '',
    ' ',
    '\t',
    '/o/m',
    'o/m/',
    'o//m',
    'o\\m',
    'o<m>',
    'a/b/c',
    '../x',
    'o/..',
    'A@@b',
    'A@b@c',
    'Model@',
    'o/m@../x',
    'x'.repeat(97),
  ])('E5 E6 E7 E8 E21 %j is refused before anything is asked', async (spec) => {
    await start()
    expect(await pull(['--', spec])).toMatchObject({ code: 1, status: 'error', error: { type: 'invalid_name' } })
    expect(hub.log).toEqual([])
    expect(readdirSync(home.hub)).toEqual([])
  })

  it('E85 what is only incomplete is gone on with; damaged files are replaced by somebody’s word', async () => {
    await start()
    await pull([name])
    const [first = ''] = blobs().filter((blob) => blob.length === 64)
    rmSync(join(folder(), 'blobs', first))
    expect(await pull([name])).toMatchObject({ code: 0, data: { download_status: 'success', health: 'healthy', damaged: [] } })
    truncateSync(join(folder(), 'blobs', first), 10)
    expect(await pull([name])).toMatchObject({
      code: 0,
      status: 'success',
      data: { download_status: 'requires_confirmation', damaged: ['model.safetensors'] },
    })
    expect(await mlxk(['pull', name], { env: env() })).toMatchObject({ code: 1, stderr: expect.stringContaining('--force-resume') })
    const no = await mlxkOnTerminal(['pull', name], { env: env(), type: [{ after: '[Y/n]', text: 'n\r' }] })
    expect(no).toMatchObject({ code: 0, screen: expect.stringContaining('Nothing was changed') })
    expect(readFileSync(join(folder(), 'blobs', first))).toHaveLength(10)
    const yes = await mlxkOnTerminal(['pull', name], { env: env(), type: [{ after: '[Y/n]', text: '\r' }] })
    expect(yes).toMatchObject({ code: 0, screen: expect.stringContaining('every byte verified') })
  })

  it('E86 --force-resume asks the Hub and replaces, in every form', async () => {
    await start()
    await pull([name])
    const [first = ''] = blobs().filter((blob) => blob.length === 64)
    for (const form of [['--json'], ['--json=full'], ['--json=stream'], []]) {
      truncateSync(join(folder(), 'blobs', first), 10)
      const { code, stdout } = await mlxk(['pull', name, '--force-resume', ...form], { env: env() })
      expect(code).toBe(0)
      const document = form[0] === '--json=stream' ? stdout.trim().split('\n').at(-1) : stdout
      if (form.length > 0) expect(JSON.parse(document ?? '')).toMatchObject({ data: { download_status: 'success' } })
    }
    expect((await mlxk(['health', name, '--exit-code'], { env: env() })).code).toBe(0)
  })

  it.each([
    ['missing', 401, { 'x-error-code': 'RepoNotFound' }],
    ['gated', 403, { 'x-error-code': 'GatedRepo' }],
    ['private', 404, { 'x-error-code': 'RepoNotFound' }],
  ])('E87 E88 a %s repo is access_denied with what to do, and leaves no folder', async (_kind, status, headers) => {
    await start({ layers: [answering('hub', status, headers)] })
    const answer = await pull([name])
    expect(answer).toMatchObject({
      code: 1,
      error: { type: 'access_denied', hint: expect.stringMatching(/log ?in|HF_TOKEN|name/i) },
    })
    expect(readdirSync(home.hub)).toEqual([])
  })

  it('E88 a Hub that stumbles is asked again', async () => {
    await start({ layers: [answering('hub', 503, {}, { times: 1 })] })
    expect(await pull([name])).toMatchObject({ code: 0, data: { download_status: 'success' } })
  })

  it('E89 the token is in no output and in no file', async () => {
    await start()
    const { code, stdout, stderr } = await mlxk(['pull', name, '--json=stream'], { env: env({ HF_TOKEN: token }) })
    expect(code).toBe(0)
    expect(hub.log.some(({ authorization }) => authorization === `Bearer ${token}`)).toBe(true)
    expect(stdout + stderr).not.toContain(token)
    for (const file of filesBelow(home.root)) expect(readFileSync(file, 'latin1')).not.toContain(token)
  })

  it('E90 what does not fit is refused before a byte of it is fetched', async () => {
    const huge = { 'config.json': '{}', 'model.safetensors': { content: 'x', size: 2 ** 45 } }
    await start({ repos: [{ id: name, files: huge }] })
    expect(await pull([name])).toMatchObject({
      code: 1,
      error: { type: 'disk_full', message: expect.stringMatching(/needs .* the disk has/) },
    })
    expect(await pull([name, '--dry-run'])).toMatchObject({ code: 0, data: { fits_disk: false } })
    expect(readdirSync(home.hub)).toEqual([])
  })

  it('E91 a second pull of the same model says who is at it', async () => {
    await start({
      repos: [{ id: name, files: { ...files, 'tokenizer.json': `{"x":"${'x'.repeat(4 * MIB)}"}` } }],
      layers: [slow('hub', 2 * MIB)],
    })
    const { result } = await startPull(1)
    expect(await pull([name])).toMatchObject({
      code: 1,
      error: { type: 'busy', message: expect.stringMatching(/downloaded already, by process \d+/) },
    })
    expect((await result).code).toBe(0)
    expect((await mlxk(['verify', name, '--exit-code'], { env: env() })).code).toBe(0)
  })

  it('E92 what a killed run has fetched is not fetched again', async () => {
    const weights = Buffer.alloc(12 * MIB, 5)
    await start({
      repos: [{ id: name, files: { 'config.json': '{}', 'model.safetensors': weights } }],
      layers: [slow('cdn', 4 * MIB)],
    })
    const { child, result } = await startPull(6 * MIB)
    child.kill('SIGKILL')
    await result
    expect(existsSync(join(folder(), 'refs', 'main'))).toBe(false)
    const before = hub.log.filter(({ where }) => where === 'cdn').reduce((sum, { bytesSent }) => sum + bytesSent, 0)
    const again = await pull([name])
    expect(again).toMatchObject({ code: 0, data: { download_status: 'success' } })
    // At most two seconds of this link are fetched twice.
    expect(Number(again.data?.['fetched_bytes'])).toBeLessThanOrEqual(weights.length - before + 2 * 4 * MIB + MIB)
    expect((await mlxk(['verify', name, '--json'], { env: env() })).stdout).toContain('"unhealthy_count": 1')
    expect(readFileSync(join(folder(), 'snapshots', String(again.data?.['commit']), 'model.safetensors')).equals(weights)).toBe(
      true,
    )
  })

  it('E93 a connection that is cut again and again ends whole', async () => {
    await start({ layers: [spoiling('cdn', (chunk, at, call) => (call < 2 && at >= 0 ? null : chunk))] })
    expect(await pull([name])).toMatchObject({ code: 0, data: { download_status: 'success', health: 'healthy' } })
  })

  it('E94 @rev fetches that revision, and a short one of the cache is known', async () => {
    await start({ repos: [{ id: name, commits: [{ files: { ...files, 'note.txt': 'old' } }, { files }], refs: { 'v1.0': 0 } }] })
    const old = await pull([`${name}@v1.0`])
    expect(old).toMatchObject({ code: 0, data: { revision: 'v1.0', download_status: 'success' } })
    expect(readFileSync(join(folder(), 'refs', 'v1.0'), 'utf8')).toBe(old.data?.['commit'])
    expect(existsSync(join(folder(), 'refs', 'main'))).toBe(false)
    expect(await pull([`${name}@${String(old.data?.['commit']).slice(0, 8)}`])).toMatchObject({
      data: { download_status: 'already_exists' },
    })
    expect(await pull([`${name}@nope`])).toMatchObject({ code: 1, error: { type: 'revision_not_found' } })
  })

  it('E95 offline what is in the cache is there, and the rest is one clear error', async () => {
    await start()
    await pull([name])
    hub.log.length = 0
    const offline = { HF_HUB_OFFLINE: '1' }
    expect(await pull([name], offline)).toMatchObject({ code: 0, data: { download_status: 'already_exists' } })
    expect(await pull(['org/other'], offline)).toMatchObject({ code: 1, error: { type: 'hub_offline' } })
    expect(hub.log).toEqual([])
  })

  it('E96 a Hub that asks to slow down is waited for', async () => {
    await start({ layers: [answering('hub', 429, { 'retry-after': '1' }, { times: 1 })] })
    expect(await pull([name])).toMatchObject({ code: 0, data: { download_status: 'success' } })
  })

  it('E97 success means that the bytes are the Hub’s; a model that is broken there is said to be', async () => {
    await start({ repos: [{ id: name, files: { ...files, 'config.json': 'not json' } }] })
    expect(await pull([name])).toMatchObject({
      code: 0,
      data: { download_status: 'success', health: 'unhealthy', reason: expect.stringContaining('config.json') },
    })
  })

  it('E98 Ctrl-C keeps what is there and says how to go on', async () => {
    await start({
      repos: [{ id: name, files: { ...files, 'tokenizer.json': `{"x":"${'x'.repeat(4 * MIB)}"}` } }],
      layers: [slow('hub', MIB)],
    })
    const { child, result } = await startPull(1)
    child.kill('SIGINT')
    const { code, stderr } = await result
    expect(code).toBe(130)
    expect(stderr).toMatch(/are kept\. Go on with: mlxk pull org\/model-4bit/)
    expect(stderr).not.toMatch(/at .*\.cjs/)
    expect(blobs().some((blob) => blob.endsWith('.mlxk.incomplete'))).toBe(true)
  })

  it('E99 one document, or lines of JSON of which the last is the result', async () => {
    await start({ repos: [{ id: name, files: large }] })
    const { stdout } = await mlxk(['pull', name, '--json=stream', '--all'], { env: env() })
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; event?: string })
    expect(lines.at(-1)).toMatchObject({ type: 'result', data: { download_status: 'success' } })
    for (const line of lines.slice(0, -1)) expect(line).toMatchObject({ type: 'progress', event: 'transfer' })
    expect(lines.length).toBeGreaterThan(1)
  })

  it('--dry-run says what would be fetched and changes nothing', async () => {
    await start()
    const preview = await pull([name, '--dry-run'])
    const { 'README.md': _card, ...wanted } = files
    expect(preview).toMatchObject({
      code: 0,
      data: { download_status: 'planned', fits_disk: true, skipped: [{ path: 'README.md' }] },
    })
    expect(pathsOf(preview).sort()).toEqual(Object.keys(wanted).sort())
    expect(readdirSync(home.hub)).toEqual([])
    const people = await mlxk(['pull', name, '--dry-run'], { env: env() })
    expect(people.stdout).toMatch(/model\.safetensors .*to fetch/)
  })

  it('on a terminal shows how far it is, and leaves one line', async () => {
    await start({
      repos: [{ id: name, files: { ...files, 'tokenizer.json': `{"x":"${'x'.repeat(3 * MIB)}"}` } }],
      layers: [slow('hub', 2 * MIB)],
    })
    const { code, screen } = await mlxkOnTerminal(['pull', name], { env: env({ NO_COLOR: '1' }), columns: 70 })
    expect(code).toBe(0)
    expect(screen).toMatch(/█+░+ +\d+% .* of /)
    expect(screen).toContain('tokenizer.json')
    expect(screen.trim().split('\n').at(-2)).toContain('every byte verified')
  })

  it.each([
    ['--connections', '0'],
    ['--connections', '17'],
    ['--limit', 'fast'],
  ])('refuses %s %s', async (option, value) => {
    await start()
    expect(await pull([name, option, value])).toMatchObject({ code: 2 })
  })

  it('what another program has left unfinished stays, and the model becomes whole beside it', async () => {
    await start()
    const plan = await pull([name, '--dry-run'])
    expect(plan.code).toBe(0)
    await pull([name])
    const [weights = ''] = blobs().filter((blob) => blob.length === 64)
    rmSync(join(folder(), 'blobs', weights))
    writeFileSync(join(folder(), 'blobs', `${weights}.0a1b2c3d.incomplete`), 'theirs')
    expect(await pull([name])).toMatchObject({ code: 0, data: { download_status: 'success' } })
    expect(readFileSync(join(folder(), 'blobs', `${weights}.0a1b2c3d.incomplete`), 'utf8')).toBe('theirs')
  })
})
