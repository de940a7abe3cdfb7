import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { mlxk, startMlxk } from '../../drivers/cli'
import { slow, startFakeHub, type FakeHub } from '../../fakes/hub'
import { healthyFiles, safetensorsFile } from '../../fixtures/cache'
import { needsEngine, testPython } from '../../setup/needs'
import { createHome, type TestHome } from '../cli/home'
import { hf, listOurs } from '../interop/support'

const MIB = 1024 * 1024
const name = 'org/model'
const small: Record<string, string | Buffer> = { ...healthyFiles(), 'sub/notes.txt': 'in a folder' }
/** Some seconds at the speed of `slowly`; hf writes ten MiB at a time. */
const long: Record<string, string | Buffer> = {
  ...small,
  'model.safetensors': safetensorsFile(4 * MIB),
  'words.txt': randomBytes(MIB),
}
const slowly = [slow('hub', MIB), slow('cdn', 8 * MIB)]
const weightBytes = Buffer.byteLength(long['model.safetensors'] ?? '')

let home: TestHome
let hub: FakeHub
beforeEach(() => {
  home = createHome()
})
afterEach(async () => {
  await hub.close()
  home.remove()
})
async function start(files: Record<string, string | Buffer>, layers = slowly): Promise<void> {
  hub = await startFakeHub({ repos: [{ id: name, files }], layers })
}
const env = (): Record<string, string> => ({ ...home.env, HF_ENDPOINT: hub.url })
const at = () => ({ root: home.root, hub: home.hub, env: home.env, remove: () => undefined })
const theirs = (...args: string[]) => hf(at(), hub.url, args)
async function pull(...more: string[]): Promise<{ code: number | null; data: Record<string, unknown> | null }> {
  const { code, stdout } = await mlxk(['pull', name, '--json', ...more], { env: env(), timeoutMs: 60_000 })
  return { code, ...(JSON.parse(stdout) as { data: Record<string, unknown> | null }) }
}
const blobs = (): string => join(home.hub, 'models--org--model', 'blobs')
const partials = (isOurs: boolean): string[] =>
  existsSync(blobs())
    ? readdirSync(blobs()).filter((each) => each.endsWith('.incomplete') && each.endsWith('.mlxk.incomplete') === isOurs)
    : []
/** Until unfinished files of one side hold so many bytes. */
async function untilBegun(isOurs: boolean, bytes: number): Promise<void> {
  const sizeOf = (each: string): number => statSync(join(blobs(), each), { throwIfNoEntry: false })?.size ?? 0
  while (partials(isOurs).reduce((sum, each) => sum + sizeOf(each), 0) < bytes)
    await new Promise((resolve) => setTimeout(resolve, 20))
}
async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}
/** Bodies of files that were asked for since. */
const fetches = (since = 0) =>
  hub.log.slice(since).filter(({ method, where, url }) => method === 'GET' && (where === 'cdn' || url.includes('/resolve')))
const bytesOf = (since = 0): number => fetches(since).reduce((sum, { bytesSent }) => sum + bytesSent, 0)
async function expectWhole(): Promise<void> {
  const verified = await mlxk(['verify', name, '--fresh', '--json'], { env: env() })
  expect(JSON.parse(verified.stdout)).toMatchObject({ data: { models: [{ name, status: 'healthy' }] } })
  expect(await theirs('cache', 'verify', name, '--fail-on-missing-files', '--fail-on-extra-files')).toMatchObject({ code: 0 })
}

describe.skipIf(!needsEngine())('with Python’s huggingface_hub on the same cache', () => {
  it('ours first: hf download fetches 0 bytes, and hf cache verify passes', async () => {
    await start(small, [])
    expect(await pull('--all')).toMatchObject({ code: 0, data: { health: 'healthy' } })
    const since = hub.log.length
    expect(await theirs('download', name)).toMatchObject({ code: 0 })
    expect(fetches(since)).toEqual([])
    await expectWhole()
  })

  it('theirs first: pull leaves it alone, and even when it has to ask it fetches 0 bytes', async () => {
    await start(small, [])
    expect(await theirs('download', name)).toMatchObject({ code: 0 })
    expect((await listOurs(at())).models).toMatchObject([{ name, health: 'healthy' }])
    const since = hub.log.length
    expect(await pull()).toMatchObject({ code: 0, data: { download_status: 'already_exists' } })
    expect(hub.log.length).toBe(since)
    expect(await pull('--all', '--force-resume')).toMatchObject({ code: 0, data: { download_status: 'success', fetched_bytes: 0 } })
    expect(fetches(since)).toEqual([])
    await expectWhole()
  })

  it('both at once on the same model end right', async () => {
    await start(long)
    const [hfs, ours] = await Promise.all([theirs('download', name), pull('--all')])
    expect([hfs.code, ours.code]).toEqual([0, 0])
    await expectWhole()
  })

  it('what hf fetches at this moment is waited for, not fetched a second time', async () => {
    await start(long)
    const running = theirs('download', name)
    await untilBegun(false, 10 * MIB)
    const ours = await pull('--all')
    expect({ ours: ours.code, theirs: (await running).code }).toEqual({ ours: 0, theirs: 0 })
    const weights = hub.log.filter(({ where, method }) => where === 'cdn' && method === 'GET')
    expect(weights.reduce((sum, { bytesSent }) => sum + bytesSent, 0)).toBe(weightBytes)
    await expectWhole()
  })

  it('what hf began and left, we finish, and its partial files stay as they are', async () => {
    await start(long)
    const child = spawn(join(dirname(testPython()), 'hf'), ['download', name], {
      env: { ...process.env, ...env(), HF_HUB_DISABLE_XET: '1', HF_HUB_DISABLE_TELEMETRY: '1', NO_PROXY: '127.0.0.1,localhost' },
      stdio: 'ignore',
    })
    await untilBegun(false, 10 * MIB)
    await kill(child)
    const left = new Map(partials(false).map((each) => [each, readFileSync(join(blobs(), each))]))
    expect(left.size).toBeGreaterThan(0)
    expect(await pull('--all')).toMatchObject({ code: 0, data: { health: 'healthy' } })
    for (const [each, bytes] of left) expect(readFileSync(join(blobs(), each)).equals(bytes)).toBe(true)
    await expectWhole()
  })

  it('what we began and left, hf finishes, and then nothing is left for us to fetch', async () => {
    await start(long)
    const child = startMlxk(['pull', name, '--all'], { env: env() })
    await untilBegun(true, 4 * MIB)
    await kill(child)
    const ours = partials(true)
    expect(await theirs('download', name)).toMatchObject({ code: 0 })
    expect(partials(true)).toEqual(ours)
    const since = hub.log.length
    expect(await pull('--all', '--force-resume')).toMatchObject({ code: 0, data: { fetched_bytes: 0 } })
    expect(bytesOf(since)).toBe(0)
    expect(partials(true)).toEqual([])
    await expectWhole()
  })
})
