import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { psResult, stopResult, unloadResult } from '../../../src/shared/contract/documents'
import { loadedModel } from '../../../src/shared/contract'
import { writeDemoModels } from '../../../src/main/core/demo'
import { mlxk, mlxkOnTerminal, startMlxk } from '../../drivers/cli'
import { end, firstLine, isAlive } from '../../drivers/process'
import { needsEngine, testPython } from '../../setup/needs'
import { createHome, type TestHome } from './home'

const data = (stdout: string): unknown => (JSON.parse(stdout) as { data: unknown }).data

describe('without anything that runs', () => {
  let home: TestHome
  beforeAll(() => {
    home = createHome()
  })
  afterAll(() => home.remove())
  const run = (...args: string[]) => mlxk(args, { env: home.env })

  it('ps shows nothing and stop stops nothing, both with exit 0', async () => {
    const listed = await run('ps', '--json')
    expect(listed.code).toBe(0)
    expect(psResult.parse(data(listed.stdout))).toEqual({ models: [], memory: null, owner: null })
    const stopped = await run('stop', '--json')
    expect(stopped.code).toBe(0)
    expect(stopResult.parse(data(stopped.stdout))).toEqual({ stopped: false, owner: null })
    expect(await run('stop')).toMatchObject({ code: 0, stdout: '' })
  })
  it.each([
    ['load', 'x'],
    ['unload', 'x'],
    ['unload', '--all'],
  ])('%s %s says that nothing runs, and what starts it', async (...args) => {
    const { code, stdout } = await run(...args, '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ error: { type: 'connection_lost', hint: expect.stringContaining('serve') } })
  })
  it.each([['unload'], ['unload', 'x', '--all'], ['load'], ['load', 'x', '--keep-alive', 'soon'], ['ps', 'x'], ['chat']])(
    '%j is a usage error',
    async (...args) => {
      expect((await run(...args, '--json')).code).toBe(2)
    },
  )
  it('chat needs a terminal, and says what does not', async () => {
    const { code, stdout } = await run('chat', 'x', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ error: { type: 'invalid_input', hint: expect.stringContaining('run x') } })
  })
})

describe.skipIf(!needsEngine())('with an owner that runs', () => {
  let home: TestHome
  let env: Record<string, string>
  let child: ChildProcess
  const run = (...args: string[]) => mlxk(args, { env })

  beforeAll(async () => {
    home = createHome()
    env = { ...home.env, MLXK_PYTHON: testPython() }
    await writeDemoModels(home.hub)
    child = startMlxk(['serve', '--port', '0', '--json'], { env })
    await firstLine(child)
  })
  afterAll(async () => {
    await end(child)
    home.remove()
  })

  it('loads a model, keeps it as asked, shows it, and unloads it', async () => {
    const loaded = await run('load', 'hello', '--keep-alive', '2h', '--json')
    expect(loadedModel.parse(data(loaded.stdout))).toMatchObject({ state: 'ready', keep_alive_s: 7200, pinned: false })
    const pinned = await run('load', 'hello', '--pin', '--json')
    expect(loadedModel.parse(data(pinned.stdout))).toMatchObject({ pinned: true, keep_alive_s: 7200 })
    const { models, memory, owner } = psResult.parse(data((await run('ps', '--json')).stdout))
    expect(models).toHaveLength(1)
    expect(models[0]).toMatchObject({ name: 'mlx-knife-demo/hello-fp32', in_flight: 0, memory_bytes: expect.any(Number) })
    expect(memory?.limit_bytes).toBeGreaterThan(0)
    expect(owner).toMatchObject({ pid: child.pid, kind: 'serve' })
    expect((await run('ps')).stdout).toMatch(/hello-fp32 +ready .* pinned/)
    const { pid } = models[0]!
    const { unloaded } = unloadResult.parse(data((await run('unload', 'HELLO', '--json')).stdout))
    expect(unloaded).toEqual(['mlx-knife-demo/hello-fp32'])
    expect(isAlive(pid!)).toBe(false)
    expect(unloadResult.parse(data((await run('unload', 'hello', '--json')).stdout)).not_loaded).toEqual(unloaded)
    expect((await run('unload', 'no-such-model', '--json')).code).toBe(1)
  })

  it('load --json=stream tells the way, and an unknown model is an error', async () => {
    const { stdout } = await run('load', 'counting', '--json=stream')
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; step?: string; data?: { state: string } })
    expect(lines.at(-1)).toMatchObject({ type: 'result', data: { state: 'ready' } })
    expect(lines.some(({ type, step }) => type === 'progress' && step === 'loading')).toBe(true)
    expect((await run('load', 'no-such-model', '--json')).code).toBe(1)
    expect((await run('unload', '--all', '--json')).code).toBe(0)
  })

  it('chats through it: commands, several lines, another model, saving; Ctrl-C keeps the session', async () => {
    const file = join(home.root, 'talk.json')
    const { code, screen } = await mlxkOnTerminal(['chat', 'hello'], {
      env,
      columns: 100,
      timeoutMs: 60_000,
      type: [
        { after: 'You: ', text: '/help\r' },
        { after: '/stats', text: '' },
        { after: 'You: ', text: '/sytem x\r' },
        { after: 'Did you mean /system', text: '' },
        { after: 'You: ', text: '/system Be brief\r' },
        { after: 'You: ', text: '/set temperature 3\r' },
        { after: 'must be from 0 to 2', text: '' },
        { after: 'You: ', text: '/set max_tokens 5\r' },
        { after: 'You: ', text: '"""\r' },
        { after: '...  ', text: 'two\r' },
        { after: '...  ', text: 'lines"""\r' },
        { after: 'cut after 5 tokens', text: '' },
        { after: 'You: ', text: '/stats\r' },
        { after: 'tokens/s', text: '' },
        { after: 'You: ', text: '/model counting\r' },
        { after: 'You: ', text: '/set max_tokens none\r' },
        { after: 'You: ', text: 'count \\\r' },
        { after: '...  ', text: 'on\r' },
        { after: 'sheep', text: '\u0003' },
        { after: '(interrupted)', text: '' },
        { after: 'You: ', text: `/save ${file}\r` },
        { after: 'Saved:', text: '' },
        { after: 'You: ', text: '/save /etc/passwd\r' },
        { after: 'left alone', text: '' },
        { after: 'You: ', text: 'half a line\u0003' },
        { after: 'You: ', text: '/exit\r' },
      ],
    })
    expect(code, screen).toBe(0)
    const saved = JSON.parse(readFileSync(file, 'utf8')) as {
      model: string
      system: string
      messages: { role: string; content: string; state: string }[]
    }
    expect(saved).toMatchObject({ model: 'mlx-knife-demo/counting-fp32', system: 'Be brief' })
    expect(saved.messages.map(({ role, state }) => `${role} ${state}`)).toEqual([
      'user complete',
      'assistant complete',
      'user complete',
      'assistant interrupted',
    ])
    expect(saved.messages.map(({ content }) => content).filter((_, index) => index % 2 === 0)).toEqual(['two\nlines', 'count \non'])
    expect(saved.messages[3]!.content).toContain('sheep')
  })

  it('an unknown model ends a chat before it begins', async () => {
    expect((await mlxkOnTerminal(['chat', 'no-such-model'], { env })).code).toBe(1)
  })

  it('stop ends it: exit 0 there, no engine is left, and it says whom it stopped', async () => {
    await run('load', 'hello')
    const { models } = psResult.parse(data((await run('ps', '--json')).stdout))
    const ended = once(child, 'exit')
    const { code, stdout } = await run('stop', '--json')
    expect(code).toBe(0)
    expect(stopResult.parse(data(stdout))).toMatchObject({ stopped: true, owner: { pid: child.pid, kind: 'serve' } })
    expect(await ended).toEqual([0, null])
    for (const { pid } of models) expect(isAlive(pid!)).toBe(false)
    expect(data((await run('stop', '--json')).stdout)).toEqual({ stopped: false, owner: null })
  })
})

it('ps fits a narrow terminal', async () => {
  const home = createHome()
  const { screen } = await mlxkOnTerminal(['ps'], { env: home.env, columns: 60 })
  expect(screen).toContain('not running')
  home.remove()
})
