import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishedEnvelope } from '../../../src/main/cli/output/published'
import { writeDemoModels } from '../../../src/main/core/demo'
import { mlxk, mlxkOnTerminal, startMlxk } from '../../drivers/cli'
import { needsEngine, testPython } from '../../setup/needs'
import { createHome, type TestHome } from './home'

const control = (letter: string): string => String.fromCharCode(letter.charCodeAt(0) - 64)

/** `run` with a real mlx_lm, an engine of its own each time. */
describe.skipIf(!needsEngine())('run', () => {
  let home: TestHome
  let env: Record<string, string>

  beforeAll(async () => {
    home = createHome()
    env = { ...home.env, MLXK_PYTHON: testPython() }
    await writeDemoModels(home.hub)
  })
  afterAll(() => home.remove())

  it('answers words and standard input together, with mlx-knife’s keys, closed', async () => {
    const { code, stdout, stderr } = await mlxk(['run', 'hello', '-', 'sum', 'up', '--json'], { env, input: 'a text\n' })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { data } = publishedEnvelope('run').parse(JSON.parse(stdout))
    expect(data).toMatchObject({
      model: 'hello',
      prompt: 'a text\n\nsum up',
      response: expect.stringMatching(/^Hello from MLX Knife!/),
    })
    expect(data.tokens_generated).toBeGreaterThan(10)
  })

  it('prints the answer alone on stdout, and what the model thinks on stderr', async () => {
    const { code, stdout, stderr } = await mlxk(['run', 'thinking', 'why'], { env })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^I thought about it first.*\.\n$/)
    expect(stderr).toMatch(/^Somebody asked me something/)
    expect((await mlxk(['run', 'thinking', 'why', '--no-reasoning'], { env })).stderr).toBe('')
  })

  it('keeps to --max-tokens and says that the answer was cut', async () => {
    const { code, stdout, stderr } = await mlxk(['run', 'counting', 'go', '--max-tokens', '8'], { env })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^I count/)
    expect(stderr).toContain('cut after 8 tokens')
  })

  it('--json=stream gives the text piece by piece, then the result with everything', async () => {
    const { stdout } = await mlxk(['run', 'hello', 'hi', '--json=stream'], { env })
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; event?: string; text?: string; data?: object })
    const text = lines.flatMap((line) => (line.event === 'text' ? [line.text] : []))
    expect(text.length).toBeGreaterThan(5)
    expect(lines.at(-1)).toMatchObject({
      type: 'result',
      status: 'success',
      data: { response: text.join(''), finish_reason: 'stop' },
    })
  })

  it('Ctrl-C ends it with 130 and leaves nothing running', async () => {
    const child = startMlxk(['run', 'counting', 'go', '--json=stream'], { env })
    await new Promise<void>((started) => {
      child.stdout!.on('data', (bytes: Buffer) => {
        if (bytes.toString().includes('"event":"text"')) started()
      })
    })
    const engines = readdirSync(join(home.data, 'run', 'engines')).filter((name) => name.endsWith('.json'))
    expect(engines).toHaveLength(1)
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([130, null])
    expect(() => process.kill(Number(engines[0]!.replace('.json', '')), 0)).toThrow('ESRCH')
  })

  it('on a terminal it is a chat: Ctrl-C stops an answer and keeps the session, Ctrl-D leaves', async () => {
    const { code, screen } = await mlxkOnTerminal(['run', 'counting'], {
      env,
      timeoutMs: 60_000,
      type: [
        { after: 'You: ', text: '\r' },
        { after: 'You: ', text: 'count\r' },
        { after: 'sheep', text: control('C') },
        { after: '(interrupted)', text: '' },
        { after: 'You: ', text: 'again\r' },
        { after: 'sheep', text: control('C') },
        { after: 'You: ', text: control('D') },
      ],
    })
    expect(code).toBe(0)
    expect(screen.match(/\(interrupted\)/g)).toHaveLength(2)
  })
})
