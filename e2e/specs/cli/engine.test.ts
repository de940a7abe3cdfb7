import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { mlxk, startMlxk } from '../../drivers/cli'
import { finish } from '../../drivers/process'
import { needsEngine, testPython } from '../../setup/needs'
import { createHome, type TestHome } from './home'

/** The real lock and the real pip, with an index of our own that never answers, or that is not there. */
describe.skipIf(!needsEngine())('mlxk engine', () => {
  let home: TestHome
  let env: Record<string, string>
  let silent: Server
  let asked: Promise<unknown[]>
  beforeAll(async () => {
    silent = createServer()
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
  })
  afterAll(() => {
    silent.closeAllConnections()
    silent.close()
  })
  beforeEach(() => {
    home = createHome()
    asked = once(silent, 'request')
    // Without uv; the Python of the tests comes first.
    const path = (process.env['PATH'] ?? '').split(delimiter).filter((place) => !existsSync(join(place, 'uv')))
    const index = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/simple`
    env = { ...home.env, PATH: [join(testPython(), '..'), ...path].join(delimiter), PIP_INDEX_URL: index, PIP_RETRIES: '1' }
    return () => home.remove()
  })
  const leftovers = (): string[] => {
    const engine = join(home.data, 'engine')
    return readdirSync(engine).flatMap((name) => (name === 'install.db' ? [] : readdirSync(join(engine, name))))
  }

  it('interrupted while it installs ends with 130, says that it was cancelled, and leaves nothing half made', async () => {
    const child = startMlxk(['engine', 'install'], { env })
    const ended = finish(child)
    await asked
    child.kill('SIGINT')
    const { code, stderr, stdout } = await ended
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' })
    expect(stderr).toMatch(/^Looking for Python\nPython 3\.\d+\.\d+\n +0% \d+ packages\n.*cancelled/)
    expect(leftovers()).toEqual([])
    expect(JSON.parse((await mlxk(['engine', 'status', '--json'], { env })).stdout).data.state).toBe('missing')
  })

  it('names a package index that cannot be reached, with what to do, as a line per step and one result', async () => {
    const { code, stdout } = await mlxk(['engine', 'install', '--json=stream'], {
      env: { ...env, PIP_INDEX_URL: 'http://127.0.0.1:9/simple' },
    })
    const lines = stdout
      .trim()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line))
    expect(code).toBe(1)
    expect(lines.slice(0, -1).every(({ type }) => type === 'progress')).toBe(true)
    expect(lines.map(({ step }) => step)).toContain('install_packages')
    expect(lines.at(-1)).toMatchObject({
      type: 'result',
      status: 'error',
      error: {
        type: 'engine_install_failed',
        message: expect.stringContaining('connection to the package index failed'),
        hint: expect.stringContaining('PIP_INDEX_URL'),
      },
    })
    expect(leftovers()).toEqual([])
  })

  it('has nothing to go back to, and nothing to remove, at first; each says so', async () => {
    const back = await mlxk(['engine', 'rollback'], { env })
    expect(back).toMatchObject({ code: 1, stderr: expect.stringContaining('no earlier engine') })
    const removed = await mlxk(['engine', 'remove', '--json'], { env })
    expect(removed.code).toBe(0)
    expect(JSON.parse(removed.stdout)).toMatchObject({ command: 'engine', data: { state: 'missing', previous: null } })
  })

  it('never changes a Python that the user named', async () => {
    const own = { ...env, MLXK_PYTHON: testPython() }
    for (const word of ['update', 'rollback']) {
      const { code, stderr } = await mlxk(['engine', word], { env: own })
      expect(code).toBe(1)
      expect(stderr).toContain('does not change a Python that you chose')
    }
  })
})
