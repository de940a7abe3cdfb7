import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ResolvedModel } from '../../../src/main/core/models/types'
import { ensureTestEngine } from '../../setup/engine'
import { ask, openBench, soon, type EngineBench } from './support'

const rounds = process.env['MLXK_TEST_FULL'] === undefined ? 5 : 50

let bench: EngineBench
let model: ResolvedModel

beforeAll(async () => {
  bench = await openBench()
  model = await bench.model({ name: 'test/endless', script: 'Go', loop: ' on and then further still', contextLength: 200_000 })
})
afterAll(async () => {
  await bench.pool.close()
  rmSync(bench.root, { recursive: true, force: true })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie that nobody reaps is dead.
    return !/^\d+ \(.*\) Z/s.test(existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '')
  } catch {
    return false
  }
}

function isListening(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** A process that owns an engine in the middle of an answer. */
async function startOwner(): Promise<{ pid: number; url: string; kill: () => void }> {
  const input = { python: await ensureTestEngine(), model, env: { MLXK_HOME: join(bench.root, 'data') } }
  const owner = spawn(process.execPath, [join(import.meta.dirname, 'children.mjs'), 'engine', JSON.stringify(input)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: owner.stdout })) {
    const { pid, url }: { pid: number; url: string } = JSON.parse(line)
    return { pid, url, kill: () => void owner.kill('SIGKILL') }
  }
  throw new Error('the owner of the engine ended')
}

describe('when the owner of an engine is killed with kill -9', () => {
  it(
    `its engine and its port are gone within 3 s, in the middle of an answer, ${rounds} times`,
    async () => {
      for (let round = 0; round < rounds; round += 1) {
        const owner = await startOwner()
        expect(isAlive(owner.pid)).toBe(true)
        owner.kill()
        const left = async (): Promise<string[]> => [
          ...(isAlive(owner.pid) ? ['process'] : []),
          ...((await isListening(owner.url)) ? ['port'] : []),
        ]
        await expect.poll(left, { timeout: 3000, interval: 20 }).toEqual([])
      }
    },
    rounds * 30_000,
  )

  it('the next engine forgets the records of the dead', async () => {
    const lease = await bench.pool.acquire(model, { signal: soon() })
    const { pid } = bench.pool.list()[0]!
    expect(readdirSync(bench.paths.engines).toSorted()).toEqual([`${pid}.json`, 'cwd'])
    expect(await ask(lease, { max_tokens: 2 })).toMatchObject({ finish: 'length' })
    lease.release()
  })

  it('a process of another program under a recorded pid is left alone', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    mkdirSync(bench.paths.engines, { recursive: true })
    const record = { pid: other.pid, startTime: 'x', ownerPid: 2 ** 22 + 5, ownerStartTime: 'x', argvHash: 'x', argvLength: 3 }
    writeFileSync(join(bench.paths.engines, `${other.pid}.json`), JSON.stringify(record))
    const second = await openBench({ paths: bench.paths })
    const lease = await second.pool.acquire(model, { signal: soon() })
    expect(isAlive(other.pid!)).toBe(true)
    expect(existsSync(join(bench.paths.engines, `${other.pid}.json`))).toBe(false)
    lease.release()
    await second.pool.close()
    other.kill('SIGKILL')
    rmSync(second.root, { recursive: true, force: true })
  })
})
