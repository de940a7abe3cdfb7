import { spawnSync } from 'node:child_process'

/** Runs a command to its end. @returns {number} wall time in milliseconds */
export function timeCommand([command, ...args], env) {
  const started = performance.now()
  const done = spawnSync(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 })
  const milliseconds = performance.now() - started
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${done.status}: ${done.stderr}`)
  return milliseconds
}

/**
 * Times two things alternately, so that a machine that gets slower or faster meanwhile does so for both, and who goes first changes.
 * @param {() => number | Promise<number>} ours milliseconds of one run
 * @param {() => number | Promise<number>} theirs
 * @returns {Promise<{ours: number[], theirs: number[]}>} raw milliseconds, run by run
 */
export async function timePairs(ours, theirs, runs, warmUps = 2) {
  for (let index = 0; index < warmUps; index += 1) {
    await theirs()
    await ours()
  }
  const times = { ours: [], theirs: [] }
  for (let index = 0; index < runs; index += 1) {
    const order = index % 2 === 0 ? ['ours', 'theirs'] : ['theirs', 'ours']
    for (const side of order) times[side].push(await (side === 'ours' ? ours() : theirs()))
  }
  return times
}

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
}

export const median = (values) => quantile(values, 0.5)
