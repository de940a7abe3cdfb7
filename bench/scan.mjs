import { join } from 'node:path'
import { bundleCore } from './lib/core.mjs'
import { describeMedians, median, startSide, timeInTurn } from './lib/pairs.mjs'

const models = 500

/** Scanning 500 models of ten files inside a process, each in its own: ours, the two peers', and a bare walk, which only counts. */
export async function measure({ env, home, python, fillCache }) {
  const hub = fillCache(models)
  const bundle = await bundleCore(home)
  const sides = {
    ours: startSide([process.execPath, 'bench/sides/core.mjs', bundle, hub, join(home, 'index')], env),
    'scanCacheDir of @huggingface/hub': startSide([process.execPath, 'bench/sides/hub-js.mjs', hub], env),
    'scan_cache_dir of huggingface_hub': startSide([python, 'bench/sides/scan.py', hub], env),
    'readdir and stat alone': startSide([process.execPath, 'bench/sides/walk.mjs', hub], env),
  }
  try {
    const run = async (name) => {
      const { milliseconds, count } = await sides[name].ask('scan')
      if (name !== 'readdir and stat alone' && count !== models) throw new Error(`${name} saw ${count} of ${models} models`)
      return milliseconds
    }
    const times = await timeInTurn(Object.fromEntries(Object.keys(sides).map((name) => [name, () => run(name)])), 15, 4)
    const [ours, hubJs, hubPython] = Object.values(times).map(median)
    const raw = { detail: describeMedians(times), raw_ms: times }
    return [
      { name: `scan of ${models} models / @huggingface/hub`, goal: '<= 0.1', limit: 0.1, value: ours / hubJs, unit: 'x', ...raw },
      { name: `scan of ${models} models / Python's`, goal: '<= 0.25', limit: 0.25, value: ours / hubPython, unit: 'x', ...raw },
    ]
  } finally {
    for (const side of Object.values(sides)) await side.close()
  }
}
