import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { buildIfStale } from '../../scripts/lib/build-if-stale.cjs'
import { run } from '../../scripts/lib/run.mjs'
import { fillCache } from './cache.mjs'

/** What users run is the installed package, which has no sources beside it to compare its output with. @returns its folder */
function installPackage(home) {
  const folder = join(home, 'package')
  for (const name of ['bin', 'out', 'resources', 'package.json']) cpSync(name, join(folder, name), { recursive: true })
  mkdirSync(join(folder, 'node_modules/@photostructure'), { recursive: true })
  symlinkSync(resolve('node_modules/@photostructure/sqlite'), join(folder, 'node_modules/@photostructure/sqlite'))
  return folder
}

/** @returns the interpreter of the engine that the tests use too */
async function installEngine() {
  const { code, output } = await run(process.execPath, ['scripts/setup-engine.mjs'], { capture: true })
  if (code !== 0) throw new Error(`the engine could not be installed:\n${output}`)
  return output.trim().split('\n').at(-1)
}

/**
 * Builds, installs the engine whose environment also holds the peers (`hf`), and gives every benchmark the same isolated homes.
 * @returns what a benchmark needs: `env`, `mlxk` (command words), `hf`, `python`, `fillCache(count)`, `versions`
 */
export async function prepare(home) {
  if (!buildIfStale({ force: true })) throw new Error('the build failed')
  const python = process.env.MLXK_TEST_PYTHON ?? (await installEngine())

  const env = {
    PATH: process.env.PATH,
    HOME: home,
    HF_HOME: join(home, 'hf'),
    MLXK_HOME: join(home, 'data'),
    MLXK_PYTHON: python,
    HF_HUB_OFFLINE: '1',
    HF_HUB_DISABLE_TELEMETRY: '1',
  }
  const version = (name) =>
    execFileSync(python, ['-c', 'import sys,importlib.metadata as m; print(m.version(sys.argv[1]))', name], {
      encoding: 'utf8',
    }).trim()
  const mlxk = [process.execPath, join(installPackage(home), 'bin/mlxk.cjs')]
  return {
    env,
    home,
    mlxk,
    python,
    hf: join(dirname(python), 'hf'),
    fillCache: (count) => {
      const hub = join(home, 'hf', 'hub')
      fillCache(hub, count)
      return hub
    },
    versions: {
      mlxk: execFileSync(mlxk[0], [mlxk[1], '--version'], { encoding: 'utf8', env }).trim(),
      node: process.version,
      '@huggingface/hub': JSON.parse(readFileSync('node_modules/@huggingface/hub/package.json', 'utf8')).version,
      openssl: execFileSync('openssl', ['version'], { encoding: 'utf8' }).trim(),
      huggingface_hub: version('huggingface_hub'),
      mlx_lm: version('mlx-lm'),
      mlx: version('mlx'),
    },
  }
}
