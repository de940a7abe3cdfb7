import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needsEngine, testPython } from '../../setup/needs'
import { mlxk, mlxkPath } from '../../drivers/cli'
import { end } from '../../drivers/process'

/** The story that everything hangs on: demo, list, serve, an OpenAI client, attach, and nothing left after a crash. */
describe.skipIf(!needsEngine())('walking thread', () => {
  let home: string
  let env: Record<string, string>
  const children: ChildProcess[] = []

  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'mlxk-thread-'))
    env = { HOME: home, MLXK_HOME: join(home, 'data'), HF_HOME: join(home, 'hf'), MLXK_PYTHON: testPython() }
  })

  afterAll(async () => {
    for (const child of children) await end(child)
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  })

  /** Starts `mlxk serve --port 0 --json` and waits for its first line. */
  async function serve(): Promise<{ child: ChildProcess; data: { url: string; port: number; pid: number } }> {
    const child = spawn(process.execPath, [mlxkPath, 'serve', '--port', '0', '--json'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    const envelope = JSON.parse(line) as { status: string; data: { url: string; port: number; pid: number } }
    expect(envelope.status).toBe('success')
    return { child, data: envelope.data }
  }

  it('mlxk demo --json writes real models, asks one through the API and prints its answer', async () => {
    const { code, stdout } = await mlxk(['demo', '--json'], { env, timeoutMs: 120_000 })
    expect(code).toBe(0)
    const { data } = JSON.parse(stdout) as { data: { answer: string; finish_reason: string; usage: { completion_tokens: number } } }
    expect(data.answer.length).toBeGreaterThan(20)
    expect(data.finish_reason).toBe('stop')
    expect(data.usage.completion_tokens).toBeGreaterThan(5)
  })

  it('mlxk2 list names the demo models at .models[].name', async () => {
    const { code, stdout } = await mlxk(['list'], { env, json: 'mlxk2' })
    expect(code).toBe(0)
    const flat = JSON.parse(stdout) as { models: { name: string; health: string }[]; error: unknown }
    expect(flat.error).toBeNull()
    expect(flat.models.length).toBeGreaterThanOrEqual(3)
    for (const model of flat.models)
      expect(model).toMatchObject({ name: expect.stringMatching(/^mlx-knife-demo\//), health: 'healthy' })
  })

  it('an OpenAI client streams a chat from mlxk serve; a second serve is refused with its URL; ui attaches', async () => {
    const { child, data } = await serve()
    const client = new OpenAI({ baseURL: `${data.url}/v1`, apiKey: 'none' })
    const models = await client.models.list()
    const stream = await client.chat.completions.create({
      model: models.data[0]!.id,
      messages: [{ role: 'user', content: 'Hello' }],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 40,
    })
    let text = ''
    let usage: { completion_tokens: number } | null | undefined
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
    }
    expect(text.length).toBeGreaterThan(0)
    expect(usage?.completion_tokens).toBeGreaterThan(0)

    const second = await mlxk(['serve', '--port', '0', '--json'], { env })
    expect(second.code).toBe(3)
    const refused = JSON.parse(second.stdout) as { status: string; error: { type: string; message: string } }
    expect(refused).toMatchObject({ status: 'error', error: { type: 'already_running' } })
    expect(JSON.stringify(refused.error)).toContain(data.url)

    const ui = await mlxk(['ui', '--no-open', '--json'], { env })
    expect(ui.code).toBe(0)
    const link = new URL((JSON.parse(ui.stdout) as { data: { url: string } }).data.url)
    expect(link.hash).toMatch(/^#code=/)
    const page = await fetch(new URL('/', link))
    expect(await page.text()).toContain('<div id="root">')

    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('kill -9 of mlxk serve leaves no engine process and no listening port within 3 s', async () => {
    const { child, data } = await serve()
    const client = new OpenAI({ baseURL: `${data.url}/v1`, apiKey: 'none' })
    const model = (await client.models.list()).data[0]!.id
    await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 3 })
    const engines = readdirSync(join(home, 'data', 'run', 'engines'))
      .filter((name) => name.endsWith('.json'))
      .map((name) => Number(name.replace('.json', '')))
    expect(engines.length).toBeGreaterThan(0)
    for (const pid of engines) expect(isRunning(pid)).toBe(true)

    child.kill('SIGKILL')
    await once(child, 'exit')
    const deadline = Date.now() + 3000
    const gone = async (): Promise<boolean> => engines.every((pid) => !isRunning(pid)) && !(await accepts(data.port))
    while (Date.now() < deadline && !(await gone())) await new Promise((resume) => setTimeout(resume, 50))
    expect(engines.filter(isRunning)).toEqual([])
    expect(await accepts(data.port)).toBe(false)
  })
})

/** A zombie that its new parent has not collected yet does not run any more. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return process.platform !== 'linux'
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => done(true)).once('error', () => done(false))
    socket.once('close', () => socket.destroy())
  })
}
