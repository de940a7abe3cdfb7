import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describeMedians, median, timeCommand, timeInTurn } from './lib/pairs.mjs'

const goals = { 50: 0.35, 500: 0.22 }

/** A script's commonest question, as a whole process: `mlxk list --json` beside `hf cache ls --format json`; without its index too. */
export async function measure({ env, mlxk, hf, fillCache }) {
  const results = []
  for (const [models, limit] of Object.entries(goals)) {
    fillCache(Number(models))
    const list = () => timeCommand([...mlxk, 'list', '--json'], env)
    const times = await timeInTurn(
      {
        mlxk: list,
        hf: () => timeCommand([hf, 'cache', 'ls', '--format', 'json'], env),
      },
      21,
    )
    const cold = await timeInTurn(
      {
        'without the index': () => {
          rmSync(join(env.MLXK_HOME, 'index', 'models.json'), { force: true })
          return list()
        },
      },
      5,
      1,
    )
    results.push({
      name: `mlxk list --json / hf cache ls --format json, ${models} models`,
      goal: `<= ${limit}`,
      limit,
      value: median(times.mlxk) / median(times.hf),
      unit: 'x',
      detail: describeMedians({ ...times, ...cold }, 0),
      raw_ms: { ...times, ...cold },
    })
  }
  return results
}
