#!/usr/bin/env node
// Runs the pytest tests of resources/engine (e2e/launcher) with the interpreter of the engine (MLXK_TEST_PYTHON). pytest itself is
// installed once into `.cache/pytest` of the checkout. Arguments go to pytest.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'vite'
import { run } from './lib/run.mjs'

const root = join(import.meta.dirname, '..')
const pins = join(import.meta.dirname, 'lib', 'pytest.txt')
const hash = createHash('sha256').update(readFileSync(pins)).digest('hex').slice(0, 12)
const engine = process.env.MLXK_TEST_PYTHON
if (!engine) throw new Error('MLXK_TEST_PYTHON is not set: run "npm test -- launcher", which installs an engine')

/** The folder of pytest and what it needs: pure Python, so that any interpreter can load it. */
async function ensurePytest() {
  const folder = join(root, '.cache', 'pytest', hash)
  if (existsSync(join(folder, '.ready'))) return folder
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const python of [engine, 'python3.12', 'python3.11', 'python3']) {
    const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--target', folder, '-r', pins]
    const { code, output } = await run(python, args, { capture: true, timeoutMs: 5 * 60_000 }).catch((error) => ({
      code: 1,
      output: error.message,
    }))
    if (code === 0) {
      writeFileSync(join(folder, '.ready'), '')
      return folder
    }
    console.error(output.trim().split('\n').at(-1))
  }
  throw new Error('pytest could not be installed')
}

/** By these words mlx_lm tells that a model calls tools, and how. */
const callerTemplate =
  "{% if tools %}<tool_call>{% for tool in tools %}{{ tool.function.name }}{% endfor %}{% endif %}{% for m in messages %}{{ m['content'] or '' }}" +
  '{% if m.tool_calls %}{% for tool_call in m.tool_calls %}{{ tool_call.name }}{% endfor %}{% endif %}{% endfor %}'

/** Real models that the tests load, written by the product's own code. */
async function writeModels(folder) {
  const sources = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, hmr: false, watch: null, ws: false },
    optimizeDeps: { noDiscovery: true },
  })
  try {
    const { writeScriptedModel } = await sources.ssrLoadModule(join(root, 'src/main/core/demo/index.ts'))
    const specs = {
      plain: { script: 'Hello from the launcher, word by word.' },
      endless: { script: 'Go', loop: ' on and on and never stop before a limit.', contextLength: 100_000 },
      held: { script: ['Almost <', 'tool_c'], template: callerTemplate },
      small: { script: 'Too small for long prompts.', contextLength: 64 },
    }
    const paths = {}
    for (const [name, spec] of Object.entries(specs)) {
      paths[name] = (await writeScriptedModel(folder, { name: `test/${name}`, ...spec })).snapshotPath
    }
    return paths
  } finally {
    await sources.close()
  }
}

const work = mkdtempSync(join(tmpdir(), 'mlxk-launcher-'))
try {
  const [pytest, models] = await Promise.all([ensurePytest(), writeModels(join(work, 'hub'))])
  const { code } = await run(
    engine,
    [
      '-s',
      '-B',
      '-m',
      'pytest',
      '-q',
      '-p',
      'no:cacheprovider',
      '--rootdir',
      join(root, 'e2e', 'launcher'),
      ...process.argv.slice(2),
      join(root, 'e2e', 'launcher'),
    ],
    {
      env: {
        ...process.env,
        PYTHONPATH: pytest,
        PYTHONNOUSERSITE: '1',
        HF_HUB_OFFLINE: '1',
        MLXK_TEST_MODELS: JSON.stringify(models),
        MLXK_TEST_WORK: work,
      },
    },
  )
  process.exitCode = code
} finally {
  rmSync(work, { recursive: true, force: true, maxRetries: 3 })
}
