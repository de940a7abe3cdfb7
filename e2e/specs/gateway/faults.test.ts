import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeFakePython, writeFaultyModel, type EngineFaults } from '../../fakes/engine'
import { openGateway, type Gateway } from './support'

/**
 * What a client of the API sees of each fault of an engine: always an answer in OpenAI's shape or an event with the error, and the next
 * request is answered. The engine is the one of e2e/fakes/engine, since the real one has no faults on command.
 */

interface Row {
  what: string
  faults?: EngineFaults
  /** `!fault …` in the message. */
  fault?: string
  /** The code that a whole answer and a stream tell; none when there is nothing to see. */
  code?: string
  /** Words have come before it, so a stream must tell it in its middle; else the status may be known in time. */
  inTheMiddle?: boolean
}

const crashed = { code: 'engine_crashed' }
const broken = { code: 'engine_crashed', inTheMiddle: true }
const unloaded = { code: 'engine_load_failed' }
const hung = { code: 'engine_timeout' }

const rows: Row[] = [
  { what: 'kill -9 while it loads', faults: { die_in_load: 'SIGKILL' }, ...unloaded },
  { what: 'out of memory while it loads (Metal: SIGABRT)', faults: { die_in_load: 'SIGABRT' }, ...unloaded },
  { what: 'the load fails', faults: { load_error: 'ValueError: bad weights' }, ...unloaded },
  { what: 'kill -9 before the answer', fault: 'die SIGKILL', ...crashed },
  { what: 'kill -9 in the middle', fault: 'die-middle SIGKILL', ...broken },
  { what: 'out of memory in the middle (SIGABRT)', fault: 'die-middle SIGABRT', ...broken },
  { what: 'its generation thread dies in the middle', fault: 'die-middle 70', ...broken },
  { what: 'hangs before a byte, /health says 200', fault: 'hang-silent', ...hung },
  { what: 'hangs while it reads the prompt, /health says 200', fault: 'prefill-hang', ...hung },
  { what: 'hangs in the middle, /health says 200', fault: 'hang-middle', ...hung, inTheMiddle: true },
  { what: 'drops the connection', fault: 'drop', ...crashed },
  { what: 'resets the connection', fault: 'reset', ...crashed },
  { what: 'resets the connection in the middle', fault: 'reset-middle', ...broken },
  { what: 'ends without [DONE]', fault: 'eof', ...broken },
  { what: 'ends inside a character', fault: 'half-character', ...broken },
  { what: 'says something that is no JSON', fault: 'garbage', ...broken },
  { what: 'one event without end', fault: 'endless-line', ...broken },
  { what: 'answers with HTML', fault: 'html', ...crashed },
  { what: 'answers with no HTTP', fault: 'not-http', ...crashed },
  { what: 'its thread is dead, /health says 200', fault: 'thread-died', ...crashed },
  { what: 'every connection is reset', faults: { reset_connections: true }, ...unloaded },
  { what: 'floods its output before it loads', faults: { stderr_bytes: 20_000_000, stdout_bytes: 5_000_000 } },
  { what: 'floods its output in the middle', fault: 'flood 5000000' },
  { what: 'one byte at a time', fault: 'split' },
  { what: 'a launcher that could patch nothing', faults: { degraded: ['load', 'usage', 'cancel', 'checks'] } },
]

describe('what a client sees of an engine that', () => {
  let gateway: Gateway
  const seen: string[] = []
  const strangers: Server[] = []
  let models = 0

  beforeAll(async () => {
    gateway = await openGateway({}, { python: (folder) => Promise.resolve(writeFakePython(folder)), stallMs: 1500 })
  })
  afterAll(async () => {
    console.log(['fault | whole answer | stream | verdict', ...seen].join('\n'))
    for (const stranger of strangers) stranger.close()
    await gateway?.close()
  })

  async function add(faults: EngineFaults): Promise<string> {
    models += 1
    const name = `test/faulty-${models}`
    await writeFaultyModel(gateway.hub, name, faults)
    return name
  }

  async function ask(model: string, stream: boolean, content: string): Promise<[number, string?]> {
    const response = await fetch(`${gateway.api.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, stream, messages: [{ role: 'user', content }] }),
    })
    const text = await response.text()
    const json = stream && response.status === 200 ? (/data: (\{"error":.*\})\n\n$/.exec(text)?.[1] ?? '{}') : text
    const { error } = JSON.parse(json) as { error?: { code: string; type: string; message: string } }
    if (error === undefined) {
      if (stream) expect(text).toMatch(/"finish_reason":"\w+"[^]*data: \[DONE\]\n\n$/)
      return [response.status]
    }
    expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'type'])
    expect(text).not.toContain('[DONE]')
    return [response.status, error.code]
  }

  /** Asks both ways, and another model after it. `wanted` is what the row says should be seen. */
  async function see({ what, code, inTheMiddle }: Row, model: string, content: string): Promise<{ got: object; wanted: object }> {
    const whole = await ask(model, false, content)
    const streamed = await ask(model, true, content)
    const alive = await ask(await add({}), false, 'Hi')
    const status = code === undefined ? 200 : 503
    const statuses = inTheMiddle === true ? [200] : [200, status]
    const got = { whole, inTime: statuses.includes(streamed[0]), code: streamed[1], alive }
    const wanted = { whole: code === undefined ? [200] : [status, code], inTime: true, code, alive: [200] }
    const told = [whole, streamed].map((one) => one.join(' ')).join(' | ')
    seen.push(`${what} | ${told} | ${isDeepStrictEqual(got, wanted) ? 'ok, the next is answered' : 'WRONG'}`)
    return { got, wanted }
  }

  it.concurrent.each(rows.map((row) => [row.what, row] as const))('%s', async (_what, row) => {
    const { got, wanted } = await see(row, await add(row.faults ?? {}), row.fault === undefined ? 'Hi' : `!fault ${row.fault}`)
    expect(got).toEqual(wanted)
  })

  it.concurrent('has a port that another program took', async () => {
    const stranger = createServer((_request, response) => response.end('{"choices":[{"text":"I am another"}]}'))
    strangers.push(stranger)
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
    const { port } = stranger.address() as AddressInfo
    const { got, wanted } = await see({ what: 'has a port that another program took', ...unloaded }, await add({ port }), 'Hi')
    expect(got).toEqual(wanted)
  })

  it('is put to sleep and woken in the middle (SIGSTOP, SIGCONT): the answer is whole', async () => {
    const model = await add({})
    const slow = ask(model, true, '!fault slow 100')
    await expect.poll(() => gateway.pool.list().find(({ name }) => name === model)?.in_flight, { timeout: 10_000 }).toBe(1)
    const { pid } = gateway.pool.list().find(({ name }) => name === model)!
    process.kill(pid!, 'SIGSTOP')
    // Longer than a hang may be silent: there is no event for a thing that must not happen.
    await new Promise((resolve) => setTimeout(resolve, 2500))
    process.kill(pid!, 'SIGCONT')
    const got = await slow
    seen.push(`sleeps and wakes in the middle | | ${got.join(' ')} | ${got[0] === 200 && got.length === 1 ? 'ok' : 'WRONG'}`)
    expect(got).toEqual([200])
  })

  it.concurrent('is unloaded at once after every answer (keep_alive: 0): whoever comes meanwhile is answered', async () => {
    const model = await add({})
    const body = JSON.stringify({ model, keep_alive: 0, messages: [{ role: 'user', content: 'Hi' }] })
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
    const statuses: number[] = []
    const client = async (): Promise<void> => {
      for (let round = 0; round < 6; round += 1) {
        const response = await fetch(`${gateway.api.url}/v1/chat/completions`, init)
        await response.text()
        statuses.push(response.status)
      }
    }
    await Promise.all([client(), client()])
    seen.push(
      `is unloaded after every answer | ${[...new Set(statuses)].join(' ')} | | ${statuses.every((one) => one === 200) ? 'ok' : 'WRONG'}`,
    )
    expect(statuses).toEqual(Array.from({ length: 12 }, () => 200))
  })

  it('has any of these faults: nothing of it was unforeseen', () => {
    expect(gateway.logged).toEqual([])
  })
})
