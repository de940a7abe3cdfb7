import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { publishedFailure } from '../../../src/main/cli/output/published'
import { mlxk, startMlxk } from '../../drivers/cli'
import { end, finish, firstLine } from '../../drivers/process'
import { healthyModel, truncatedShard } from '../../fixtures/cache'
import { createHome, type TestHome } from './home'

let home: TestHome
let env: Record<string, string>
const children: ChildProcess[] = []
const strangers: Server[] = []

beforeEach(() => {
  home = createHome()
  // No engine: what is shown here does not need one, and serving without one is allowed.
  env = { ...home.env, MLXK_PYTHON: join(home.root, 'no-python-here') }
  healthyModel(home.hub, 'org/tiny')
})
afterEach(async () => {
  for (const child of children.splice(0)) await end(child)
  for (const stranger of strangers.splice(0)) stranger.close()
  home.remove()
})

interface Served {
  url: string
  port: number
  pid: number
  hosts: string[]
}

async function serve(args: string[] = []): Promise<{ child: ChildProcess; data: Served; line: string }> {
  const child = startMlxk(['serve', '--port', '0', '--json', ...args], { env })
  children.push(child)
  const line = await firstLine(child)
  const { data } = JSON.parse(line) as { data: Served }
  return { child, data, line }
}

async function takePort(): Promise<number> {
  const server = createServer()
  strangers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

describe('serve', () => {
  it('--json says on one line where it listens, and is there', async () => {
    const { child, data, line } = await serve()
    expect(JSON.parse(line)).toMatchObject({ status: 'success', command: 'serve', error: null })
    expect(data).toMatchObject({ url: `http://127.0.0.1:${data.port}`, pid: child.pid })
    expect(data.hosts[0]).toBe('127.0.0.1')
    const health = await fetch(`${data.url}/health`)
    expect(await health.json()).toMatchObject({ status: 'healthy' })
  })

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('ends with 0 on %s, with nothing more on stdout', async (signal) => {
    const child = startMlxk(['server', '--port', '0', '--json'], { env })
    children.push(child)
    const result = finish(child)
    const line = await firstLine(child)
    child.kill(signal)
    expect(await result).toMatchObject({ code: 0, stdout: `${line}\n` })
    expect(JSON.parse(line)).toMatchObject({ command: 'server' })
  })

  it('talks to people on stderr: the URL and a call to copy', async () => {
    const child = startMlxk(['serve', '--port', '0'], { env })
    children.push(child)
    const stderr: string[] = []
    await new Promise<void>((ready) => {
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        stderr.push(text)
        if (stderr.join('').includes('curl ')) ready()
      })
    })
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(stderr.join(''))![0]
    expect((await fetch(`${url}/v1/models`)).status).toBe(200)
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('a second one exits 3 with pid and URL of the first', async () => {
    const { data } = await serve()
    const second = await mlxk(['serve', '--port', '0', '--json'], { env })
    expect(second.code).toBe(3)
    const { command, error } = publishedFailure.parse(JSON.parse(second.stdout))
    expect(command).toBe('serve')
    expect(error).toMatchObject({ type: 'already_running', pid: data.pid, url: data.url })
    const people = await mlxk(['serve'], { env })
    expect(people).toMatchObject({ code: 3, stdout: '' })
    expect(people.stderr).toContain(data.url)
    expect(people.stderr).toContain(String(data.pid))
  })

  it('a busy port exits 3, names the port and, where that can be seen, its process', async () => {
    const port = await takePort()
    const { code, stdout } = await mlxk(['serve', '--port', String(port), '--json'], { env })
    expect(code).toBe(3)
    const { error } = publishedFailure.parse(JSON.parse(stdout))
    expect(error).toMatchObject({ type: 'port_in_use', port })
    if (process.platform === 'linux') expect(error['pid']).toBe(process.pid)
    expect(stdout.trim().split('\n')).toHaveLength(1)
    expect((await mlxk(['serve', '--port', '0', '--json'], { env, timeoutMs: 1 })).code).not.toBe(3)
  })

  it.each([
    ['nowhere', 'model_not_found', 1],
    ['org', 'ambiguous_match', 1],
    ['broken', 'model_unhealthy', 1],
  ])('does not start with the preload %s: %s', async (model, type, code) => {
    healthyModel(home.hub, 'org/other')
    truncatedShard(home.hub, 'far/broken')
    const result = await mlxk(['serve', model, '--port', '0', '--json'], { env })
    expect(publishedFailure.parse(JSON.parse(result.stdout)).error.type).toBe(type)
    expect(result.code).toBe(code)
  })

  it('without an engine it serves all the same, says so, and answers engine_missing', async () => {
    const { data, child } = await serve(['tiny'])
    const answer = await fetch(`${data.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'org/tiny', messages: [{ role: 'user', content: 'Hello' }] }),
    })
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ error: { code: 'engine_missing' } })
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})

describe('other commands beside a running owner', () => {
  it('doctor shows it, ui gives a link into it, run asks it', async () => {
    const { data } = await serve()
    const doctor = JSON.parse((await mlxk(['doctor', '--json'], { env })).stdout) as { data: { owner: object; api: object } }
    expect(doctor.data.owner).toMatchObject({ pid: data.pid, kind: 'serve', api_url: data.url })
    expect(doctor.data.api).toMatchObject({ port: data.port, state: 'ours' })
    const ui = await mlxk(['ui', '--json'], { env })
    expect(ui.code).toBe(0)
    const link = JSON.parse(ui.stdout) as { data: { url: string; attached: boolean; pid: number } }
    expect(link.data).toMatchObject({
      attached: true,
      pid: data.pid,
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#code=/),
    })
    const run = await mlxk(['run', 'tiny', 'Hello', '--json'], { env })
    expect(run.code).toBe(1)
    const { error } = publishedFailure.parse(JSON.parse(run.stdout))
    expect(error).toMatchObject({ type: 'engine_missing', hint: expect.stringMatching(/.+/) })
  })

  it('ui without an owner is one, until a signal ends it', async () => {
    const child = startMlxk(['ui', '--no-open', '--json'], { env: { ...env, MLXK_PORT: '0' } })
    children.push(child)
    const { data } = JSON.parse(await firstLine(child)) as { data: { url: string; attached: boolean; kind: string } }
    expect(data).toMatchObject({ attached: false, kind: 'daemon' })
    expect(await (await fetch(new URL('/', data.url))).text()).toContain('<div id="root">')
    expect((await mlxk(['serve', '--port', '0', '--json'], { env })).code).toBe(3)
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})

describe('run without an engine', () => {
  it('says engine_missing with the command that mends it', async () => {
    const { code, stdout } = await mlxk(['run', 'tiny', 'Hello', '--json'], { env })
    expect(code).toBe(1)
    expect(publishedFailure.parse(JSON.parse(stdout)).error).toMatchObject({
      type: 'engine_missing',
      hint: expect.stringMatching(/.+/),
    })
    const people = await mlxk(['run', 'tiny', 'Hello'], { env })
    expect(people).toMatchObject({ code: 1, stdout: '' })
    expect(people.stderr.trim().split('\n')).toHaveLength(2)
  })

  it('with an empty prompt is an error before anything is loaded', async () => {
    const { code, stdout } = await mlxk(['run', 'tiny', '--json'], { env, input: '' })
    expect(code).toBe(1)
    expect(publishedFailure.parse(JSON.parse(stdout)).error.type).toBe('invalid_input')
  })
})
