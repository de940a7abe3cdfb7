import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createEngineSupport } from '../../../src/main/core/interpreter'
import { findLayout } from '../../../src/main/core/system'
import { mlxk } from '../../drivers/cli'
import { healthyFiles, writeModel } from '../../fixtures/cache'
import { needsEngine, testPython } from '../../setup/needs'
import { createHome } from '../cli/home'

const folder = mkdtempSync(join(tmpdir(), 'mlxk-architectures-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(!needsEngine())('the installed mlx_lm', () => {
  test('says by its files exactly what it loads when it is asked itself', async () => {
    const support = await createEngineSupport({
      env: { MLXK_PYTHON: testPython() },
      platform: { home: folder },
      paths: { engine: folder, index: join(folder, 'index') },
      layout: findLayout(import.meta.dirname),
      settings: { read: () => ({ engine: { python: null } }) },
    })()
    expect(support).toMatchObject({ state: 'known', version: expect.stringMatching(/^\d+\.\d+/) })
    const known = support.state === 'known' ? [...support.architectures] : []
    expect(known).toEqual(expect.arrayContaining(['llama', 'mistral', 'qwen3', 'qwen2_5_vl', 'solar_open']))
    for (const helper of ['base', 'cache', '__init__', 'switch_layers']) expect(known).not.toContain(helper)
    // mlx_lm's own question, for every name that we say it knows and for one that nobody does.
    const script =
      'import json, sys\nfrom mlx_lm.utils import _get_classes\nbad = []\nfor name in json.load(sys.stdin):\n' +
      '    try:\n        _get_classes({"model_type": name, "architectures": ["BailingMoeV3ForCausalLM"]})\n' +
      '    except ValueError:\n        bad.append(name)\nprint(json.dumps(bad))'
    const refused = execFileSync(testPython(), ['-c', script], { input: JSON.stringify([...known, 'not_there']), encoding: 'utf8' })
    expect(JSON.parse(refused.trim().split('\n').at(-1) ?? '')).toEqual(['not_there'])
  }, 120_000)

  test('decides in every list what can run, and is asked once', async () => {
    const home = createHome()
    try {
      writeModel(home.hub, 'org/known')
      writeModel(home.hub, 'org/unknown', {
        files: healthyFiles({ 'config.json': '{"model_type":"not_there","quantization":{"bits":4}}' }),
      })
      const env = { ...home.env, MLXK_PYTHON: testPython() }
      const list = async () => {
        const { stdout } = await mlxk(['list', '--json'], { env })
        return (JSON.parse(stdout) as { data: { models: { runtime_compatible: boolean; reason: string | null }[] } }).data.models
      }
      const first = await list()
      expect(first).toMatchObject([
        { runtime_compatible: true, reason: null },
        { runtime_compatible: false, reason: expect.stringMatching(/^mlx_lm \S+ does not know the architecture "not_there"\.$/) },
      ])
      expect(await list()).toEqual(first)
      expect(readdirSync(join(home.data, 'index')).sort()).toContain('architectures.json')
      const without = await mlxk(['list', '--json'], { env: home.env })
      expect(JSON.parse(without.stdout)).toMatchObject({
        data: {
          models: [{ runtime_compatible: true, reason: 'Not checked: the engine is not installed.' }, { runtime_compatible: true }],
        },
      })
    } finally {
      home.remove()
    }
  })
})
