import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { AppState } from '../../../src/shared/contract'
import { end, finish } from '../../drivers/process'
import { install, startDaemon, startProcess, type Daemon } from './support'

let folder: string
const homes = mkdtempSync(join(tmpdir(), 'mlxk-daemon-'))
let count = 0
const newHome = (): string => join(homes, String(++count))

beforeAll(() => {
  folder = install()
})
afterAll(() => {
  for (const path of [folder, homes]) rmSync(path, { recursive: true, force: true, maxRetries: 3 })
})

const running: Daemon[] = []
afterEach(async () => {
  for (const { process } of running.splice(0)) await end(process)
})
async function start(home: string, env: Record<string, string> = {}): Promise<Daemon> {
  const daemon = await startDaemon(folder, home, env)
  running.push(daemon)
  return daemon
}

const refused = (url: string): Promise<unknown> =>
  fetch(url).then(
    () => null,
    (error: { cause?: { code?: string } }) => error.cause?.code,
  )

async function firstState({ client }: Daemon): Promise<AppState> {
  const frames = client.stream('state.watch', {})
  const { value } = await frames.next()
  await frames.return()
  return (value as { changes: AppState }).changes
}

describe('the built daemon on plain Node, without electron', () => {
  test('has no electron and no checkout to fall back on', () => {
    const { resolve } = createRequire(join(folder, 'out', 'main', 'daemon.cjs'))
    expect(() => resolve('electron')).toThrow('Cannot find module')
    expect(() => resolve('zod')).toThrow('Cannot find module')
  })

  test('serves models, state and page, and ends on SIGTERM with nothing left', async () => {
    const home = newHome()
    const daemon = await start(home)
    const { client, ready } = daemon
    expect(ready).toEqual({
      url: expect.stringMatching(/^http:/),
      control_url: expect.stringMatching(/^http:/),
      pid: daemon.process.pid,
    })
    expect(await client.call('models.list', {})).toMatchObject({ models: [], count: 0 })
    expect(await client.call('demo.enable', {})).toMatchObject({ enabled: true })
    const { models } = await client.call('models.list', {})
    expect(models.map(({ name, health }) => [name, health])).toContainEqual(['mlx-knife-demo/hello-fp32', 'healthy'])
    expect(await firstState(daemon)).toMatchObject({
      app: { pid: ready.pid, kind: 'daemon' },
      server: { state: 'ready', url: ready.url },
      demo: { enabled: true },
    })
    const api = (await (await fetch(`${ready.url}/v1/models`)).json()) as { data: { id: string }[] }
    expect(api.data.map(({ id }) => id)).toContain('mlx-knife-demo/hello-fp32')
    expect(await (await fetch(ready.control_url)).text()).toContain('<title>')

    const watching = client.stream('state.watch', {})
    await watching.next()
    daemon.process.kill('SIGTERM')
    const last = (async () => {
      for await (const frame of watching) void frame
    })()
    await expect(last).rejects.toMatchObject({ code: expect.stringMatching(/^(server_shutdown|connection_lost)$/) })
    expect(await daemon.ended).toBe(0)
    expect(await refused(ready.control_url)).toBe('ECONNREFUSED')
    expect(await refused(`${ready.url}/health`)).toBe('ECONNREFUSED')
    expect(existsSync(join(home, 'run', 'control.json'))).toBe(false)
  })

  test('a page trades its one-time code for the token, once', async () => {
    const daemon = await start(newHome())
    const link = new URL((await daemon.client.call('ui.link', {})).url)
    expect(link.origin).toBe(daemon.ready.control_url)
    const code = new URLSearchParams(link.hash.slice(1)).get('code')
    const trade = () =>
      fetch(`${link.origin}/auth/exchange`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code }),
      })
    expect(await (await trade()).json()).toEqual({ token: daemon.token })
    expect((await trade()).status).toBe(401)
  })

  test('a second one is refused with where the first one is, and harms it not', async () => {
    const home = newHome()
    const first = await start(home)
    const second = await finish(startProcess(folder, home))
    expect(second).toMatchObject({ code: 3, stdout: '' })
    const { error } = JSON.parse(second.stderr) as { error: unknown }
    expect(error).toMatchObject({
      code: 'already_running',
      data: { pid: first.ready.pid, url: first.ready.url, control_url: first.ready.control_url },
    })
    expect((await first.client.call('app.info', {})).pid).toBe(first.ready.pid)
  })

  test('after kill -9 another owns the folder at its first try, on the same control port with the same token', async () => {
    const home = newHome()
    const first = await start(home)
    first.process.kill('SIGKILL')
    await first.ended
    const second = await start(home)
    expect(second.ready.control_url).toBe(first.ready.control_url)
    expect(second.token).toBe(first.token)
    expect((await second.client.call('app.info', {})).pid).toBe(second.ready.pid)
  })

  test('a busy API port is a state that another port mends, not an end', async () => {
    const squatter = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => squatter.once('listening', resolve))
    const { port } = squatter.address() as AddressInfo
    try {
      const daemon = await start(newHome(), { MLXK_PORT: String(port) })
      expect(daemon.ready.url).toBeNull()
      expect((await firstState(daemon)).server).toMatchObject({ state: 'port_in_use', port, error: { code: 'port_in_use' } })
      const status = await daemon.client.call('server.start', { port: 0 })
      expect(status.state).toBe('ready')
      expect((await fetch(`${status.url}/health`)).status).toBe(200)
      expect(await daemon.client.call('server.stop', {})).toMatchObject({ state: 'stopped', url: null })
      expect(await refused(`${status.url}/health`)).toBe('ECONNREFUSED')
    } finally {
      squatter.close()
    }
  })

  test('models that appear in the cache raise the revision that windows watch', async () => {
    const home = newHome()
    const daemon = await start(home)
    await daemon.client.call('demo.enable', {})
    const frames = daemon.client.stream('state.watch', {})
    const first = (await frames.next()).value as { changes: AppState }
    rmSync(join(home, 'demo', 'hub', 'models--mlx-knife-demo--counting-fp32'), { recursive: true })
    let revision = first.changes.models.revision
    for await (const { changes } of frames) {
      if (changes.models === undefined || changes.models.revision <= revision) continue
      revision = changes.models.revision
      break
    }
    expect((await daemon.client.call('models.list', {})).models).toHaveLength(2)
  })

  test.each([
    ['MLXK_PORT', 'many'],
    ['MLXK_LOG_LEVEL', 'loud'],
    ['MLXK_MAX_TOKENS', '-1'],
  ])('%s=%s ends with exit 2 and the name of what is wrong, before anything is opened', async (name, value) => {
    const home = newHome()
    const result = await finish(startProcess(folder, home, { [name]: value }))
    expect(result.code).toBe(2)
    expect(result.stderr).toContain(name)
    expect(existsSync(home)).toBe(false)
  })

  test('a damaged settings file is put aside, said in the log, and no reason to end', async () => {
    const home = newHome()
    const first = await start(home)
    first.process.kill('SIGTERM')
    expect(await first.ended).toBe(0)
    writeFileSync(join(home, 'settings.json'), '{"version":')
    const second = await start(home)
    expect(await second.client.call('demo.enable', {})).toMatchObject({ enabled: true })
    expect(readdirSync(home).filter((file) => file.startsWith('settings.json.corrupt-'))).toHaveLength(1)
    expect(JSON.parse(readFileSync(join(home, 'settings.json'), 'utf8'))).toMatchObject({ version: 1, demo: { enabled: true } })
    const log = readFileSync(join(home, 'logs', 'mlxk.log'), 'utf8')
    expect(log).toContain('was not valid JSON')
    expect(log).not.toContain(second.token)
  })
})
