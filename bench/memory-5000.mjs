import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { bundleCore } from './lib/core.mjs'

const goals = { scan: 'scan', cold: 'list without an index', warm: 'list with a warm index' }

/** Resident memory above the start, at its highest, with the result held; at half the number too, which shows how it grows. */
export async function measure({ env, home, fillCache }) {
  const bundle = await bundleCore(home)
  const raw = Object.fromEntries(Object.keys(goals).map((name) => [name, []]))
  for (const models of [1250, 2500, 5000]) {
    const hub = fillCache(models)
    const index = join(home, 'memory-index')
    rmSync(index, { recursive: true, force: true })
    for (const [name, task] of Object.entries({ scan: 'scan', cold: 'list', warm: 'list' })) {
      const output = execFileSync(process.execPath, ['bench/sides/memory.mjs', bundle, hub, index, task], { env, encoding: 'utf8' })
      const { count, highest } = JSON.parse(output)
      if (count !== models) throw new Error(`${name} saw ${count} of ${models} models`)
      raw[name].push(highest)
    }
  }
  return Object.entries(goals).map(([name, what]) => ({
    name: `memory above the start, 5000 models, ${what}`,
    goal: '< 60',
    limit: 60,
    value: raw[name].at(-1),
    unit: 'MiB',
    detail: `with 1250, 2500 and 5000 models: ${raw[name].map((value) => value.toFixed(0)).join(', ')} MiB`,
    raw_mib: raw[name],
  }))
}
