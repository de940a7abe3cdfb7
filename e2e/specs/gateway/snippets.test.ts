import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeSnippet, type SnippetName } from '../../../src/shared/snippets'
import { projectFile } from '../../setup/build'
import { findClients, needsEngine } from '../../setup/needs'
import { hello, openGateway, type Gateway } from './support'

const run = promisify(execFile)
const LAST_WORDS = 'Have fun!'

/** A Python with the package `openai`, which the engine's own has not. */
const clients = findClients()
const clientsPython = clients === null ? '' : join(clients, 'python', 'bin', 'python')

/** The examples that the window offers, run as a person would run them. */
describe.skipIf(!needsEngine())('examples of the Server view', () => {
  let gateway: Gateway
  let folder: string
  beforeAll(async () => {
    gateway = await openGateway()
    folder = mkdtempSync(join(tmpdir(), 'mlxk-snippets-'))
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(projectFile('node_modules', 'openai'), join(folder, 'node_modules', 'openai'))
  })
  afterAll(async () => {
    await gateway?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const snippet = (name: SnippetName, needsKey = false): string =>
    makeSnippet(name, { baseUrl: `${gateway.api.url}/v1`, model: hello, needsKey, contextTokens: 4096 })
  const env = { ...process.env, MLXK_API_KEY: 'mlxk-any' }

  it.each([false, true])('curl, pasted into a shell, gets an answer (with a key: %s)', async (needsKey) => {
    const { stdout } = await run('/bin/sh', ['-c', `${snippet('curl', needsKey)} --silent --show-error`], { env })
    const { choices, model } = JSON.parse(stdout) as { choices: { message: { content: string } }[]; model: string }
    expect(choices[0]?.message.content).toContain(LAST_WORDS)
    expect(model).toBe(hello)
  })

  it.each([false, true])('Node streams an answer (with a key: %s)', async (needsKey) => {
    const file = join(folder, 'ask.mjs')
    writeFileSync(file, snippet('node', needsKey))
    const { stdout } = await run(process.execPath, [file], { env })
    expect(stdout).toContain(LAST_WORDS)
  })

  it.skipIf(clientsPython === '').each([false, true])('Python streams an answer (with a key: %s)', async (needsKey) => {
    const { stdout } = await run(clientsPython, ['-c', snippet('python', needsKey)], { env })
    expect(stdout).toContain(LAST_WORDS)
  })

  it('Python is valid, with the package and without', async () => {
    const python = process.env['MLXK_TEST_PYTHON'] ?? 'python3'
    const parse = 'import ast, sys; ast.parse(sys.argv[1])'
    for (const name of ['python', 'langchain'] as const)
      await expect(run(python, ['-c', parse, snippet(name, true)])).resolves.toMatchObject({ stderr: '' })
  })
})
