import { rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readlinkSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { mlxk } from '../../drivers/cli'
import { startFakeHub, type FakeHub } from '../../fakes/hub'
import { defects, SHARD, writeSharded } from '../../fixtures/defects'
import { listTree } from '../../fixtures/spoil'
import { readFileSync } from 'node:fs'
import { createHome, type TestHome } from '../cli/home'

const name = 'org/model'
let home: TestHome
let hub: FakeHub
/** What the model consists of, as the Hub has it. */
let files: Record<string, Buffer> = {}

beforeEach(async () => {
  home = createHome()
  const scratch = createHome()
  const { snapshot } = writeSharded(scratch.hub, name)
  files = Object.fromEntries(listTree(snapshot).map((path) => [path, readFileSync(join(snapshot, path))]))
  scratch.remove()
  hub = await startFakeHub({ repos: [{ id: name, files }] })
})
afterEach(async () => {
  await hub.close()
  home.remove()
})

const env = (more: Record<string, string> = {}): Record<string, string> => ({ ...home.env, HF_ENDPOINT: hub.url, ...more })
const run = (args: string[], more: Record<string, string> = {}) => mlxk(args, { env: env(more) })
const fetched = (): string[] =>
  hub.log
    .filter(({ method, url, status }) => method === 'GET' && url.includes('/resolve/') && status < 400)
    .map(({ url }) => basename(new URL(url, hub.url).pathname))

async function pulled(): Promise<{ name: string; repo: string; snapshot: string; commit: string }> {
  const { stdout } = await run(['pull', name, '--all', '--json'])
  const { data } = JSON.parse(stdout) as { data: { snapshot_path: string; commit: string } }
  hub.log.length = 0
  return { name, repo: join(home.hub, 'models--org--model'), snapshot: data.snapshot_path, commit: data.commit }
}

describe('mlxk repair with the Hub', () => {
  it.each(defects.filter(({ code }) => code !== 'ref_missing').map((defect) => [defect.name, defect] as const))(
    'mends it in place, and fetches no more than what is bad: %s',
    async (_name, defect) => {
      const { name, repo, snapshot, commit } = await pulled()
      defect.spoil({ name, repo, snapshot, commit })
      const { code, stdout } = await run(['repair', name, '--json'])
      expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
        code: 0,
        status: 'success',
        data: { health: { status: 'healthy' } },
      })
      const known = new Set([defect.file])
      expect(fetched().filter((path) => !known.has(path))).toEqual([])
      const verified = JSON.parse((await run(['verify', name, '--fresh', '--json'])).stdout) as object
      expect(verified).toMatchObject({ data: { summary: { healthy_count: 1, unhealthy_count: 0 } } })
      for (const [path, bytes] of Object.entries(files)) expect(readFileSync(join(snapshot, path)).equals(bytes)).toBe(true)
    },
  )

  it('says what it fetched', async () => {
    const { snapshot } = await pulled()
    const blob = join(snapshot, '..', '..', 'blobs', basename(readlinkSync(join(snapshot, SHARD))))
    rmSync(blob)
    const preview = await run(['repair', name, '--dry-run'])
    expect(preview.stdout).toContain(`to fetch ${SHARD}`)
    expect(fetched()).toEqual([])
    const { stdout, code } = await run(['repair', name])
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/fetched .*model-00002-of-00002\.safetensors/),
    })
    expect(stdout).toMatch(/healthy org\/model/)
  })

  it('fetches only with the network: offline, or told so, it says what is left', async () => {
    const { snapshot } = await pulled()
    unlinkSync(join(snapshot, SHARD))
    rmSync(join(snapshot, '..', '..', 'blobs', basename(readlinkSync(join(snapshot, 'config.json')))))
    for (const [args, more] of [
      [['repair', name, '--no-fetch', '--json'], {}],
      [['repair', name, '--json'], { HF_HUB_OFFLINE: '1' }],
    ] as const) {
      const { code, stdout } = await run([...args], more)
      expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({ code: 1, data: { needs_network: true, fetched: null } })
    }
    expect(fetched()).toEqual([])
  })

  it('a Hub that cannot be reached is an error that says that the rest is mended', async () => {
    const { snapshot } = await pulled()
    rmSync(join(snapshot, '..', '..', 'blobs', basename(readlinkSync(join(snapshot, SHARD)))))
    writeFileSync(join(home.hub, 'models--org--model', 'refs', 'main'), '')
    const { code, stdout } = await run(['repair', name, '--json'], { HF_ENDPOINT: 'http://127.0.0.1:9' })
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 1,
      error: { type: 'network_failed', hint: expect.stringContaining('mlxk repair') },
    })
  })
})
