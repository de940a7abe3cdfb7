import { execFileSync } from 'node:child_process'
import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { countingModel, readProcess, startServer, writeDemo } from './lib/servers.mjs'
import { openStream } from './lib/streams.mjs'

const clients = 4
const message = { model: countingModel, messages: [{ role: 'user', content: 'Count' }], temperature: 0 }

const post = ({ url }, body, signal) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: signal ?? null,
  })

async function expectStatus(answer, status) {
  await answer.text()
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}`)
}

/** What clients do, one after the other: each throws when it did not get what it should. */
const kinds = {
  stream: async (side) => void (await openStream(side, { ...message, max_tokens: 64 })).read(),
  whole: async (side) => expectStatus(await post(side, { ...message, max_tokens: 32 }), 200),
  abort: async (side) => {
    const leaving = new AbortController()
    const answer = await post(side, { ...message, max_tokens: 2000, stream: true }, leaving.signal)
    await answer.body.getReader().read()
    leaving.abort()
    if (answer.status !== 200) throw new Error(`${answer.status} instead of 200`)
  },
  refused: async (side) => expectStatus(await post(side, { ...message, messages: 'none' }), 400),
  models: async ({ url }) => expectStatus(await fetch(`${url}/v1/models`), 200),
}

function descendants(pid) {
  const rows = execFileSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
  const pairs = rows.map((row) => row.trim().split(/\s+/).map(Number))
  const found = [pid]
  for (const parent of found) for (const [child, of] of pairs) if (of === parent) found.push(child)
  return found.slice(1)
}

/** What a process has open, by kind or path: sockets and the like by kind. */
function readFiles(pid) {
  const targets =
    process.platform === 'linux'
      ? readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
          try {
            return [readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/:\[\d+\]$/, '')]
          } catch {
            // Closed since the folder was read.
            return []
          }
        })
      : execFileSync('lsof', ['-Fn', '-p', String(pid)], { encoding: 'utf8' })
          .split('\n')
          .filter((line) => line.startsWith('n'))
  const kinds = {}
  for (const target of targets) kinds[target] = (kinds[target] ?? 0) + 1
  return kinds
}

const countFiles = (files) => Object.values(files).reduce((total, count) => total + count, 0)

/** @returns what is open more often than before, in words */
const describeGrowth = (before, after) =>
  Object.entries(after)
    .filter(([name, count]) => count > (before[name] ?? 0))
    .map(([name, count]) => `${name.replace(/^.*\//, '…/')} +${count - (before[name] ?? 0)}`)
    .join(', ') || 'nothing'

const sample = (pid, startedAt) => ({
  minutes: (performance.now() - startedAt) / 60_000,
  rss: readProcess(pid).rss / 2 ** 20,
  files: readFiles(pid),
  processes: descendants(pid).length,
})

/** Least squares. @returns MiB per hour */
function slope(samples) {
  const mean = (key) => samples.reduce((sum, one) => sum + one[key], 0) / samples.length
  const [x, y] = [mean('minutes'), mean('rss')]
  const spread = samples.reduce((sum, one) => sum + (one.minutes - x) ** 2, 0)
  return (samples.reduce((sum, one) => sum + (one.minutes - x) * (one.rss - y), 0) / spread) * 60
}

const isAlive = (pid) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Servers keep a connection for half a minute, and so does the client that fetches: what is open until then is no leak. */
const settleMs = 36_000

/** Mixed requests of some clients for a chosen time, in two equal halves: what leaks, and what was not answered as it should be. */
export async function measure(bench, { minutes }) {
  writeDemo(bench)
  const server = await startServer(bench, [countingModel])
  const failures = []
  const counts = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, 0]))
  let children = []
  const samples = []
  try {
    for (const work of Object.values(kinds)) await work(server.side)
    await wait(settleMs)
    const startedAt = performance.now()
    const client = async (offset, until) => {
      const names = Object.keys(kinds)
      for (let index = offset; performance.now() < until; index += 1) {
        const kind = names[index % names.length]
        counts[kind] += 1
        await kinds[kind](server.side).catch((error) => failures.push(`${kind}: ${error.message}`))
      }
    }
    const runHalf = async () => {
      const until = performance.now() + minutes * 30_000
      await Promise.all(Array.from({ length: clients }, (_, index) => client(index, until)))
      await wait(settleMs)
      return sample(server.pid, startedAt)
    }
    const timer = setInterval(() => samples.push(sample(server.pid, startedAt)), Math.max(500, (minutes * 60_000) / 200))
    const first = sample(server.pid, startedAt)
    const middle = await runHalf()
    const second = samples.length
    const last = await runHalf()
    clearInterval(timer)
    children = descendants(server.pid)
    await server.close()
    const left = children.filter(isAlive).length
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
    const line = (what, goal, limit, value, unit, detail) => ({ name: `soak, ${what}`, goal, limit, value, unit, detail })
    const [atFirst, atMiddle, atLast] = [first, middle, last].map(({ files }) => countFiles(files))
    return [
      line(
        'lost or failed requests',
        '0',
        0,
        failures.length,
        'requests',
        `of ${total} in ${minutes} min: ${JSON.stringify(counts)} ${failures[0] ?? ''}`,
      ),
      line(
        'open files after the second half more than after the first',
        '0',
        0,
        atLast - atMiddle,
        'files',
        `${atFirst}, ${atMiddle} and ${atLast}; since the start ${describeGrowth(first.files, middle.files)}, in the second half ${describeGrowth(middle.files, last.files)}`,
      ),
      line(
        'processes more than at the start',
        '0',
        0,
        last.processes - first.processes,
        'processes',
        `${first.processes} to ${last.processes}`,
      ),
      line('processes left after the end', '0', 0, left, 'processes', `of ${children.length}`),
      {
        ...line(
          'slope of resident memory, second half',
          'none is set',
          Number.MAX_VALUE,
          slope(samples.slice(second)),
          'MiB/h',
          `${first.rss.toFixed(0)}, ${middle.rss.toFixed(0)} and ${last.rss.toFixed(0)} MiB; a short run says little`,
        ),
        samples: samples.map((one) => ({ ...one, files: countFiles(one.files) })),
      },
    ]
  } finally {
    await server.close()
  }
}
