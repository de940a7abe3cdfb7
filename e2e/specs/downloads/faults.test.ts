import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { mlxk, mlxkPath } from '../../drivers/cli'
import { finish } from '../../drivers/process'
import { answering, slow, startFakeHub, type FakeHub, type FakeHubOptions, type Layer } from '../../fakes/hub'
import { healthyFiles } from '../../fixtures/cache'
import { createHome, type TestHome } from '../cli/home'
import { openBench } from './bench'

const MIB = 1024 * 1024
const name = 'org/model'
const files = healthyFiles()
const long: Record<string, string | Buffer> = { ...files, 'words.txt': randomBytes(4 * MIB) }
/** Some seconds for `long`. */
const slowly = slow('hub', MIB)

let home: TestHome
let hub: FakeHub | null = null
beforeEach(() => {
  home = createHome()
})
afterEach(async () => {
  await hub?.close()
  hub = null
  home.remove()
})
async function start(options: FakeHubOptions): Promise<Record<string, string>> {
  hub = await startFakeHub(options)
  return { ...home.env, HF_ENDPOINT: hub.url }
}
async function pull(env: Record<string, string>, ...more: string[]): Promise<{ code: number | null; said: object }> {
  const { code, stdout } = await mlxk(['pull', name, '--json', ...more], { env, timeoutMs: 60_000 })
  return { code, said: JSON.parse(stdout) as object }
}
const folder = (): string => join(home.hub, 'models--org--model')
const blobs = (): string[] => (existsSync(join(folder(), 'blobs')) ? readdirSync(join(folder(), 'blobs')) : [])
async function untilBegun(bytes: number): Promise<void> {
  for (;;) {
    const size = blobs().reduce(
      (sum, blob) => sum + (statSync(join(folder(), 'blobs', blob), { throwIfNoEntry: false })?.blocks ?? 0) * 512,
      0,
    )
    if (size >= bytes) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
const healthy = { data: { download_status: 'success', health: 'healthy' } }

describe('a Hub that changes', () => {
  it('main that moves in the middle: the commit that was begun ends whole, and main is that one', async () => {
    const env = await start({ repos: [{ id: name, files: long }], layers: [slowly] })
    const pulling = pull(env)
    await untilBegun(MIB / 2)
    hub?.publish({ id: name, commits: [{ files: long }, { files: { ...long, 'config.json': '{"model_type":"llama","new":1}' } }] })
    const { said, code } = await pulling
    expect({ code, ...said }).toMatchObject({ code: 0, ...healthy })
    const { data } = said as { data: { commit: string } }
    expect(readFileSync(join(folder(), 'refs', 'main'), 'utf8')).toBe(data.commit)
    const outdated = await mlxk(['outdated', '--json'], { env })
    expect(JSON.parse(outdated.stdout)).toMatchObject({ data: { models: [{ state: 'outdated', files: ['config.json'] }] } })
  })

  /** Says that it sends other bytes than it was asked for. */
  const lying = (times: number): Layer => {
    let left = times
    return (next) => async (call) => {
      const reply = await next(call)
      const range = reply.headers['content-range']
      if (range === undefined || left <= 0) return reply
      left -= 1
      return { ...reply, headers: { ...reply.headers, 'content-range': range.replace(/bytes \d+/, 'bytes 3') } }
    }
  }
  it('a wrong Content-Range is never believed: an error, and right when the Hub is', async () => {
    const bench = await openBench({
      repos: [{ id: name, files: { ...files, 'model.safetensors': randomBytes(80 * MIB) } }],
      layers: [lying(1)],
    })
    try {
      const stored = (): string[] => readdirSync(join(bench.root, 'models--org--model', 'blobs'))
      await expect(bench.pull()).rejects.toMatchObject({ code: 'hub_invalid' })
      expect(stored().filter((blob) => blob.length === 64)).toEqual([])
      await bench.pull()
      expect(stored().filter((blob) => blob.endsWith('.incomplete'))).toEqual([])
    } finally {
      await bench.close()
    }
  })
})

describe('a network that fails', () => {
  const words = async (env: Record<string, string>): Promise<object> => (await pull({ ...home.env, ...env })).said

  it('a name that nobody knows', async () => {
    expect(await words({ HF_ENDPOINT: 'https://nobody.invalid' })).toMatchObject({
      error: { type: 'network_failed', message: expect.stringContaining('nobody.invalid'), hint: expect.any(String) },
    })
    expect(readdirSync(home.hub)).toEqual([])
  })

  it('a proxy that is not there is named', async () => {
    expect(await words({ HF_ENDPOINT: 'https://hub.invalid', HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '' })).toMatchObject({
      error: { type: 'network_failed', message: expect.stringMatching(/proxy/i) },
    })
  })
})

describe('a disk that fails', () => {
  it('full in the middle: said, kept, and gone on with when there is room', async (test) => {
    const disk = join(home.root, 'disk')
    mkdirSync(disk)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', disk]).status !== 0)
      return test.skip('cannot mount a small disk here')
    const filler = join(disk, 'filler')
    try {
      const env = { ...(await start({ repos: [{ id: name, files: long }], layers: [slowly] })), HF_HUB_CACHE: join(disk, 'hub') }
      const place = join(disk, 'hub', 'models--org--model', 'blobs')
      for (const at of [0.3, 1.2, 2.4]) {
        const pulling = pull(env)
        while (
          !existsSync(place) ||
          readdirSync(place).reduce(
            (sum, blob) => sum + (statSync(join(place, blob), { throwIfNoEntry: false })?.blocks ?? 0) * 512,
            0,
          ) <
            at * MIB
        )
          await new Promise((resolve) => setTimeout(resolve, 20))
        expect(() => writeFileSync(filler, Buffer.alloc(16 * MIB))).toThrow('ENOSPC')
        const { code, said } = await pulling
        expect({ code, ...said }).toMatchObject({
          code: 1,
          error: { type: 'disk_full', hint: expect.stringContaining('mlxk pull') },
        })
        expect(
          readdirSync(place).filter((blob) => !blob.endsWith('.incomplete') && statSync(join(place, blob)).size === 0),
        ).toEqual([])
        rmSync(filler)
      }
      expect(await pull(env)).toMatchObject({ code: 0, said: healthy })
      const verified = await mlxk(['verify', '--fresh', '--json'], { env })
      expect(JSON.parse(verified.stdout)).toMatchObject({ data: { summary: { healthy_count: 1, unhealthy_count: 0 } } })
    } finally {
      spawnSync('umount', [disk])
    }
  }, 60_000)

  it('a cache that may not be written is permission_denied, and nothing else', async () => {
    const env = await start({ repos: [{ id: name, files }] })
    const data = join(home.root, 'nobody')
    mkdirSync(data)
    chmodSync(data, 0o777)
    chmodSync(home.root, 0o755)
    chmodSync(home.hub, 0o555)
    const isRoot = process.getuid?.() === 0
    const child = spawn(process.execPath, [mlxkPath, 'pull', name, '--json'], {
      env: { ...process.env, ...env, NODE_OPTIONS: '', MLXK_HOME: join(data, 'data') },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
    })
    const { code, stdout } = await finish(child)
    chmodSync(home.hub, 0o755)
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 1,
      error: { type: 'permission_denied', hint: expect.any(String) },
    })
    expect(readdirSync(home.hub)).toEqual([])
  })
})

it('a clock that jumps changes nothing: neither limits nor waits nor what is shown', async () => {
  const real = Date.now
  let skew = 0
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => real() + skew)
  const bench = await openBench({
    repos: [{ id: name, files: { ...files, 'model.safetensors': randomBytes(20 * MIB) } }],
    layers: [slow('cdn', 20 * MIB), answering('cdn', 429, { 'retry-after': '1' }, { times: 1 })],
    limits: { bytesPerSecond: 20 * MIB },
  })
  const jumps = setInterval(() => (skew = skew === 0 ? -3_600_000 : 0), 150)
  try {
    await bench.pull()
    for (const { bytesPerSecond, etaSeconds } of bench.progress) {
      expect(bytesPerSecond).toBeGreaterThanOrEqual(0)
      if (etaSeconds !== null) expect(etaSeconds).toBeGreaterThanOrEqual(0)
    }
  } finally {
    clearInterval(jumps)
    clock.mockRestore()
    await bench.close()
  }
})
