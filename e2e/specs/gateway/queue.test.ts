import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startMlxk } from '../../drivers/cli'
import { end, firstLine } from '../../drivers/process'
import { readEngineLog, writeFakePython, writeFaultyModel } from '../../fakes/engine'
import { createHome, type TestHome } from '../cli/home'

const full = process.env['MLXK_TEST_FULL'] === '1'
const count = full ? 1000 : 200
const bodyBytes = 20_000

let home: TestHome
let server: ChildProcess | null = null
beforeEach(() => {
  home = createHome()
})
afterEach(async () => {
  await end(server)
  home.remove()
})

/** Where the system tells it without a program of its own. */
const residentMiB = (pid: number): number =>
  process.platform !== 'linux' ? 0 : Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

/** Sends one question on a socket of its own; `sent` is called when all of it is out. */
function ask(url: string, agent: Agent, content: string, sent: () => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ model: 'test/slow', messages: [{ role: 'user', content }], stream: true })
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const outgoing = httpRequest(`${url}/v1/chat/completions`, { method: 'POST', agent, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () => resolve(text)).on('error', reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body, sent)
  })
}

it(
  `${count} requests that wait for one engine are all answered, in the order in which they came, in bounded memory`,
  async () => {
    const log = join(home.root, 'engine.jsonl')
    await writeFaultyModel(home.hub, 'test/slow', { log, say: 'One two three.', load_ms: full ? 12_000 : 2500 })
    const env = { ...home.env, MLXK_PYTHON: writeFakePython(join(home.root, 'bin')) }
    server = startMlxk(['serve', '--port', '0', '--json'], { env })
    const { data } = JSON.parse(await firstLine(server)) as { data: { url: string; pid: number } }
    const agent = new Agent({ keepAlive: false })
    // The first to name a model looks it up on the disk, and those after it need not.
    await fetch(`${data.url}/v1/models/test/slow`)
    const before = residentMiB(data.pid)
    let peak = before
    const watch = setInterval(() => {
      peak = Math.max(peak, residentMiB(data.pid))
    }, 20)
    const answers: Promise<string>[] = []
    for (let index = 0; index < count; index += 1) {
      // One after the other, so that there is an order in which they came.
      await new Promise<void>((sent) => answers.push(ask(data.url, agent, `${index}:${'x'.repeat(bodyBytes)}`, sent)))
    }
    const metrics = await (await fetch(`${data.url}/metrics`)).text()
    const queued = /^mlxk_requests_queued (\d+)$/m.exec(metrics)?.[1]
    const texts = await Promise.all(answers)
    clearInterval(watch)
    expect(texts.filter((text) => !text.endsWith('data: [DONE]\n\n'))).toEqual([])
    const reached = readEngineLog(log)
      .filter(({ event }) => event === 'request')
      .map(({ body }) => Number.parseInt((body?.['messages'] as { content: string }[] | undefined)?.[0]?.content ?? '', 10))
      .filter((index) => Number.isInteger(index))
    expect(reached).toHaveLength(count)
    // Those that the engine computes together reach it on sockets of their own, so neighbours may swap places.
    expect(Math.max(...reached.map((index, place) => Math.abs(index - place)))).toBeLessThan(40)
    expect(peak - before).toBeLessThan(256)
    console.log(
      `${count} requests of ${bodyBytes} bytes, ${queued} of them waiting at once: all answered in order, ${before.toFixed(0)} MiB before and ${peak.toFixed(0)} MiB at most`,
    )
  },
  full ? 240_000 : 60_000,
)
