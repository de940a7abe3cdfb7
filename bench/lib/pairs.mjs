import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Runs a command to its end. @returns {Promise<number>} wall time in milliseconds */
export async function timeCommand([command, ...args], env) {
  const started = performance.now()
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let talk = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      if (talk.length < 10_000) talk += text
    })
  }
  const [code, signal] = await once(child, 'close')
  const milliseconds = performance.now() - started
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}: ${talk}`)
  return milliseconds
}

/**
 * A process that is told on each line of its input what to do once, and answers with a line of JSON: work inside a process, timed there,
 * that nothing else in that process disturbs.
 */
export function startSide([command, ...args], env) {
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    ask: async (task) => {
      child.stdin.write(`${task}\n`)
      const { value, done } = await answers.next()
      if (done) throw new Error(`${args.at(-1)} ended before it had answered "${task}"`)
      return JSON.parse(value)
    },
    close: async () => {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

/**
 * Times things alternately, so that a machine that gets slower or faster meanwhile does so for all, and who goes first changes.
 * @param {Record<string, () => number | Promise<number>>} sides by name: milliseconds of one run
 * @returns {Promise<Record<string, number[]>>} raw milliseconds, run by run
 */
export async function timeInTurn(sides, runs, warmUps = 2) {
  const names = Object.keys(sides)
  for (let index = 0; index < warmUps; index += 1) for (const name of names) await sides[name]()
  const times = Object.fromEntries(names.map((name) => [name, []]))
  for (let index = 0; index < runs; index += 1) {
    for (const name of index % 2 === 0 ? names : names.toReversed()) times[name].push(await sides[name]())
  }
  return times
}

/** @returns {Promise<{ours: number[], theirs: number[]}>} see `timeInTurn` */
export const timePairs = (ours, theirs, runs, warmUps) => timeInTurn({ theirs, ours }, runs, warmUps)

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
}

export const median = (values) => quantile(values, 0.5)

/** `medians: ours 12.3, theirs 45.6 ms` */
export const describeMedians = (times, digits = 1) =>
  `medians: ${Object.entries(times)
    .map(([name, values]) => `${name} ${median(values).toFixed(digits)}`)
    .join(', ')} ms`
