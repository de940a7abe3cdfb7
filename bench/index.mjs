// `npm run bench [-- name…]`: our figures beside the peers', alternating in one run. Writes raw values and versions to bench/results and
// prints goal, value and pass or miss. Goals are those of docs/performance.md; a miss is reported, never redefined.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { prepare } from './lib/prepare.mjs'

process.chdir(dirname(import.meta.dirname))
const names = [
  'version',
  'scan',
  'rescan',
  'list',
  'health',
  'verify',
  'pull',
  'memory-5000',
  'first-token',
  'streams',
  'queue',
  'idle',
  'models-api',
  'app',
]
// Takes as long as it is told to, so it only runs when it is asked for.
const onRequest = ['soak']
const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '5' } },
})
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new Error('--minutes must be a number above 0')
const unknown = wanted.filter((name) => ![...names, ...onRequest].includes(name))
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; there are: ${[...names, ...onRequest].join(', ')}`)
  process.exit(2)
}

const home = mkdtempSync(join(tmpdir(), 'mlxk-bench-'))
try {
  const bench = await prepare(home)
  const results = []
  for (const name of wanted.length > 0 ? wanted : names) {
    const { measure } = await import(`./${name}.mjs`)
    const taken_at = new Date().toISOString()
    results.push(...(await measure(bench, { minutes })).map((result) => ({ ...result, taken_at })))
  }
  const passes = ({ value, limit, atLeast = false }) => (atLeast ? value >= limit : value <= limit)
  for (const result of results) {
    const { name, goal, value, unit, detail } = result
    console.log(`${passes(result) ? 'pass' : 'MISS'}  ${name}: ${value.toFixed(3)} ${unit} (goal ${goal}); ${detail}`)
  }
  const file = `bench/results/${new Date().toISOString().slice(0, 10)}-${process.platform}-${process.arch}.json`
  mkdirSync('bench/results', { recursive: true })
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memory_bytes: totalmem(), platform: process.platform }
  // A run of some benchmarks leaves the day's figures of the others.
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).results : []
  const kept = before.filter(({ name }) => !results.some((result) => result.name === name))
  writeFileSync(file, `${JSON.stringify({ machine, versions: bench.versions, results: [...kept, ...results] }, null, 2)}\n`)
  console.log(`written: ${file}`)
  process.exitCode = results.every(passes) ? 0 : 1
} finally {
  rmSync(home, { recursive: true, force: true })
}
