import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { trustList, trustResult } from '../../../src/shared/contract/documents'
import { writeDemoModels } from '../../../src/main/core/demo'
import { mlxk, mlxkOnTerminal, startMlxk } from '../../drivers/cli'
import { end, firstLine } from '../../drivers/process'
import { writeFakePython } from '../../fakes/engine'
import { needsEngine, testPython } from '../../setup/needs'
import { createHome, type TestHome } from './home'

const name = 'mlx-knife-demo/hello-fp32'
let home: TestHome
let env: Record<string, string>
let snapshot: string
let witness: string
let hash: string
let child: ChildProcess | null = null

/** A real model that brings code: mlx_lm's own llama, and a file that shows whether it was run. */
beforeEach(async () => {
  home = createHome()
  env = { ...home.env, MLXK_PYTHON: needsEngine() ? testPython() : join(home.root, 'no-python-here') }
  witness = join(home.root, 'code-was-run')
  await writeDemoModels(home.hub)
  const repo = join(home.hub, `models--${name.replaceAll('/', '--')}`)
  rmSync(join(repo, 'trees'), { recursive: true, force: true })
  const [only] = readdirSync(join(repo, 'snapshots'))
  hash = only!
  snapshot = join(repo, 'snapshots', hash)
  const config = JSON.parse(readFileSync(join(snapshot, 'config.json'), 'utf8')) as object
  replace('config.json', JSON.stringify({ ...config, model_file: 'own_model.py' }))
  replace('own_model.py', `from mlx_lm.models.llama import Model, ModelArgs\nopen(${JSON.stringify(witness)}, 'a').write('x')\n`)
})
afterEach(async () => {
  await end(child)
  child = null
  home.remove()
})

function replace(path: string, text: string): void {
  mkdirSync(snapshot, { recursive: true })
  rmSync(join(snapshot, path), { force: true })
  writeFileSync(join(snapshot, path), text)
}

const run = (...args: string[]) => mlxk(args, { env, timeoutMs: 60_000 })
const data = (stdout: string): unknown => (JSON.parse(stdout) as { data: unknown }).data
const ask = () => run('run', 'hello', 'Hi', '--max-tokens', '3', '--json')

describe('a model that brings code', () => {
  it('is refused by every command, with the one that decides, and its code is never run', async () => {
    const { code, stdout } = await ask()
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      error: { type: 'custom_code_refused', hint: expect.stringContaining(`mlxk trust ${name}`) },
    })
    const list = data((await run('list', '--all', '--json')).stdout) as { models: { name: string; runtime_compatible: boolean }[] }
    expect(list.models.find((model) => model.name === name)).toMatchObject({ runtime_compatible: false })
    expect(existsSync(witness)).toBe(false)
  })

  it('is refused by the API with the command that decides, whether its model or only its tokenizer asks for code', async () => {
    const config = JSON.parse(readFileSync(join(snapshot, 'config.json'), 'utf8')) as object
    // A tokenizer's code is an offer that nothing need take up: what fails without it is told with the same command.
    const offered = join(home.hub, 'models--test--offered', 'snapshots', hash)
    cpSync(snapshot, offered, { recursive: true, dereference: true })
    const auto = { auto_map: { AutoTokenizer: ['own_tokenizer.Own', null] }, tokenizer_class: 'Own' }
    writeFileSync(join(offered, 'config.json'), JSON.stringify({ ...config, model_file: undefined }))
    writeFileSync(join(offered, 'tokenizer_config.json'), JSON.stringify(auto))
    writeFileSync(join(offered, 'own_tokenizer.py'), `open(${JSON.stringify(witness)}, 'a').write('x')\n`)
    rmSync(join(offered, 'own_model.py'))
    // An engine that fails at this model, as the real one does where the tokenizer cannot be had without its code.
    writeFileSync(join(offered, 'faults.json'), JSON.stringify({ load_error: 'ValueError: Tokenizer class Own does not exist.' }))
    const python = writeFakePython(join(home.root, 'bin'))
    child = startMlxk(['serve', '--port', '0', '--json'], { env: { ...env, MLXK_PYTHON: python } })
    const { url } = data(await firstLine(child)) as { url: string }
    for (const [model, code] of [
      [name, 'custom_code_refused'],
      ['test/offered', 'engine_load_failed'],
    ] as const) {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] }),
      })
      const { error } = (await response.json()) as { error: { code: string; message: string } }
      expect(error).toMatchObject({ code, message: expect.stringContaining(`mlxk trust ${model}`) as string })
      expect(response.status).toBeGreaterThanOrEqual(400)
    }
    expect(existsSync(witness)).toBe(false)
  })

  it('is shown with files, sizes and hashes; without a terminal nothing is trusted unasked', async () => {
    const { code, stdout } = await run('trust', `hello@${hash.slice(0, 8)}`, '--json')
    expect(code).toBe(0)
    const shown = trustResult.parse(data(stdout))
    expect(shown).toMatchObject({ name, hash, need: 'required', trusted: false, requires_confirmation: true })
    expect(shown.files).toEqual([
      { path: 'own_model.py', size_bytes: expect.any(Number), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ])
    expect((await run('trust', 'hello')).stdout).toContain('own_model.py')
    expect(trustList.parse(data((await run('trust', '--list', '--json')).stdout)).revisions).toEqual([])
  })

  it.each([['trust'], ['trust', 'x', '--list'], ['trust', '--remove']])('%j is a usage error', async (...args) => {
    expect((await run(...args, '--json')).code).toBe(2)
  })

  it('a no on the terminal trusts nothing, and 60 columns are enough to see the file', async () => {
    const { code, screen } = await mlxkOnTerminal(['trust', 'hello'], { env, columns: 60, type: [{ after: '[y/N]', text: 'n\r' }] })
    expect(code).toBe(0)
    expect(screen).toContain('own_model.py')
    expect(screen).toContain('Nothing was trusted')
    expect((await ask()).code).toBe(1)
  })

  it('cannot be trusted when its code lies elsewhere', async () => {
    replace(
      'config.json',
      JSON.stringify({ ...(JSON.parse(readFileSync(join(snapshot, 'config.json'), 'utf8')) as object), model_file: '../../x.py' }),
    )
    const { code, stdout } = await run('trust', 'hello', '--yes', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ error: { type: 'custom_code_refused' } })
  })
})

describe.skipIf(!needsEngine())('once it is trusted', () => {
  it('answers, leaves the cache as it was, and is refused again after a change of one byte', async () => {
    expect((await run('trust', `${name}@${hash}`, '--yes')).code).toBe(0)
    const before = readdirSync(snapshot).sort()
    const answer = await ask()
    expect(answer.code, answer.stdout).toBe(0)
    expect(existsSync(witness)).toBe(true)
    expect(readdirSync(snapshot).sort()).toEqual(before)
    const list = data((await run('list', '--json')).stdout) as { models: { name: string; runtime_compatible: boolean }[] }
    expect(list.models.find((model) => model.name === name)).toMatchObject({ runtime_compatible: true })

    rmSync(witness)
    replace('own_model.py', `${readFileSync(join(snapshot, 'own_model.py'), 'utf8')}#`)
    expect(JSON.parse((await ask()).stdout)).toMatchObject({ error: { type: 'custom_code_refused' } })
    expect(existsSync(witness)).toBe(false)
  })

  it('a server that runs serves it from the yes on, and not from the no on', async () => {
    child = startMlxk(['serve', '--port', '0', '--json'], { env })
    const { url } = data(await firstLine(child)) as { url: string }
    const post = async () => {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: name, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 3 }),
      })
      await response.text()
      return response.status
    }
    expect(await post()).toBe(403)
    expect((await run('trust', 'hello', '--yes')).code).toBe(0)
    expect(await post()).toBe(200)
    expect((await run('trust', `${name}@${hash.slice(0, 7)}`, '--remove')).code).toBe(0)
    expect((data((await run('ps', '--json')).stdout) as { models: [] }).models).toEqual([])
    expect(await post()).toBe(403)
    expect((await run('trust', name, '--remove')).code).toBe(1)
  })
})
