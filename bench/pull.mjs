import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bundle } from './lib/core.mjs'
import { startFakeHubProcess } from './lib/fake-hub.mjs'
import { describeMedians, median, timeCommand, timeInTurn } from './lib/pairs.mjs'
import { modelFiles, shardNames } from './lib/weights.mjs'

const mebibyte = 2 ** 20
const runs = 3

/** Peak resident memory in bytes and processor seconds of a command, by GNU time (/usr/bin/time -f). */
async function measureCommand([command, ...args], env) {
  const child = spawn('/usr/bin/time', ['-f', '%M %U %S', command, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let talk = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    talk += text
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(talk)
  const [kibibytes, user, system] = talk.trim().split('\n').at(-1).split(' ').map(Number)
  return { rssBytes: kibibytes * 1024, cpuSeconds: user + system }
}

/** Leaves the hashing out of a bundle of ours. */
const withoutHashing = {
  name: 'without-hashing',
  transform(code, id) {
    if (id.endsWith('/blob-hash.ts'))
      return `const hash = { reach() {}, restart() {}, digest: async () => null, close() {} }
        export const createHashing = () => ({ open: () => hash, close: async () => undefined })`
    if (!id.endsWith('/file-work.ts')) return null
    const changed = code.replace(/await hash\.digest\(signal\)(\)?) === blob/, 'await hash.digest(signal)$1 === null')
    if (changed === code) throw new Error('file-work.ts no longer compares the hash as this benchmark knows it')
    return changed
  },
}

/** Runs a script of `sides` to its end. @returns what it prints */
async function runSide(words, env) {
  const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}`)
  return JSON.parse(text)
}

/**
 * `mlxk pull` beside `hf download` without Xet (the fake Hub has none) and `snapshotDownload` from the same fake Hub on loopback into an
 * empty cache; over a link that is capped per connection; what a kill −9 at half costs; and inside a process what hashing costs and how late
 * the main thread gets. Ours hashes every byte, the others none.
 */
export async function measure({ env, mlxk, hf, home }) {
  const single = { ...modelFiles, 'model.safetensors': 512 * mebibyte }
  const { names, index } = shardNames(4)
  const shards = { ...modelFiles, ...index, ...Object.fromEntries(names.map((name) => [name, 256 * mebibyte])) }
  const hub = await startFakeHubProcess({ 'bench/single': single, 'bench/shards': shards })
  const capped = await startFakeHubProcess({ 'bench/capped': single }, 25e6)
  const cacheOf = (who) => join(home, `pull-${who}`)
  const fresh = (who, endpoint) => {
    rmSync(cacheOf(who), { recursive: true, force: true })
    rmSync(join(env.MLXK_HOME, 'downloads'), { recursive: true, force: true })
    mkdirSync(cacheOf(who), { recursive: true })
    return { ...env, HF_ENDPOINT: endpoint, HF_HUB_OFFLINE: '0', HF_HUB_DISABLE_XET: '1', HF_HUB_CACHE: cacheOf(who) }
  }
  const ours = (id, endpoint) => timeCommand([...mlxk, 'pull', id, '--json'], fresh('ours', endpoint))
  const theirs = (id, endpoint) => timeCommand([hf, 'download', id], fresh('theirs', endpoint))
  const beside = async (what, id, endpoint, limit, times) => {
    const raw = await timeInTurn({ ours: () => ours(id, endpoint), hf: () => theirs(id, endpoint) }, times, 1)
    return {
      name: `mlxk pull / hf download, ${what}`,
      goal: `<= ${limit}`,
      limit,
      value: median(raw.ours) / median(raw.hf),
      unit: 'x',
      detail: describeMedians(raw, 0),
      raw_ms: raw,
    }
  }
  const entry = await bundle('bench/lib/pull-entry.ts', join(home, 'pull-entry'))
  const [threads, unhashed] = [resolve('out/main'), join(home, 'pull-off')]
  await bundle('src/main/core/downloads/transfer-worker.ts', unhashed, [withoutHashing], 'transfer-worker.cjs')
  // For the one package that stays outside of a bundle.
  symlinkSync(resolve('node_modules'), join(home, 'node_modules'))
  const inside = (outMain) => runSide(['bench/sides/pull.mjs', entry, 'bench/shards', outMain], fresh('ours', hub.url))
  try {
    const results = [
      await beside('512 MiB', 'bench/single', hub.url, 1, runs),
      await beside('4 x 256 MiB', 'bench/shards', hub.url, 1, runs),
      await beside('512 MiB, 25 MB/s per connection', 'bench/capped', capped.url, 0.2, 1),
    ]
    const hubJs = timeCommand([process.execPath, 'bench/sides/hub-js-pull.mjs', 'bench/capped'], fresh('hub-js', capped.url))
    const cappedOurs = results.at(-1).raw_ms.ours[0]
    const snapshot = await hubJs
    results.push({
      name: 'mlxk pull / snapshotDownload, 512 MiB, 25 MB/s per connection',
      goal: '<= 0.2',
      limit: 0.2,
      value: cappedOurs / snapshot,
      unit: 'x',
      detail: `ours ${cappedOurs.toFixed(0)}, snapshotDownload ${snapshot.toFixed(0)} ms`,
      raw_ms: { ours: [cappedOurs], snapshotDownload: [snapshot] },
    })
    const pair = await timeInTurn(
      {
        on: async () => (await inside(threads)).milliseconds,
        off: async () => (await inside(unhashed)).milliseconds,
      },
      runs,
      1,
    )
    const threaded = await inside(threads)
    results.push(
      {
        name: 'speed with hashing / without, 4 x 256 MiB',
        goal: '>= 0.8',
        limit: 0.8,
        atLeast: true,
        value: median(pair.off) / median(pair.on),
        unit: 'x',
        detail: describeMedians(pair, 0),
        raw_ms: pair,
      },
      {
        name: 'delay of the main thread while a download runs, p99',
        goal: '< 20',
        limit: 20,
        value: threaded.p99,
        unit: 'ms',
        detail: `longest ${threaded.longest.toFixed(1)} ms; 4 x 256 MiB`,
      },
    )
    const mine = await measureCommand([...mlxk, 'pull', 'bench/single', '--connections', '8', '--json'], fresh('ours', hub.url))
    const peer = await measureCommand([hf, 'download', 'bench/single'], fresh('theirs', hub.url))
    results.push(
      {
        name: 'memory of mlxk pull, 512 MiB, 8 connections',
        goal: '< 150',
        limit: 150,
        value: mine.rssBytes / 1e6,
        unit: 'MB',
        detail: `hf ${(peer.rssBytes / 1e6).toFixed(0)} MB; peak resident`,
      },
      {
        name: 'CPU seconds, mlxk pull / hf download, 512 MiB',
        goal: '<= 1.0',
        limit: 1,
        value: mine.cpuSeconds / peer.cpuSeconds,
        unit: 'x',
        detail: `ours ${mine.cpuSeconds.toFixed(2)} s with hashing, hf ${peer.cpuSeconds.toFixed(2)} s without`,
      },
    )
    results.push(await measureKill({ mlxk, env: fresh('ours', capped.url), hub: capped }))
    return results
  } finally {
    await hub.close()
    await capped.close()
  }
}

/** Bytes of the file that were served twice after a kill −9 at half, in percent. */
async function measureKill({ mlxk, env, hub }) {
  const size = 512 * mebibyte
  const before = await hub.bytesSent()
  const child = spawn(mlxk[0], [...mlxk.slice(1), 'pull', 'bench/capped', '--json'], { env, stdio: 'ignore' })
  const ended = once(child, 'close')
  while ((await hub.bytesSent()) - before < size / 2) await new Promise((resolve) => setTimeout(resolve, 50))
  child.kill('SIGKILL')
  await ended
  await timeCommand([...mlxk, 'pull', 'bench/capped', '--json'], env)
  const twice = (await hub.bytesSent()) - before - size
  return {
    name: 'bytes served twice after kill -9 at half',
    goal: '<= 2 % or 2 s of the link',
    limit: Math.max(2, (200 * 25e6 * 8) / size),
    value: (100 * Math.max(0, twice)) / size,
    unit: '%',
    detail: `${(twice / 1e6).toFixed(1)} MB of ${(size / 1e6).toFixed(0)} MB; 2 s of this link are ${((2 * 25e6 * 8) / 1e6).toFixed(0)} MB`,
  }
}
