import { median, quantile } from './lib/pairs.mjs'
import { countingModel, readProcess, startEngine, startServer, startShipped, writeDemo } from './lib/servers.mjs'
import { runStreams } from './lib/streams.mjs'

/** Streams at once, tokens of each answer, and rounds. The shipped server is only asked where it has a goal, and takes long. */
const loads = [
  { count: 1, tokens: 384, rounds: 7, goal: 0.98 },
  { count: 8, tokens: 128, rounds: 5, goal: 0.95 },
  { count: 64, tokens: 64, rounds: 3, goal: 0.95, withShipped: 1 },
]

const bodyFor = (tokens) => ({ messages: [{ role: 'user', content: 'Count' }], max_tokens: tokens, temperature: 0 })

/** The engine by itself, through us, and (at 64 streams) the shipped server: token rates, first tokens, gaps, losses and order. */
export async function measure(bench) {
  const snapshot = writeDemo(bench)
  const starts = [startEngine(bench, snapshot), startShipped(bench, snapshot), startServer(bench, [countingModel])]
  const running = await Promise.all(starts)
  console.error('engine, shipped server and gateway run')
  const [engine, shipped, server] = running
  const sides = {
    direct: { side: engine.side, model: undefined },
    ours: { side: server.side, model: countingModel, pid: server.pid },
    shipped: { side: shipped.side, model: undefined },
  }
  try {
    const results = []
    for (const load of loads) results.push(...(await measureLoad(sides, load)))
    return results
  } finally {
    for (const { close } of running) await close()
  }
}

async function measureLoad(sides, { count, tokens, rounds, goal, withShipped = 0 }) {
  const runOn = async ({ side, model, pid }, expected) => {
    const before = pid === undefined ? 0 : readProcess(pid).cpuSeconds
    const run = await runStreams(side, count, { ...bodyFor(tokens), model }, expected)
    return { ...run, cpuSeconds: pid === undefined ? 0 : readProcess(pid).cpuSeconds - before }
  }
  const names = ['direct', 'ours']
  const taken = { direct: [], ours: [], shipped: [] }
  const expected = (await runStreams(sides.direct.side, 1, bodyFor(tokens))).text
  for (const name of names) await runOn(sides[name], expected)
  for (let round = 0; round < rounds; round += 1) {
    const turn = round < withShipped ? [...names, 'shipped'] : names
    for (const name of round % 2 === 0 ? turn : turn.toReversed()) {
      const run = await runOn(sides[name], expected)
      taken[name].push(run)
      console.error(
        `${count} streams, round ${round + 1} of ${rounds}, ${name}: ${run.rate.toFixed(0)} tokens/s, ${run.lost.length} lost`,
      )
    }
  }
  const raw = Object.fromEntries(
    Object.entries(taken).map(([name, runs]) => [
      name,
      runs.map(({ rate, first, lost, wrong }) => ({ rate, first_p99: quantile(first, 0.99), lost: lost.length, wrong })),
    ]),
  )
  const rates = Object.fromEntries(Object.entries(taken).map(([name, runs]) => [name, median(runs.map(({ rate }) => rate))]))
  // Rounds are pairs: what the machine does meanwhile happens to both.
  const ratio = median(taken.ours.map(({ rate }, index) => rate / taken.direct[index].rate))
  const all = (name, key) => taken[name].flatMap((run) => run[key])
  const lost = all('ours', 'lost')
  const wrong = taken.ours.reduce((sum, run) => sum + run.wrong, 0)
  const at = count === 1 ? '1 stream' : `${count} streams`
  const results = [
    {
      name: `token rate, gateway / engine, ${at}`,
      goal: `>= ${goal}`,
      limit: goal,
      atLeast: true,
      value: ratio,
      unit: '×',
      detail: `medians ${rates.ours.toFixed(0)} and ${rates.direct.toFixed(0)} tokens/s over ${rounds} rounds`,
      raw,
    },
    {
      name: `streams lost or with another text, ${at}`,
      goal: '0',
      limit: 0,
      value: lost.length + wrong,
      unit: 'streams',
      detail: `of ${count * rounds}; ${lost.length} lost, ${wrong} wrong${lost.length > 0 ? `: ${lost[0]}` : ''}`,
    },
  ]
  const cpuSeconds = taken.ours.reduce((sum, run) => sum + run.cpuSeconds, 0)
  results.push({
    name: `processor time of the gateway, ${at}`,
    goal: 'none is set',
    limit: Number.MAX_VALUE,
    value: (cpuSeconds * 1e6) / (count * tokens * rounds),
    unit: 'µs per token',
    detail: `${cpuSeconds.toFixed(2)} s in ${rounds} rounds; what shares the machine with it changes this least`,
  })
  if (count === 1) results.push(betweenTokens(all('ours', 'gaps'), all('direct', 'gaps')))
  if (withShipped > 0) results.push(...besideShipped(rates, all('ours', 'first'), all('shipped', 'first'), all('shipped', 'lost')))
  return results
}

function betweenTokens(ours, direct) {
  const added = quantile(ours, 0.99) - quantile(direct, 0.99)
  return {
    name: 'time between tokens, gateway - engine, p99',
    goal: '< 1',
    limit: 1,
    value: added,
    unit: 'ms',
    detail: `p99 ${quantile(ours, 0.99).toFixed(2)} and ${quantile(direct, 0.99).toFixed(2)} ms, medians ${median(ours).toFixed(2)} and ${median(direct).toFixed(2)} ms over ${ours.length} gaps`,
  }
}

function besideShipped(rates, ours, shipped, lost) {
  const p99 = [quantile(ours, 0.99), quantile(shipped, 0.99)]
  return [
    {
      name: 'token rate, gateway / shipped mlx_lm.server, 64 streams',
      goal: '>= 3',
      limit: 3,
      atLeast: true,
      value: rates.ours / rates.shipped,
      unit: '×',
      detail: `medians ${rates.ours.toFixed(0)} and ${rates.shipped.toFixed(0)} tokens/s; the shipped server lost ${lost.length} streams`,
    },
    {
      name: 'time to first token, gateway / shipped mlx_lm.server, 64 streams, p99',
      goal: '<= 0.2',
      limit: 0.2,
      value: p99[0] / p99[1],
      unit: '×',
      detail: `${p99[0].toFixed(0)} and ${p99[1].toFixed(0)} ms`,
    },
  ]
}
