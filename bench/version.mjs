import { median, timeCommand, timePairs } from './lib/pairs.mjs'

/** Start-up: `mlxk --version` beside an empty Node program. */
export async function measure({ env, mlxk }) {
  const times = await timePairs(
    () => timeCommand([...mlxk, '--version'], env),
    () => timeCommand([process.execPath, '-e', '0'], env),
    31,
  )
  const value = median(times.ours) / median(times.theirs)
  return [
    {
      name: 'mlxk --version / node -e 0',
      goal: '<= 1.3',
      limit: 1.3,
      value,
      unit: 'x',
      detail: `medians ${median(times.ours).toFixed(0)} and ${median(times.theirs).toFixed(0)} ms`,
      raw_ms: times,
    },
  ]
}
