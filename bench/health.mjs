import { describeMedians, median, timeCommand, timeInTurn } from './lib/pairs.mjs'

/** `mlxk health --json` of 500 models beside `hf cache ls --format json`, which judges nothing. */
export async function measure({ env, mlxk, hf, fillCache }) {
  fillCache(500)
  const times = await timeInTurn(
    {
      mlxk: () => timeCommand([...mlxk, 'health', '--json'], env),
      hf: () => timeCommand([hf, 'cache', 'ls', '--format', 'json'], env),
    },
    15,
  )
  return [
    {
      name: 'mlxk health --json / hf cache ls --format json, 500 models',
      goal: '<= 0.3',
      limit: 0.3,
      value: median(times.mlxk) / median(times.hf),
      unit: 'x',
      detail: describeMedians(times, 0),
      raw_ms: times,
    },
  ]
}
