// A download inside one process: `pull.mjs BUNDLE REPO OUT_MAIN`, see lib/pull-entry.ts. Prints milliseconds and the main thread's delays.
import { createRequire } from 'node:module'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const [bundle, repo, outMain] = process.argv.slice(2)
const { pull } = createRequire(import.meta.url)(bundle)
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
const milliseconds = await pull(process.env, repo, outMain)
delay.disable()
// The timer's own millisecond is no delay.
const past = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - 1)
console.log(JSON.stringify({ milliseconds, p99: past(delay.percentile(99)), longest: past(delay.max) }))
