import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync, spawnSync } from 'node:child_process'
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
    // mlx_lm's own question, for every file that has a model, every other name that we say it knows, and one that nobody does.
    const script = `
import io, json, contextlib, os, re, mlx_lm.models, mlx_lm.utils as utils
folder = list(mlx_lm.models.__path__)[0]
has_model = lambda name: re.search(r"^class Model\\b|^Model\\s*=|import .*\\bModel\\b", open(os.path.join(folder, name)).read(), re.M)
names = {name[:-3] for name in os.listdir(folder) if name.endswith(".py") and has_model(name)}
answers = {}
for name in sorted(names | set(json.load(__import__("sys").stdin)) | set(utils.MODEL_REMAPPING)):
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            utils._get_classes({"model_type": name, "architectures": ["BailingMoeV3ForCausalLM"]})
        answers[name] = True
    except BaseException:
        answers[name] = False
print(json.dumps(answers))`
    const said = execFileSync(testPython(), ['-c', script], { input: JSON.stringify([...known, 'not_there']), encoding: 'utf8' })
    const answers = JSON.parse(said.trim().split('\n').at(-1) ?? '') as Record<string, boolean>
    expect(answers['not_there']).toBe(false)
    const loadable = Object.keys(answers).filter((name) => answers[name] === true)
    expect(known.toSorted()).toEqual(loadable.toSorted())
  }, 120_000)

  test('a module that cannot be imported for the lack of a package is not called loadable, one that can do without it is', () => {
    const home = mkdtempSync(join(folder, 'venv-'))
    execFileSync(testPython(), ['-m', 'venv', '--without-pip', home])
    const python = join(home, 'bin', 'python')
    const purelib = execFileSync(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], {
      encoding: 'utf8',
    }).trim()
    const models = join(purelib, 'mlx_lm', 'models')
    mkdirSync(models, { recursive: true })
    mkdirSync(join(purelib, 'mlx_lm-9.9.9.dist-info'))
    writeFileSync(join(purelib, 'mlx_lm-9.9.9.dist-info', 'METADATA'), 'Metadata-Version: 2.1\nName: mlx-lm\nVersion: 9.9.9\n')
    writeFileSync(join(purelib, 'mlx_lm', '__init__.py'), '')
    writeFileSync(join(purelib, 'mlx_lm', 'utils.py'), 'MODEL_REMAPPING = {"other": "plain", "gone": "needs"}\n')
    const modules: Record<string, string> = {
      plain: 'import json, sys as system\n',
      needs: 'import absent_package\n',
      needs_one_of_many: 'import json, absent_package as absent\n',
      needs_a_part: 'from absent_package.part import thing\n',
      exits: 'import sys\ntry:\n    import absent_package\nexcept ImportError:\n    print("no")\n    sys.exit(1)\n',
      raises: 'try:\n    import absent_package\nexcept (ImportError, OSError) as e:\n    raise RuntimeError("no") from e\n',
      wrong_branch: 'try:\n    import absent_package\nexcept KeyError:\n    pass\n',
      second_choice: 'try:\n    import absent_package\nexcept ImportError:\n    import another_absent\n',
      follows: 'from .exits import Model as Parent\n',
      follows_far: 'from .follows import Parent\n',
      follows_all: 'from . import needs\n',
      optional: 'try:\n    import absent_package\nexcept ImportError:\n    absent_package = None\n',
      any_error: 'try:\n    import absent_package\nexcept:\n    pass\n',
      first_choice: 'try:\n    import json\nexcept ImportError:\n    raise\n',
      replaced: 'try:\n    import absent_package\nexcept ImportError:\n    import json as absent_package\n',
      later: 'def run():\n    import absent_package\n    raise SystemExit(1)\n',
      told: '"""\nimport absent_package\n"""\n',
      follows_well: 'from .optional import Model as Parent\nfrom . import plain\n',
      in_a_ring: 'from . import in_a_ring_too\n',
      in_a_ring_too: 'from . import in_a_ring\n',
    }
    for (const [name, text] of Object.entries(modules)) writeFileSync(join(models, `${name}.py`), `${text}class Model:\n    pass\n`)
    writeFileSync(join(models, 'helper.py'), 'class Cache:\n    pass\n')
    const script = join(findLayout(import.meta.dirname).resources, 'engine', 'architectures.py')
    const said = JSON.parse(execFileSync(python, ['-I', script], { encoding: 'utf8' })) as {
      architectures: string[]
      lacking: Record<string, string>
      files: string[]
    }
    const importable = Object.keys(modules).filter((name) => {
      return spawnSync(python, ['-c', `import mlx_lm.models.${name}`], { stdio: 'ignore' }).status === 0
    })
    expect(importable).toContain('in_a_ring')
    expect(said.architectures).toEqual([...importable, 'other'].toSorted())
    expect(said.lacking).toMatchObject({ needs: 'absent_package', gone: 'absent_package', follows_far: 'absent_package' })
    expect(Object.keys(said.lacking).filter((name) => said.architectures.includes(name))).toEqual([])
    // What is installed later changes the answer: the folder of packages is among the files that must be as they were.
    expect(said.files).toContain(purelib)
  }, 60_000)

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
