import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngineEnvironment, createEnginePool, openEngineStream, type EnginePool } from '../../../src/main/core/engine'
import type { ResolvedModel } from '../../../src/main/core/models/types'
import { currentPlatform, dataPaths, findLayout } from '../../../src/main/core/system'
import { readEngineLog, writeFakePython, writeFaultyModel, type EngineFaults } from '../../fakes/engine'
import { ask, modelOf, soon } from './support'

/** What the engine's stand-in promises to those who test with it. */
let root = ''
let python = ''
let pool: EnginePool
let models = 0
const platform = currentPlatform(process.env)
const layout = findLayout(import.meta.dirname)

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mlxk-fake-'))
  python = writeFakePython(join(root, 'bin'))
  const paths = dataPaths({ MLXK_HOME: join(root, 'data') }, platform)
  pool = createEnginePool({
    environment: { python: () => Promise.resolve(python) },
    env: process.env,
    platform,
    paths,
    layout,
  })
})
afterAll(async () => {
  await pool.close()
  rmSync(root, { recursive: true, force: true, maxRetries: 5 })
})

async function faulty(faults: EngineFaults): Promise<ResolvedModel> {
  models += 1
  const hub = join(root, 'hub')
  return modelOf(hub, await writeFaultyModel(hub, `test/faulty-${models}`, faults))
}

describe('the engine without mlx', () => {
  it('is an interpreter with mlx_lm to the product', async () => {
    const environment = createEngineEnvironment({
      env: { ...process.env, MLXK_PYTHON: python },
      platform,
      paths: dataPaths({ MLXK_HOME: join(root, 'none') }, platform),
      layout,
      settings: { read: () => ({ engine: { python: null } }) },
    })
    expect(await environment.status()).toMatchObject({ state: 'ready', python, versions: { mlx_lm: '0.32.2' } })
  })

  it('loads, answers, counts, and logs what reached it', async () => {
    const log = join(root, 'log.jsonl')
    const lease = await pool.acquire(await faulty({ log, load_steps: 4 }), { signal: soon() })
    const answer = await ask(lease, {})
    expect(answer).toMatchObject({ text: 'Hello from an engine that does not compute.', finish: 'stop', progress: 1 })
    expect((await ask(lease, { prompt: 'x', max_tokens: 3 }, '/v1/completions')).finish).toBe('length')
    lease.release()
    const entries = readEngineLog(log)
    expect(entries[0]).toMatchObject({ event: 'start', options: { 'allowed-origins': 'none', host: '127.0.0.1' } })
    expect(entries.filter(({ event }) => event === 'request').map(({ path }) => path)).toEqual([
      '/v1/completions',
      '/v1/chat/completions',
      '/v1/completions',
    ])
  })

  it.concurrent.each(['drop', 'reset', 'eof', 'reset-middle', 'garbage', 'not-http', 'half-character', 'html'])(
    'breaks a request with "%s" and answers the next',
    async (fault) => {
      const lease = await pool.acquire(await faulty({}), { signal: soon() })
      const messages = [{ role: 'user', content: `!fault ${fault}` }]
      await expect(ask(lease, { messages })).rejects.toMatchObject({ code: 'engine_crashed' })
      expect((await ask(lease, {})).finish).toBe('stop')
      lease.release()
    },
  )

  it.each([
    ['split', 'Grüße aus Köln 🙂'],
    ['gap 5', 'Grüße aus Köln 🙂'],
    ['flood 100000', 'Grüße aus Köln 🙂'],
  ])('answers whole with "%s"', async (fault, say) => {
    const lease = await pool.acquire(await faulty({ say }), { signal: soon() })
    expect((await ask(lease, { messages: [{ role: 'user', content: `!fault ${fault}` }] })).text).toBe(say)
    lease.release()
  })

  it.each([
    ['die 70', 'RuntimeError: scripted'],
    ['die SIGABRT', 'SIGABRT'],
    ['die-middle SIGKILL', 'SIGKILL'],
  ])('dies of "%s"', async (fault, reason) => {
    const lease = await pool.acquire(await faulty({}), { signal: soon() })
    const asked = ask(lease, { messages: [{ role: 'user', content: `!fault ${fault}` }] })
    await expect(asked).rejects.toMatchObject({ code: 'engine_crashed', message: expect.stringContaining(reason) })
    lease.release()
  })

  it.each<[string, EngineFaults]>([
    ['tells why a load failed', { load_error: 'no such tensor' }],
    ['dies while it loads', { die_in_load: 'SIGKILL' }],
  ])('%s', async (_what, faults) => {
    await expect(pool.acquire(await faulty(faults), { signal: soon() })).rejects.toMatchObject({ code: 'engine_load_failed' })
  })

  it('hangs until the client leaves, and notices it', async () => {
    const log = join(root, 'hang.jsonl')
    const lease = await pool.acquire(await faulty({ log }), { signal: soon() })
    const abort = new AbortController()
    const messages = [{ role: 'user', content: '!fault hang-middle' }]
    const stream = openEngineStream(lease, '/v1/chat/completions', { messages, max_tokens: 9 }, abort.signal)
    await stream.next()
    const next = (async () => {
      for await (const _ of stream);
    })()
    abort.abort()
    await expect(next).rejects.toMatchObject({ code: 'cancelled' })
    lease.release()
    await expect.poll(() => readEngineLog(log).filter(({ event }) => event === 'closed').length).toBe(2)
  })
})
