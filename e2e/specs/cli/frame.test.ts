import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishedEnvelope, publishedFailure } from '../../../src/main/cli/output/published'
import { mlxk, mlxkOnTerminal, mlxkPath, startMlxk } from '../../drivers/cli'
import { finish } from '../../drivers/process'
import { healthyModel, manyModels } from '../../fixtures/cache'
import { createHome, type TestHome } from './home'

let home: TestHome
let env: Record<string, string>

beforeAll(() => {
  home = createHome()
  env = home.env
  healthyModel(home.hub, 'mlx-community/Qwen模型-with-quite-a-long-name-that-no-narrow-terminal-holds-4bit')
  manyModels(home.hub, 40, 5)
})
afterAll(() => home.remove())

describe('exit codes, and one JSON document whatever happens', () => {
  it.each([
    [['--version'], 0, 'version'],
    [['version'], 0, 'version'],
    [['list'], 0, 'list'],
    [['help'], 0, 'help'],
    [['help', 'list'], 0, 'help'],
    [['list', '--help'], 0, 'list'],
    [[], 2, null],
    [['lsit'], 2, null],
    [['constructor'], 2, null],
    [['list', '--bogus'], 2, 'list'],
    [['list', 'a', 'b'], 2, 'list'],
    [['show'], 2, 'show'],
    [['serve', '--port', '99999'], 2, 'serve'],
    [['server', '--port', 'x'], 2, 'server'],
    [['run', 'm', '--temperature', '3'], 2, 'run'],
    [['run', 'm', '--max-tokens', '0'], 2, 'run'],
    [['engine'], 2, 'engine'],
    [['engine', 'bogus'], 2, 'engine'],
    [['help', 'bogus'], 2, 'help'],
    [['report'], 2, 'report'],
    [['downloads', 'pause'], 2, 'downloads'],
    [['pull'], 2, 'pull'],
    [['pull', 'a/b/c'], 1, 'pull'],
    [['clone', 'x'], 2, 'clone'],
    [['show', 'nowhere'], 1, 'show'],
    [['run', 'nowhere', 'hi'], 1, 'run'],
  ] as const)('%j ends with %i as %s', async (args, code, command) => {
    const result = await mlxk([...args, '--json'], { env })
    expect(result.stderr).toBe('')
    const document = JSON.parse(result.stdout) as { command: unknown }
    expect(document.command).toBe(command)
    expect(result.code).toBe(code)
    if (code !== 0) publishedFailure.parse(document)
    const flat = JSON.parse((await mlxk(args, { env, json: 'mlxk2' })).stdout) as { error: unknown }
    expect(flat.error === null).toBe(code === 0)
  })

  it('an unknown form of JSON is a usage error, in JSON', async () => {
    const result = await mlxk(['list', '--json=yaml'], { env })
    expect(result.code).toBe(2)
    expect(publishedFailure.parse(JSON.parse(result.stdout))).toMatchObject({ command: 'list', error: { type: 'usage' } })
  })

  it.each([
    [['lsit'], 'mlxk: "lsit" is no command.\n  Did you mean "mlxk list"?\n'],
    [['show'], `mlxk show: Missing required argument 'model'.\n  See "mlxk show --help".\n`],
    [
      ['convert', 'x'],
      'mlxk convert: "convert" is a command of mlx-knife that mlxk does not have.\n  Use "mlx_lm.convert --hf-path MODEL".\n',
    ],
  ])('people read on stderr what is wrong with %j and what to do', async (args, stderr) => {
    expect(await mlxk(args, { env })).toMatchObject({ code: 2, stdout: '', stderr })
  })

  it('an announced command says so, with its own type', async () => {
    const { stdout } = await mlxk(['report', '--json'], { env })
    expect(publishedFailure.parse(JSON.parse(stdout)).error).toMatchObject({ type: 'not_implemented' })
  })
})

describe('version and help', () => {
  it('prints the name it was called by and the version', async () => {
    expect((await mlxk(['--version'], { env })).stdout).toMatch(/^mlxk \d+\.\d+\.\d+\n$/)
    publishedEnvelope('version').parse(JSON.parse((await mlxk(['--version', '--json'], { env })).stdout))
    expect(JSON.parse((await mlxk(['version'], { env, json: 'mlxk2' })).stdout)).toMatchObject({
      json_api_spec_version: '0.2.3',
      error: null,
    })
  })

  it.each(['list', 'show', 'health', 'run', 'serve', 'server', 'ui', 'engine', 'demo', 'doctor'])(
    '%s --help shows its usage and examples',
    async (name) => {
      const { code, stdout, stderr } = await mlxk([name, '--help'], { env })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(new RegExp(`^Usage: mlxk ${name}`))
      expect(stdout).toContain('Examples:')
      expect((await mlxk(['help', name], { env })).stdout).toBe(stdout)
    },
  )

  it('without a command it shows the help and exits 2', async () => {
    const { code, stdout } = await mlxk([], { env })
    expect(code).toBe(2)
    expect(stdout).toMatch(/^Usage: mlxk COMMAND/)
  })

  it('--version loads no parser, and list --json no schemas, server or database', async () => {
    const loaded = async (args: string[]): Promise<string> => {
      const path = JSON.stringify(mlxkPath)
      const list = `process.on('exit', () => require('fs').writeSync(2, JSON.stringify(Object.keys(require.cache))))`
      const child = spawn(
        process.execPath,
        ['-e', `process.argv.splice(1, 0, ${path}); ${list}; require(${path})`, '--', ...args],
        {
          env: { ...process.env, ...env },
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      )
      const { stdout, stderr } = await finish(child)
      expect(stdout.length).toBeGreaterThan(0)
      const files = JSON.parse(stderr) as string[]
      return files.map((file) => readFileSync(file, 'utf8')).join('')
    }
    const marks = {
      commander: 'commander.missingArgument',
      zod: 'ZodError',
      sqlite: 'require("@photostructure/sqlite")',
      hono: 'HonoRequest',
      table: 'colWidths',
    }
    const found = (source: string): string[] =>
      Object.entries(marks).flatMap(([name, mark]) => (source.includes(mark) ? [name] : []))
    expect(found(await loaded(['--version']))).toEqual([])
    expect(found(await loaded(['list', '--json']))).toEqual(['commander'])
    expect(found(await loaded(['list']))).toEqual(['commander', 'table'])
  })
})

describe('outputs', () => {
  it('ends silently with 0 when its reader leaves (| head -1)', async () => {
    const shell = spawn('bash', ['-c', 'set -o pipefail; "$0" "$@" | head -1', process.execPath, mlxkPath, 'list', '--json=full'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    expect(await finish(shell)).toMatchObject({ code: 0, stdout: '{\n', stderr: '' })
  })

  it('ends silently when stdout was closed before it wrote', async () => {
    const child = startMlxk(['list', '--json'], { env })
    child.stdout!.destroy()
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('gives a pipe no colours, and with FORCE_COLOR some', async () => {
    expect((await mlxk(['list'], { env })).stdout).not.toContain('\u001B')
    expect((await mlxk(['list'], { env: { ...env, FORCE_COLOR: '1' } })).stdout).toContain('\u001B[1m')
    expect((await mlxk(['list', '--no-color'], { env: { ...env, FORCE_COLOR: '1' } })).stdout).not.toContain('\u001B')
    expect((await mlxk(['list', '--json'], { env: { ...env, FORCE_COLOR: '1' } })).stdout).not.toContain('\u001B')
  })

  it.each([100, 60, 40])('on a terminal the table has colours and fits %i columns', async (columns) => {
    const { code, screen } = await mlxkOnTerminal(['list'], { env, columns })
    expect(code).toBe(0)
    expect(screen).toContain('\u001B[1mName')
    // oxlint-disable-next-line no-control-regex
    const lines = screen.replace(/\u001B\[\d+m/g, '').split('\r\n')
    const width = (line: string): number => line.length + (line.match(/[\u2E80-\uFFEF]/g)?.length ?? 0)
    for (const line of lines.slice(0, 42)) expect(width(line)).toBeLessThanOrEqual(columns)
    expect(lines[1]).toContain('Model-0000-4bit')
  })

  it('on a terminal NO_COLOR is obeyed', async () => {
    expect((await mlxkOnTerminal(['list'], { env: { ...env, NO_COLOR: '1' } })).screen).not.toContain('\u001B')
  })

  it('asks nobody anything with JSON, even on a terminal: run without a prompt is an error before anything is loaded', async () => {
    const { code, screen } = await mlxkOnTerminal(['run', 'Model-0001', '--json'], { env })
    expect(code).toBe(1)
    expect(JSON.parse(screen)).toMatchObject({ status: 'error', command: 'run', error: { type: 'invalid_input' } })
  })
})

describe('doctor and engine without anything installed', () => {
  const bare = (): Record<string, string | undefined> => ({ ...env, MLXK_PYTHON: join(home.root, 'no-python-here') })

  it('doctor exits 0 and names the rule of each folder and the exact command for what is missing', async () => {
    const { code, stdout } = await mlxk(['doctor', '--json'], { env: bare() })
    expect(code).toBe(0)
    const { data } = JSON.parse(stdout) as {
      data: { roots: object[]; data_folder: object; engine: object; problems: { mend: string }[] }
    }
    expect(data.roots[0]).toMatchObject({ path: home.hub, rule: 'HF_HOME', state: 'ok' })
    expect(data.data_folder).toMatchObject({ path: home.data, rule: 'MLXK_HOME' })
    expect(data.engine).toMatchObject({ state: 'broken' })
    expect(data.problems[0]!.mend).not.toBe('')
    const people = await mlxk(['doctor'], { env: bare() })
    expect(people.stdout).toContain(home.hub)
    expect(people.stdout).toContain(data.problems[0]!.mend)
  })

  it('engine status exits 0; engine install with a Python that is not there is an error with the command that mends it', async () => {
    const status = await mlxk(['engine', 'status', '--json'], { env: bare() })
    expect(status.code).toBe(0)
    expect(JSON.parse(status.stdout)).toMatchObject({
      command: 'engine',
      data: { state: 'broken', hint: expect.stringMatching(/.+/) },
    })
    const install = await mlxk(['engine', 'install', '--json'], { env: bare() })
    expect(install.code).toBe(1)
    const { error } = publishedFailure.parse(JSON.parse(install.stdout))
    expect(error.type).toMatch(/^engine_/)
    expect(error.hint).toMatch(/.+/)
  })

  it('doctor survives settings that are not JSON, and says so', async () => {
    const broken = createHome()
    mkdirSync(broken.data)
    writeFileSync(`${broken.data}/settings.json`, '{ "demo": ')
    const { code, stdout } = await mlxk(['doctor', '--json'], { env: broken.env })
    broken.remove()
    expect(code).toBe(0)
    expect(stdout).toContain('is not valid JSON')
  })
})
