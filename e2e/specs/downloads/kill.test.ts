import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { mlxk, startMlxk } from '../../drivers/cli'
import { gitOid, slow, startFakeHub } from '../../fakes/hub'
import { healthyFiles } from '../../fixtures/cache'
import { createHome } from '../cli/home'

const full = process.env['MLXK_TEST_FULL'] === '1'
const kills = full ? 200 : 4
const lanes = 4
const MIB = 1024 * 1024
const name = 'org/model'
/** Bytes a second, each connection for itself: nine seconds for everything. */
const speed = 0.75 * MIB
const connections = 4
/** Random bytes, so that no part stands for another. As many as there are connections. */
const large = Object.fromEntries(['a', 'b', 'c', 'd'].map((letter) => [`${letter}.txt`, randomBytes(7 * MIB)]))
const files: Record<string, string | Buffer> = { ...healthyFiles(), ...large }

/** Blobs that have their final name, and whether their bytes are what it promises. */
function wrongBlobs(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((blob) => !blob.endsWith('.incomplete'))
    .filter((blob) => {
      const bytes = readFileSync(join(folder, blob))
      return blob !== (blob.length === 64 ? createHash('sha256').update(bytes).digest('hex') : gitOid(bytes))
    })
}

/** One download that is killed after some milliseconds, looked at, and gone on with. Returns the bytes that were fetched twice. */
async function killAndResume(afterMs: number): Promise<number> {
  const home = createHome()
  const hub = await startFakeHub({ repos: [{ id: name, files }], layers: [slow('cdn', speed), slow('hub', speed)] })
  const env = { ...home.env, HF_ENDPOINT: hub.url }
  try {
    const child = startMlxk(['pull', name, '--connections', String(connections)], { env })
    const exit = once(child, 'exit')
    await Promise.race([setTimeout(afterMs), exit])
    child.kill('SIGKILL')
    await exit
    const folder = join(home.hub, 'models--org--model')
    expect(wrongBlobs(join(folder, 'blobs'))).toEqual([])
    const published = existsSync(join(folder, 'refs', 'main'))
    if (published)
      expect(JSON.parse((await mlxk(['health', name, '--json'], { env })).stdout)).toMatchObject({
        data: { summary: { healthy_count: 1 } },
      })
    const { code, stdout } = await mlxk(['pull', name, '--force-resume', '--json'], { env })
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 0,
      data: { download_status: 'success', health: 'healthy' },
    })
    expect(wrongBlobs(join(folder, 'blobs'))).toEqual([])
    expect(readdirSync(join(folder, 'blobs')).filter((blob) => blob.endsWith('.incomplete'))).toEqual([])
    const verified = await mlxk(['verify', name, '--fresh', '--json'], { env })
    expect(JSON.parse(verified.stdout)).toMatchObject({ data: { summary: { healthy_count: 1, unhealthy_count: 0 } } })
    const bodies = hub.log.filter(({ method, where, url }) => method === 'GET' && (where === 'cdn' || url.includes('/resolve')))
    const sent = bodies.reduce((sum, { bytesSent }) => sum + bytesSent, 0)
    const whole = Object.values(files).reduce((sum, content) => sum + Buffer.byteLength(content), 0)
    return sent - whole
  } finally {
    await hub.close()
    home.remove()
  }
}

it(
  `a download killed at ${kills} instants never leaves a wrong file, fetches at most two seconds again, and ends whole`,
  async () => {
    const instants = Array.from({ length: kills }, (_, index) => 150 + ((index + Math.random()) / kills) * 9500)
    const again: number[] = []
    await Promise.all(
      Array.from({ length: lanes }, async () => {
        for (let instant = instants.pop(); instant !== undefined; instant = instants.pop()) again.push(await killAndResume(instant))
      }),
    )
    console.log(`killed ${kills} times; fetched again at most ${(Math.max(...again) / MIB).toFixed(2)} MiB`)
    // Of the link, which is as many connections as there may be.
    expect(Math.max(...again)).toBeLessThanOrEqual(2 * speed * connections)
  },
  full ? 1_800_000 : 120_000,
)
