import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCatalog } from '../../../src/main/core/models'
import { scanRoots } from '../../../src/main/core/cache'
import { demoModelNames, writeDemoModels, writeScriptedModel, type WrittenRepo } from '../../../src/main/core/demo'
import { needsEngine, testPython } from '../../setup/needs'

interface Answer {
  path: string
  thinks: boolean
  /** At temperature 0, at 1, and at 0 with thinking switched off. */
  runs: { text: string; pieces: number; finish_reason: string }[]
}

const run = promisify(execFile)

async function askAll(hub: string, question: string, limit: number): Promise<Answer[]> {
  const env = { ...process.env, HF_HUB_OFFLINE: '1', MLX_DISABLE_COMPILE: '1', PYTHONDONTWRITEBYTECODE: '1' }
  const { stdout } = await run(testPython(), [join(import.meta.dirname, 'answer.py'), hub, question, String(limit)], { env })
  const answers: Answer[] = JSON.parse(stdout)
  return answers
}

describe.runIf(needsEngine())('the real mlx_lm', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlxk-demo-'))
  const hub = join(folder, 'hub')
  const LIMIT = 200
  let written: WrittenRepo[]
  let answers: Map<string, Answer>

  beforeAll(async () => {
    written = await writeDemoModels(hub)
    const all = await askAll(hub, 'Hello from MLX Knife! What can you do?', LIMIT)
    answers = new Map(written.map(({ name, snapshotPath }) => [name, all.find(({ path }) => path === snapshotPath)!]))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const named = (part: string): Answer => answers.get(demoModelNames.find((name) => name.includes(part)) ?? '')!

  test('loads every demo model, and each says the same at temperature 0 and 1', () => {
    expect(answers.size).toBe(3)
    for (const { runs } of answers.values()) expect(runs[1]).toEqual(runs[0])
  })

  test('one answers a friendly text in several dozen pieces and stops', () => {
    const [answer] = named('hello').runs
    expect(answer).toMatchObject({ finish_reason: 'stop' })
    expect(answer?.text).toMatch(/^Hello from MLX Knife! .{300,}Have fun!$/)
    expect(answer?.pieces).toBeGreaterThan(40)
  })

  test('one never ends by itself', () => {
    expect(named('counting').runs[0]).toMatchObject({ finish_reason: 'length', pieces: LIMIT })
  })

  test('one thinks first, and is known to; with thinking off it only answers', () => {
    const { thinks, runs } = named('thinking')
    const [first, , silent] = runs
    expect(thinks).toBe(true)
    expect(named('hello').thinks).toBe(false)
    const match = /^<think>(.{100,})<\/think>(.{100,})$/.exec(first?.text ?? '')
    expect(match?.[2]).toMatch(/^I thought about it first/)
    expect(silent?.text).toBe(match?.[2])
  })

  test('a script of its own is said piece by piece, whatever letters it has', async () => {
    const own = join(folder, 'own')
    const pieces = ['Grüße', ' aus', ' 東京', ' 🚀', '\n\n', 'a', ' "end"']
    await writeScriptedModel(own, { name: 'test/pieces', script: pieces })
    const [answer] = await askAll(own, 'Grüße aus a', 50)
    expect(answer?.runs[0]).toMatchObject({ text: pieces.join(''), finish_reason: 'stop' })
  })

  test('our own catalog finds all of them healthy and fit to run', async () => {
    const catalog = createCatalog({
      roots: () => [{ path: hub, kind: 'demo', rule: 'demo' }],
      scan: (roots) => Promise.resolve(scanRoots(roots)),
    })
    const { models } = await catalog.list()
    expect(
      models.map(({ health, runtime_compatible, reason, findings }) => ({ health, runtime_compatible, reason, findings })),
    ).toEqual(demoModelNames.map(() => ({ health: 'healthy', runtime_compatible: true, reason: null, findings: [] })))
  })
})
