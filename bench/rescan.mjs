import { join } from 'node:path'
import { bundleCore } from './lib/core.mjs'
import { describeMedians, median, startSide, timeInTurn } from './lib/pairs.mjs'

const models = 500

/**
 * Looking again at what has not changed, beside the first look, inside a process: the whole of it (names, sizes, verdicts, the index on
 * disk), and the scanner's part alone.
 */
export async function measure({ env, home, fillCache }) {
  const hub = fillCache(models)
  const bundle = await bundleCore(home)
  const side = startSide([process.execPath, 'bench/sides/core.mjs', bundle, hub, join(home, 'index')], env)
  try {
    const run = async (task) => {
      const { milliseconds, count } = await side.ask(task)
      if (count !== models) throw new Error(`${task} saw ${count} of ${models} models`)
      return milliseconds
    }
    // The second always after a first, so not in turn with it.
    const whole = { first: [], again: [] }
    for (let index = 0; index < 13; index += 1) {
      const pair = { first: await run('survey'), again: await run('resurvey') }
      if (index >= 3) for (const name of Object.keys(pair)) whole[name].push(pair[name])
    }
    const scanner = await timeInTurn({ first: () => run('scan'), again: () => run('rescan') }, 10, 3)
    const ratio = ({ first, again }) => median(again) / median(first)
    const result = (name, times) => ({
      name: `unchanged rescan of ${models} models / first, ${name}`,
      goal: '<= 0.2',
      limit: 0.2,
      value: ratio(times),
      unit: 'x',
      detail: describeMedians(times),
      raw_ms: times,
    })
    return [result('scan and verdicts', whole), result('the scanner alone', scanner)]
  } finally {
    await side.close()
  }
}
