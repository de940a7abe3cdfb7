import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finish } from '../../drivers/process'
import { findClients, needsEngine } from '../../setup/needs'
import { caller, jsonSpeaker } from './models'
import { counting, hello, openGateway, type Gateway } from './support'

interface Failure {
  class: string
  status: number | null
  code: string | null
}

/** What a script of `e2e/clients` prints. */
interface Report {
  /** Null: the client has no call for it. */
  list: string[] | null
  chat: { text: string; finish: string; tokens: number }
  stream: { text: string; pieces: number }
  tools: { name: string; arguments: object }
  schema: object
  missing: Failure
  bad: Failure
  abort: { class: string; name?: string }
}

/** Each with what it calls a model that is not there and a request that makes no sense. */
const clients = [
  { name: 'openai for Node', command: 'node', script: 'openai-node.mjs', missing: 'NotFoundError', bad: 'BadRequestError' },
  { name: 'LangChain for Node', command: 'node', script: 'langchain.mjs', missing: 'NotFoundError', bad: 'BadRequestError' },
  { name: 'Vercel AI SDK', command: 'node', script: 'ai-sdk.mjs', missing: 'APICallError', bad: 'APICallError' },
  { name: 'openai for Python', command: 'python', script: 'openai_python.py', missing: 'NotFoundError', bad: 'BadRequestError' },
  { name: 'LiteLLM', command: 'python', script: 'litellm_client.py', missing: 'NotFoundError', bad: 'BadRequestError' },
] as const

const folder = findClients()

describe.skipIf(!needsEngine() || folder === null)('clients of other makers, with real mlx_lm', () => {
  let gateway: Gateway
  const matrix: string[] = []

  beforeAll(async () => {
    gateway = await openGateway()
    await gateway.write(caller)
    await gateway.write(jsonSpeaker)
  })
  afterAll(async () => {
    await gateway?.close()
    console.log(['client matrix: list chat stream tools schema errors abort', ...matrix].join('\n'))
  })

  async function run(command: 'node' | 'python', script: string): Promise<Report> {
    const program = command === 'node' ? process.execPath : join(folder ?? '', 'python', 'bin', 'python')
    const child = spawn(program, [join(folder ?? '', script)], {
      cwd: folder ?? '.',
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        NO_PROXY: '127.0.0.1,localhost',
        LITELLM_LOCAL_MODEL_COST_MAP: 'True',
        BASE_URL: `${gateway.api.url}/v1`,
        HELLO: hello,
        COUNTING: counting,
        CALLER: caller.name,
        JSON_SPEAKER: jsonSpeaker.name,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const { stdout, stderr, code } = await finish(child, 60_000)
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Report
  }

  it.each(clients.map((client) => [client.name, client] as const))(
    '%s lists, chats, streams, calls tools, reads JSON by a schema, maps errors, and leaves',
    async (name, { command, script, missing, bad }) => {
      const report = await run(command, script)
      if (report.list !== null) expect(report.list).toEqual(expect.arrayContaining([hello, counting, caller.name]))
      expect(report.chat).toMatchObject({ text: expect.stringMatching(/\S/), finish: 'stop', tokens: expect.any(Number) })
      expect(report.chat.tokens).toBeGreaterThan(0)
      expect(report.stream.text).toBe(report.chat.text)
      expect(report.stream.pieces).toBeGreaterThan(1)
      expect(report.tools).toEqual({ name: 'weather', arguments: { city: 'Köln 🌧' } })
      expect(report.schema).toEqual({ city: 'Köln', age: 38 })
      expect(report.missing).toMatchObject({ class: missing, status: 404 })
      expect(report.bad).toMatchObject({ class: bad, status: 400 })
      expect(report.abort.class).toMatch(/abort|closed|DOMException|Error/i)
      // Whoever leaves frees the engine.
      await gateway.idle()
      matrix.push(
        `${name.padEnd(20)} ${report.list === null ? '-' : 'ok'} ok ok ok ok ${report.missing.class}/${report.bad.class} ok`,
      )
    },
    90_000,
  )

  it('curl: list, chat, stream and an error', async () => {
    const curl = async (...args: string[]): Promise<string> => {
      const child = spawn('curl', ['-sS', '--noproxy', '*', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
      const { stdout, code } = await finish(child, 30_000)
      expect(code).toBe(0)
      return stdout
    }
    const url = `${gateway.api.url}/v1`
    const body = (model: string, more: object = {}): string =>
      JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }], ...more })
    const post = (text: string): Promise<string> =>
      curl(`${url}/chat/completions`, '-H', 'content-type: application/json', '-d', text)
    expect(JSON.parse(await curl(`${url}/models`))).toMatchObject({ object: 'list' })
    expect(JSON.parse(await post(body(hello)))).toMatchObject({ choices: [{ finish_reason: 'stop' }] })
    expect(await post(body(hello, { stream: true }))).toMatch(/^(:.*\n\n)*data: \{[\s\S]*data: \[DONE\]\n\n$/)
    expect(JSON.parse(await post(body('nobody/nothing')))).toMatchObject({ error: { code: 'model_not_found' } })
    matrix.push(`${'curl'.padEnd(20)} ok ok ok - - model_not_found -`)
  })
})
