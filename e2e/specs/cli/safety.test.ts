import { once } from 'node:events'
import { createConnection, connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeDemoModels } from '../../../src/main/core/demo'
import { publishedFailure } from '../../../src/main/cli/output/published'
import { mlxk, startMlxk } from '../../drivers/cli'
import { end, finish, firstLine } from '../../drivers/process'
import { needsEngine, testPython } from '../../setup/needs'
import { createHome, type TestHome } from './home'

/** The built `mlxk serve` against whoever means it harm. */

let home: TestHome
let env: Record<string, string>
const children: ChildProcess[] = []
beforeEach(() => {
  home = createHome()
  env = { ...home.env, MLXK_PYTHON: join(home.root, 'no-python-here') }
})
afterEach(async () => {
  for (const child of children.splice(0)) await end(child)
  home.remove()
})

/** An address of this machine that is not loopback; null where there is no network. */
const outside = (): string | null =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? null

async function serve(...args: string[]): Promise<{ child: ChildProcess; url: string; port: number; hosts: string[] }> {
  const child = startMlxk(['serve', '--port', '0', '--json', ...args], { env })
  children.push(child)
  const { data } = JSON.parse(await firstLine(child)) as { data: { url: string; port: number; hosts: string[] } }
  return { child, ...data }
}

const makeKey = async (...args: string[]): Promise<string> =>
  (await mlxk(['config', 'key', 'create', ...args], { env })).stdout.trim()
const chat = (url: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'nothing', messages: [{ role: 'user', content: 'Hello' }] }),
  })

describe('beyond this machine', () => {
  it.each(['0.0.0.0', '::', '192.0.2.7'])(
    '%s without a key is refused before anything listens, with the command that mends it',
    async (host) => {
      const { code, stdout } = await mlxk(['serve', '--host', host, '--port', '0', '--json'], { env })
      expect(code).toBe(2)
      expect(publishedFailure.parse(JSON.parse(stdout)).error).toMatchObject({
        type: 'invalid_setting',
        hint: expect.stringContaining('config key create'),
      })
    },
  )

  it('with a key it serves: no key and wrong keys get 401, too small ones 403, a revoked one 401 from then on', async () => {
    const address = outside()
    if (address === null) return
    const [asker, reader] = [await makeKey('asker'), await makeKey('reader', '--scope', 'read')]
    const { url, port } = await serve('--host', '0.0.0.0')
    const there = `http://${address}:${port}`
    expect(url).toBe(`http://127.0.0.1:${port}`)
    expect((await chat(there)).status).toBe(401)
    expect((await chat(there, { authorization: 'Bearer mlxk-wrong' })).status).toBe(401)
    expect((await chat(there, { authorization: `Bearer ${reader}` })).status).toBe(403)
    expect((await chat(there, { authorization: `Bearer ${asker}` })).status).toBe(404)
    expect((await chat(there, { 'x-api-key': asker })).status).toBe(404)
    expect((await fetch(`${there}/v1/models`, { headers: { authorization: `Bearer ${reader}` } })).status).toBe(200)
    expect((await fetch(`${there}/api/v1/ps`, { headers: { authorization: `Bearer ${asker}` } })).status).toBe(403)
    expect((await fetch(`${there}/health`)).status).toBe(200)
    // Programs on this machine go on without one.
    expect((await chat(url)).status).toBe(404)
    await mlxk(['config', 'key', 'revoke', 'asker'], { env })
    expect((await chat(there, { authorization: `Bearer ${asker}` })).status).toBe(401)
  })

  it('a host name of the network must be allowed by name', async () => {
    const { port } = await serve()
    const ask = async (host: string): Promise<string> => {
      const socket = connect(port, '127.0.0.1')
      socket.write(`GET /v1/models HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      const [data] = (await once(socket, 'data')) as [Buffer]
      socket.destroy()
      return data.toString().slice(0, 12)
    }
    expect(await ask('mini.local')).toBe('HTTP/1.1 403')
    await mlxk(['config', 'set', 'server.allowed_hosts', 'mini.local'], { env })
    expect(await ask(`mini.local:${port}`)).toBe('HTTP/1.1 200')
    expect(await ask('mini.local.evil.example')).toBe('HTTP/1.1 403')
  })

  it('the control port never leaves this machine, whatever the API does', async () => {
    const address = outside()
    if (address === null) return
    await makeKey('one')
    const { child } = await serve('--host', '0.0.0.0')
    const ui = JSON.parse((await mlxk(['ui', '--no-open', '--json'], { env })).stdout) as { data: { url: string } }
    const socket = createConnection(Number(new URL(ui.data.url).port), address)
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNREFUSED')
    expect(child.exitCode).toBeNull()
  })
})

it('a model field never downloads: what is not there is 404, at once, and the cache stays as it was', async () => {
  const { url } = await serve()
  for (const model of [
    'mlx-community/Llama-3.2-1B-Instruct-4bit',
    'https://huggingface.co/org/x',
    '../../etc/passwd',
    '/etc/passwd',
  ])
    expect([400, 404]).toContain(
      (
        await fetch(`${url}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
        })
      ).status,
    )
  expect(existsSync(home.hub) ? readdirSync(home.hub) : []).toEqual([])
})

describe('two owners at once', () => {
  it('one wins, the others say who it is, and exit 3', async () => {
    const starting = Array.from({ length: 4 }, () => startMlxk(['serve', '--port', '0', '--json'], { env }))
    children.push(...starting)
    const lines = await Promise.all(starting.map(firstLine))
    const documents = lines.map(
      (line) => JSON.parse(line) as { status: string; data: { pid: number } | null; error: { type: string; pid?: number } | null },
    )
    const winners = documents.filter(({ status }) => status === 'success')
    expect(winners).toHaveLength(1)
    const losers = documents.filter(({ status }) => status === 'error')
    for (const { error } of losers) expect(error).toMatchObject({ type: 'already_running', pid: winners[0]!.data!.pid })
    const codes = await Promise.all(
      starting
        .filter(({ pid }) => pid !== winners[0]!.data!.pid)
        .map(async (child) => child.exitCode ?? ((await once(child, 'exit')) as [number])[0]),
    )
    expect(codes).toEqual([3, 3, 3])
  })
})

describe.skipIf(!needsEngine())('what is asked and answered', () => {
  it('is written nowhere: no log, no file, no stream says a word of it', async () => {
    env = { ...home.env, MLXK_PYTHON: testPython() }
    await writeDemoModels(home.hub)
    const child = startMlxk(['serve', '--port', '0', '--json', '--log-format', 'json', '--log-level', 'debug'], { env })
    children.push(child)
    const ended = finish(child, 60_000)
    const { data } = JSON.parse(await firstLine(child)) as { data: { url: string } }
    const secret = 'xyzzy-plugh-4711'
    const ask = (body: object) =>
      fetch(`${data.url}/v1/chat/completions?note=${secret}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-note': secret },
        body: JSON.stringify({ model: 'hello-fp32', messages: [{ role: 'user', content: secret }], max_tokens: 8, ...body }),
      })
    expect(await (await ask({})).text()).toContain('Hello from')
    await (await ask({ stream: true })).text()
    await (await ask({ temperature: secret })).text()
    await (await ask({ model: 'no-such-model' })).text()
    expect((await mlxk(['run', 'hello-fp32', secret], { env })).code).toBe(0)
    expect((await mlxk(['stop'], { env })).code).toBe(0)
    const { code, stdout, stderr } = await ended
    expect(code).toBe(0)
    for (const line of stderr.trim().split('\n')) expect(() => JSON.parse(line) as unknown, line).not.toThrow()
    expect(stderr).toContain('"msg":"request"')
    const written = [stdout, stderr, ...everythingIn(home.data)].join('\n')
    expect(written).not.toContain(secret)
    expect(written).not.toContain('Hello from MLX')
  })
})

/** The text of every file below a folder. */
function everythingIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true && !path.includes(join(home.data, 'demo')))
    .map((path) => readFileSync(path, 'latin1'))
}
