import { spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Download } from '../../../src/shared/contract'
import { mlxk, startMlxk } from '../../drivers/cli'
import { end, finish, firstLine } from '../../drivers/process'
import { slow, startFakeHub, type FakeHub, type FakeHubOptions, type Layer } from '../../fakes/hub'
import { healthyFiles } from '../../fixtures/cache'
import { createHome, type TestHome } from '../cli/home'

const MIB = 1024 * 1024
const token = 'hf_qwertyuiopasdfghjklzxcvbnm'
const name = 'org/model'
const files: Record<string, string | Buffer> = { ...healthyFiles() }
/** Its second commit takes more than a second at the speed of `slowly`, as long as nobody is in a hurry. */
const newer: Record<string, string | Buffer> = { ...files, 'words.txt': randomBytes(1.5 * MIB) }
let isFast = false
const slowly: Layer = (next) => {
  const slowed = slow('hub', MIB)(next)
  return (call) => (isFast ? next(call) : slowed(call))
}

let home: TestHome
let hub: FakeHub
let owner: ChildProcess | null = null
let url = ''
beforeEach(() => {
  isFast = false
  home = createHome()
})
afterEach(async () => {
  await end(owner)
  owner = null
  await hub.close()
  home.remove()
})

const env = (more: Record<string, string> = {}): Record<string, string> => ({
  ...home.env,
  HF_ENDPOINT: hub.url,
  MLXK_PYTHON: '/nowhere/python',
  ...more,
})
async function serve(more: Record<string, string> = {}): Promise<void> {
  owner = startMlxk(['serve', '--port', '0', '--json'], { env: env(more) })
  const { data } = JSON.parse(await firstLine(owner)) as { data: { url: string } }
  url = data.url
}
const run = (...args: string[]) => mlxk(args, { env: env(), timeoutMs: 60_000 })
async function list(): Promise<Download[]> {
  return (JSON.parse((await run('downloads', '--json')).stdout) as { data: { downloads: Download[] } }).data.downloads
}
/** As a window or another program does it. */
async function add(model: string): Promise<Download> {
  const wish = { method: 'POST', body: JSON.stringify({ model }), headers: { 'content-type': 'application/json' } }
  return (await (await fetch(`${url}/api/v1/downloads`, wish)).json()) as Download
}
async function until(isSo: (download: Download) => boolean): Promise<Download> {
  for (;;) {
    const found = (await list()).find(isSo)
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
const folder = (): string => join(home.hub, 'models--org--model')
const partials = (): string[] =>
  existsSync(join(folder(), 'blobs'))
    ? readdirSync(join(folder(), 'blobs')).filter((each) => each.endsWith('.mlxk.incomplete'))
    : []
const untilPartial = async (): Promise<void> => {
  while (partials().length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
}
const fetched = (): string[] => hub.log.filter(({ url: asked }) => asked.includes('/resolve')).map(({ url: asked }) => asked)
const main = (): string => readFileSync(join(folder(), 'refs', 'main'), 'utf8')

/** The model in the cache at its first commit, and a second one on the Hub. Returns both. */
async function moved(layers: readonly Layer[] = [slowly]): Promise<{ old: string; latest: string }> {
  hub = await startFakeHub({ repos: [{ id: name, commits: [{ files }] }], layers })
  isFast = true
  expect((await run('pull', name, '--all')).code).toBe(0)
  isFast = false
  const old = main()
  return { old, latest: hub.publish({ id: name, commits: [{ files }, { files: newer }] }) }
}

describe('mlxk update, with an owner', () => {
  it('goes through its queue: shown there, paused and resumed from there, and its progress is told', async () => {
    const { old, latest } = await moved()
    await serve()
    const child = startMlxk(['update', name, '--json=stream'], { env: env() })
    const ended = finish(child, 60_000)
    const { id } = await until(({ model, state }) => model === name && state === 'downloading')
    await run('downloads', 'pause', id)
    await until((each) => each.id === id && each.state === 'paused')
    expect(child.exitCode).toBeNull()
    isFast = true
    await run('downloads', 'resume', id)
    const { code, stdout } = await ended
    expect(code).toBe(0)
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; note?: string | null })
    expect(lines.some(({ note }) => note?.includes('paused') === true)).toBe(true)
    expect(lines.at(-1)).toMatchObject({ type: 'result', data: { updated: [{ name, from: old, to: latest }] } })
    expect(await list()).toMatchObject([{ id, state: 'done', health: 'healthy' }])
    expect(main()).toBe(latest)
  })

  it.each([true, false])('Ctrl-C ends it with 130, keeps what came and the old revision (with an owner: %s)', async (isOwned) => {
    const { old, latest } = await moved()
    if (isOwned) await serve()
    const child = startMlxk(['update', name], { env: env() })
    const ended = finish(child)
    await untilPartial()
    child.kill('SIGINT')
    isFast = true
    const { code, stderr } = await ended
    expect({ code, stderr }).toMatchObject({ code: 130, stderr: expect.stringContaining(`Go on with: mlxk update ${name}`) })
    if (isOwned) expect(await list()).toMatchObject([{ model: name, state: 'cancelled' }])
    expect(main()).toBe(old)
    expect(partials()).not.toEqual([])
    expect((await run('update', name)).code).toBe(0)
    expect(main()).toBe(latest)
  })

  it('a download that a window wants too is not stopped by Ctrl-C', async () => {
    const { latest } = await moved()
    await serve()
    const { id } = await add(name)
    const child = startMlxk(['update', name], { env: env() })
    const ended = finish(child)
    await untilPartial()
    // It watches by now: its display has begun.
    await new Promise((resolve) => child.stderr?.once('data', resolve))
    child.kill('SIGINT')
    isFast = true
    expect((await ended).code).toBe(130)
    await until((each) => each.id === id && each.state === 'done')
    expect(main()).toBe(latest)
  })

  it('an owner that dies in the middle is a clear error, and the next run goes on', async () => {
    const { latest } = await moved()
    await serve()
    const child = startMlxk(['update', name, '--json'], { env: env() })
    const ended = finish(child)
    await untilPartial()
    await end(owner)
    isFast = true
    const { code, stdout } = await ended
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 1,
      error: { type: 'connection_lost', hint: expect.stringContaining(`mlxk update ${name}`) },
    })
    expect((await run('update', name)).code).toBe(0)
    expect(main()).toBe(latest)
  })

  it('keeps to the limits of its settings', async () => {
    let running = 0
    let most = 0
    const counting: Layer = (next) => async (call) => {
      const reply = await next(call)
      if (!call.url.pathname.includes('/resolve-cache/')) return reply
      const { size, read } = reply.body
      return {
        ...reply,
        body: {
          size,
          read: async function* (from: number, to: number) {
            running += 1
            most = Math.max(most, running)
            await new Promise((resolve) => setTimeout(resolve, 50))
            yield* read(from, to)
            running -= 1
          },
        },
      }
    }
    await moved([counting])
    const many = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`part-${index}.json`, `{"x":${index}}`]))
    hub.publish({ id: name, commits: [{ files }, { files: { ...files, ...many } }] })
    await serve()
    expect((await run('config', 'set', 'downloads.connections', '1')).code).toBe(0)
    most = 0
    expect((await run('update', '--all')).code).toBe(0)
    expect(most).toBe(1)
    expect(await list()).toMatchObject([{ model: name, state: 'done' }])
  })
})

describe('mlxk repair, with an owner', () => {
  const loseWeights = (): void => {
    for (const blob of readdirSync(join(folder(), 'blobs'))) if (blob.length === 64) rmSync(join(folder(), 'blobs', blob))
  }
  const whole = async (options: FakeHubOptions = {}): Promise<void> => {
    hub = await startFakeHub({ repos: [{ id: name, files }], ...options })
    expect((await run('pull', name, '--all')).code).toBe(0)
  }

  it('fetches through its queue, which shows it', async () => {
    await whole()
    loseWeights()
    await serve()
    const { code, stdout } = await run('repair', name, '--json')
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 0,
      data: { fetched: { files: ['model.safetensors'] }, health: { status: 'healthy' } },
    })
    expect(await list()).toMatchObject([{ model: name, state: 'done', health: 'healthy' }])
  })

  it.each([true, false])('mends more files than one wish may name (with an owner: %s)', async (isOwned) => {
    const many = Object.fromEntries(Array.from({ length: 130 }, (_, index) => [`many/${index}.json`, `{"number":${index}}`]))
    await whole({ repos: [{ id: name, files: { ...files, ...many } }] })
    for (const blob of readdirSync(join(folder(), 'blobs'))) rmSync(join(folder(), 'blobs', blob))
    if (isOwned) await serve()
    const { code, stdout } = await run('repair', name, '--json')
    const { data } = JSON.parse(stdout) as { data: { fetched: { files: string[] }; health: object } }
    expect({ code, ...data }).toMatchObject({ code: 0, health: { status: 'healthy' } })
    expect(data.fetched.files.length).toBeGreaterThanOrEqual(130)
    expect((await run('verify', name, '--fresh', '--exit-code')).code).toBe(0)
  })

  it.each([true, false])('Ctrl-C ends it with 130 and says how to go on (with an owner: %s)', async (isOwned) => {
    const heavy = { ...files, 'model.safetensors': files['model.safetensors'] ?? '', 'words.txt': randomBytes(1.5 * MIB) }
    await whole({ repos: [{ id: name, files: heavy }] })
    await hub.close()
    hub = await startFakeHub({ repos: [{ id: name, files: heavy }], layers: [slowly] })
    for (const blob of readdirSync(join(folder(), 'blobs'))) rmSync(join(folder(), 'blobs', blob))
    if (isOwned) await serve()
    const child = startMlxk(['repair', name], { env: env() })
    const ended = finish(child)
    await untilPartial()
    child.kill('SIGINT')
    isFast = true
    expect(await ended).toMatchObject({ code: 130, stderr: expect.stringContaining(`Go on with: mlxk repair ${name}`) })
    expect((await run('repair', name)).code).toBe(0)
    expect((await run('verify', name, '--fresh', '--exit-code')).code).toBe(0)
  })
})

it('mlxk import, with an owner: what the folder lacks comes through its queue', async () => {
  hub = await startFakeHub({ repos: [{ id: name, files }] })
  const source = join(home.root, 'lmstudio', 'org', 'model')
  mkdirSync(source, { recursive: true })
  for (const [path, content] of Object.entries(files)) if (path !== 'config.json') writeFileSync(join(source, path), content)
  await serve()
  const { code, stdout } = await run('import', source, '--as', name, '--json')
  expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
    code: 0,
    data: { status: 'imported', health: 'healthy', files: expect.arrayContaining([expect.objectContaining({ state: 'fetched' })]) },
  })
  expect(await list()).toMatchObject([{ model: name, state: 'done', health: 'healthy' }])
})

describe('a download of the queue', () => {
  it('goes on by itself when the network is back, and after a sleep', async () => {
    hub = await startFakeHub({ repos: [{ id: name, files: newer }], layers: [slowly] })
    await serve()
    const { id } = await add(name)
    await until((each) => each.done_bytes > MIB / 4)
    await hub.unplug()
    await until((each) => (each.note ?? '') !== '' || each.state === 'waiting')
    await hub.plugIn()
    await until((each) => each.done_bytes > 0.75 * MIB)
    // A machine that sleeps stands still, and finds its connections gone.
    owner?.kill('SIGSTOP')
    hub.cut()
    owner?.kill('SIGCONT')
    const done = await until((each) => each.id === id && ['done', 'failed'].includes(each.state))
    expect(done).toMatchObject({ state: 'done', health: 'healthy', error: null })
  })

  it('waits for room on the disk instead of failing', async (test) => {
    const disk = join(home.root, 'disk')
    mkdirSync(disk)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]).status !== 0)
      return test.skip('cannot mount a small disk here')
    try {
      hub = await startFakeHub({ repos: [{ id: name, files: newer }] })
      await serve({ HF_HUB_CACHE: join(disk, 'hub') })
      const { id } = await add(name)
      const waiting = await until((each) => ['waiting', 'failed'].includes(each.state))
      expect(waiting).toMatchObject({ id, state: 'waiting', error: { code: 'disk_full' }, note: expect.stringContaining('room') })
      expect(fetched()).toEqual([])
      spawnSync('mount', ['-o', 'remount,size=16m', disk])
      await run('downloads', 'resume', id)
      expect(await until((each) => ['done', 'failed'].includes(each.state))).toMatchObject({ state: 'done', health: 'healthy' })
    } finally {
      await end(owner)
      spawnSync('umount', [disk])
    }
  })

  it('has neither a token nor a signed link in what it writes, logs or tells', async () => {
    hub = await startFakeHub({ repos: [{ id: name, files }], tokens: { [token]: 'ada' }, layers: [] })
    await serve({ HF_TOKEN: token, MLXK_LOG_LEVEL: 'debug' })
    const said: string[] = []
    owner?.stderr?.on('data', (bytes: Buffer) => said.push(bytes.toString()))
    const post = async (model: string): Promise<void> => {
      const { id } = await add(model)
      await until((each) => each.id === id && ['done', 'failed'].includes(each.state))
      said.push(await (await fetch(`${url}/api/v1/downloads/${id}`)).text())
    }
    await post(name)
    await post('org/nowhere')
    said.push((await run('downloads', '--json')).stdout, (await run('downloads')).stdout)
    expect(hub.log.some(({ authorization }) => authorization === `Bearer ${token}`)).toBe(true)
    expect(hub.log.some(({ url: asked }) => asked.includes('X-Amz-Signature'))).toBe(true)
    for (const entry of readdirSync(home.root, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) said.push(readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    for (const text of said) {
      expect(text).not.toContain(token)
      expect(text).not.toContain('X-Amz-Signature')
    }
  })
})
