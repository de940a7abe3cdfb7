import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Download } from '../../../src/shared/contract'
import { mlxk, startMlxk } from '../../drivers/cli'
import { finish, firstLine } from '../../drivers/process'
import { answering, slow, startFakeHub, type FakeHub, type FakeHubOptions } from '../../fakes/hub'
import { healthyFiles } from '../../fixtures/cache'
import { createHome, type TestHome } from '../cli/home'

const MIB = 1024 * 1024
/** Small, or some seconds long at the speed of `slowly`. */
const files = healthyFiles()
const long = { ...files, 'tokenizer.json': `{"x":"${'x'.repeat(4 * MIB)}"}` }
const slowly = slow('hub', MIB)

let home: TestHome
let hub: FakeHub
let owner: ChildProcess | null = null
let url = ''

beforeEach(() => {
  home = createHome()
})
afterEach(async () => {
  await stop('SIGKILL')
  await hub.close()
  home.remove()
})

const env = (): Record<string, string> => ({ ...home.env, HF_ENDPOINT: hub.url, MLXK_PYTHON: '/nowhere/python' })
async function serve(): Promise<void> {
  owner = startMlxk(['serve', '--port', '0', '--json'], { env: env() })
  const { data } = JSON.parse(await firstLine(owner)) as { data: { url: string } }
  url = data.url
}
async function stop(signal: NodeJS.Signals): Promise<void> {
  const child = owner
  owner = null
  if (child === null || child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}
async function start(options: FakeHubOptions): Promise<void> {
  hub = await startFakeHub(options)
  await serve()
}
async function ask(path: string, body?: object): Promise<{ status: number; body: Download }> {
  const init =
    body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const response = await fetch(url + path, init)
  return { status: response.status, body: (await response.json()) as Download }
}
const add = async (model: string): Promise<Download> => (await ask('/api/v1/downloads', { model })).body
async function list(): Promise<Download[]> {
  const { stdout } = await mlxk(['downloads', '--json'], { env: env() })
  return (JSON.parse(stdout) as { data: { downloads: Download[] } }).data.downloads
}
async function until(id: string, isSo: (download: Download) => boolean): Promise<Download> {
  for (;;) {
    const { body } = await ask(`/api/v1/downloads/${id}`)
    if (isSo(body)) return body
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
const is =
  (...states: Download['state'][]) =>
  ({ state }: Download): boolean =>
    states.includes(state)
const repo = (name: string): string => join(home.hub, `models--org--${name}`)
const partials = (name: string): string[] =>
  existsSync(join(repo(name), 'blobs')) ? readdirSync(join(repo(name), 'blobs')).filter((each) => each.endsWith('.incomplete')) : []

describe('the queue of downloads', () => {
  it('fetches what the API asks for, one after the other, and says how each is', async () => {
    await start({ repos: ['a', 'b'].map((name) => ({ id: `org/${name}`, files })) })
    const posted = await ask('/api/v1/downloads', { model: 'org/a' })
    expect(posted).toMatchObject({ status: 202, body: { model: 'org/a', state: expect.stringMatching(/queued|preparing/) } })
    const b = await add('org/b')
    expect(await until(b.id, is('done', 'failed'))).toMatchObject({ state: 'done', health: 'healthy', error: null })
    expect((await ask(`/api/v1/downloads/${posted.body.id}`)).body).toMatchObject({ state: 'done', health: 'healthy' })
    const { stdout } = await mlxk(['health', '--json'], { env: env() })
    expect(JSON.parse(stdout)).toMatchObject({ data: { summary: { healthy_count: 2, unhealthy_count: 0 } } })
    const people = await mlxk(['downloads'], { env: env() })
    expect(people.stdout).toMatch(/org\/b +done/)
  })

  it('a wish that makes no sense is a clear error', async () => {
    await start({ repos: [] })
    expect(await ask('/api/v1/downloads', { model: '' })).toMatchObject({ status: 400, body: { error: { param: 'model' } } })
    expect(await ask('/api/v1/downloads', { model: 'org/a', speed: 1 })).toMatchObject({ status: 400 })
    expect(await ask('/api/v1/downloads/nothing')).toMatchObject({ status: 404, body: { error: { code: 'download_not_found' } } })
    const gone = await add('org/nowhere')
    expect(await until(gone.id, is('failed'))).toMatchObject({ error: { code: 'access_denied', hint: expect.any(String) } })
    expect(readdirSync(home.hub)).toEqual([])
  })

  it('pauses, resumes and cancels; cancelled, nothing is left', async () => {
    await start({ repos: [{ id: 'org/long', files: long }], layers: [slowly] })
    const { id } = await add('org/long')
    await until(id, ({ done_bytes: done }) => done > MIB / 2)
    const paused = await mlxk(['downloads', 'pause', 'long', '--json'], { env: env() })
    expect(JSON.parse(paused.stdout)).toMatchObject({ data: { downloads: [{ id, state: 'paused' }] } })
    expect(partials('long')).not.toEqual([])
    const asked = hub.log.length
    await mlxk(['downloads', 'resume', id.slice(0, 8)], { env: env() })
    const going = await until(id, is('downloading'))
    expect(going.done_bytes).toBeGreaterThan(MIB / 4)
    expect(hub.log.length).toBeGreaterThan(asked)
    const { code, stdout } = await mlxk(['downloads', 'cancel', id, '--json'], { env: env() })
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 0,
      data: { downloads: [{ id, state: 'cancelled' }] },
    })
    expect(partials('long')).toEqual([])
    await mlxk(['downloads', 'clear', '--all'], { env: env() })
    expect(await list()).toEqual([])
  })

  it('puts the last first', async () => {
    await start({
      repos: ['long', 'b', 'c'].map((name) => ({ id: `org/${name}`, files: name === 'long' ? long : files })),
      layers: [slowly],
    })
    for (const name of ['org/long', 'org/b', 'org/c']) await add(name)
    await mlxk(['downloads', 'move', 'org/c', '1'], { env: env() })
    expect((await list()).map(({ model }) => model)).toEqual(['org/long', 'org/c', 'org/b'])
  })

  it.each(['SIGTERM', 'SIGKILL'] as const)('after %s the next owner goes on with what was fetched', async (signal) => {
    await start({ repos: [{ id: 'org/long', files: long }], layers: [slowly] })
    const { id } = await add('org/long')
    await until(id, ({ done_bytes: done }) => done > 2.5 * MIB)
    await stop(signal)
    // Whoever only looks sees it, without an owner.
    expect(await list()).toMatchObject([{ id, state: 'queued' }])
    const asked = hub.log.length
    await serve()
    expect(await until(id, is('done', 'failed'))).toMatchObject({ state: 'done', health: 'healthy' })
    const again = hub.log.slice(asked).reduce((sum, { bytesSent }) => sum + bytesSent, 0)
    // What was not there, and at most two seconds of what was.
    expect(again).toBeLessThan(4 * MIB)
  })

  // As long as the back-off is for real.
  it.runIf(process.env['MLXK_TEST_FULL'] === '1')(
    'waits for a Hub that is down, and goes on by itself',
    async () => {
      await start({ repos: [{ id: 'org/a', files }], layers: [answering('hub', 503, {}, { times: 9 })] })
      const { id } = await add('org/a')
      const waiting = await until(id, is('waiting', 'failed'))
      expect(waiting).toMatchObject({ state: 'waiting', error: { code: 'hub_failed' }, note: expect.stringContaining('by itself') })
      await mlxk(['downloads', 'resume', id], { env: env() })
      expect(await until(id, is('done', 'failed'))).toMatchObject({ state: 'done' })
    },
    60_000,
  )

  it('mlxk pull goes through the owner, and Ctrl-C keeps what was fetched', async () => {
    await start({
      repos: [
        { id: 'org/long', files: long },
        { id: 'org/a', files },
      ],
      layers: [slowly],
    })
    const { stdout } = await mlxk(['pull', 'org/a', '--json'], { env: env() })
    expect(JSON.parse(stdout)).toMatchObject({ status: 'success', data: { model: 'org/a', health: 'healthy' } })
    expect(await list()).toMatchObject([{ model: 'org/a', state: 'done' }])
    const child = startMlxk(['pull', 'org/long'], { env: env() })
    const ended = finish(child)
    while (partials('long').length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect(code).toBe(130)
    expect(stderr).toContain('Go on with: mlxk pull org/long')
    expect((await list()).find(({ model }) => model === 'org/long')).toMatchObject({ state: 'cancelled' })
    expect(partials('long')).not.toEqual([])
  })

  it('without an owner a change says what to do', async () => {
    hub = await startFakeHub({ repos: [] })
    const { code, stdout } = await mlxk(['downloads', 'pause', '--all', '--json'], { env: env() })
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 1,
      error: { type: 'connection_lost', hint: expect.stringContaining('mlxk serve') },
    })
    const people = await mlxk(['downloads'], { env: env() })
    expect(people).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('Nothing is fetched') })
  })
})
