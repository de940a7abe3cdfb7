import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { loadSource } from './lib/core.mjs'
import { describeMedians, median, timeCommand, timeInTurn } from './lib/pairs.mjs'
import { modelFiles, shard, shardNames } from './lib/weights.mjs'

const shardBytes = 768 * 2 ** 20
const runs = 7

/** A model of `count` shards at the fake Hub and in the cache. @returns its name and the paths of its weights' blobs */
function publish(hub, cache, count) {
  const id = `bench/verify-${count}`
  const { names, index } = shardNames(count)
  const texts = Object.entries({ ...modelFiles, ...index }).map(([path, text]) => [path, Buffer.from(text)])
  const files = Object.fromEntries([...texts, ...names.map((name) => [name, shard(name, shardBytes)])])
  const commit = hub.publish({ id, files })
  const repo = join(cache, `models--${id.replace('/', '--')}`)
  for (const folder of ['blobs', 'refs', `snapshots/${commit}`]) mkdirSync(join(repo, folder), { recursive: true })
  writeFileSync(join(repo, 'refs/main'), commit)
  const weights = []
  for (const [name, bytes] of Object.entries(files)) {
    const isWeight = name.endsWith('.safetensors')
    const hash = isWeight ? createHash('sha256') : createHash('sha1').update(`blob ${bytes.length}\0`)
    const blob = hash.update(bytes).digest('hex')
    writeFileSync(join(repo, 'blobs', blob), bytes)
    symlinkSync(`../../blobs/${blob}`, join(repo, 'snapshots', commit, name))
    if (isWeight) weights.push(join(repo, 'blobs', blob))
  }
  return { id, weights }
}

/**
 * `mlxk verify` of weights in the page cache beside `openssl dgst -sha256` of the same files, on one core and with a file for each, and
 * beside `hf cache verify`, which asks the (fake) Hub for the hashes. Whole processes.
 */
export async function measure({ env, mlxk, hf }) {
  const cores = availableParallelism()
  const cache = join(env.HF_HOME, 'hub')
  rmSync(cache, { recursive: true, force: true })
  const { module, close } = await loadSource('/e2e/fakes/hub/index.ts')
  const hub = await module.startFakeHub()
  try {
    const one = publish(hub, cache, 1)
    const many = publish(hub, cache, cores)
    const verify = ({ id }) => timeCommand([...mlxk, 'verify', id, '--fresh', '--exit-code', '--json'], env)
    const openssl = ({ weights }) => Promise.all(weights.map((path) => timeCommand(['openssl', 'dgst', '-sha256', path], env)))
    const online = { ...env, HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '0' }
    const hfVerify = ({ id }) => timeCommand([hf, 'cache', 'verify', id], online)
    const sides = (model) => ({
      mlxk: () => verify(model),
      openssl: async () => Math.max(...(await openssl(model))),
      hf: () => hfVerify(model),
    })
    const single = await timeInTurn(sides(one), runs, 1)
    const all = await timeInTurn(sides(many), runs, 1)
    const speed = ({ mlxk: ours, openssl: theirs }) => median(theirs) / median(ours)
    const [gib, scaling] = [shardBytes / 2 ** 30, (cores * median(single.mlxk)) / median(all.mlxk)]
    const detail = (times, files) => `${files} x ${gib} GiB, ${describeMedians(times, 0)}`
    const besideHf = (what, times, files) => ({
      name: `mlxk verify / hf cache verify, ${what}`,
      goal: '<= 0.6',
      limit: 0.6,
      value: median(times.mlxk) / median(times.hf),
      unit: 'x',
      detail: detail(times, files),
      raw_ms: times,
    })
    const atLeast = { goal: '>= 0.75', limit: 0.75, atLeast: true, unit: 'x' }
    return [
      { name: 'verify, speed / openssl, one core', ...atLeast, value: speed(single), detail: detail(single, 1), raw_ms: single },
      {
        name: `verify, speed / openssl, ${cores} cores`,
        ...atLeast,
        value: speed(all),
        detail: `${detail(all, cores)}; ${scaling.toFixed(2)} x the speed of one`,
        raw_ms: all,
      },
      besideHf('one file', single, 1),
      besideHf(`${cores} files`, all, cores),
    ]
  } finally {
    await hub.close()
    await close()
  }
}
