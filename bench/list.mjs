import { median, timeCommand, timePairs } from './lib/pairs.mjs'

/** A script's commonest question, as a whole process: `mlxk list --json` beside `hf cache ls --format json`, 50 models. */
export async function measure({ env, mlxk, hf, fillCache }) {
  fillCache(50)
  const times = await timePairs(
    () => timeCommand([...mlxk, 'list', '--json'], env),
    () => timeCommand([hf, 'cache', 'ls', '--format', 'json'], env),
    15,
  )
  const value = median(times.ours) / median(times.theirs)
  return [
    {
      name: 'mlxk list --json / hf cache ls --format json, 50 models',
      goal: '<= 0.4',
      limit: 0.4,
      value,
      unit: 'x',
      detail: `medians ${median(times.ours).toFixed(0)} and ${median(times.theirs).toFixed(0)} ms`,
      raw_ms: times,
    },
  ]
}
