import { existsSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { VerifyResult } from '../../../src/shared/contract'
import { mlxk } from '../../drivers/cli'
import { startFakeHub, type FakeHub } from '../../fakes/hub'
import { repoPath, safetensorsFile, shardedFiles } from '../../fixtures/cache'
import { needsEngine } from '../../setup/needs'
import { createCacheHome, hf, scanWithPython, type CacheHome } from './support'

const id = 'mlx-community/Mended-4bit'
const shard = 'model-00002-of-00002.safetensors'
const files = { ...shardedFiles(), [shard]: safetensorsFile(50_000) }

let server: FakeHub
let home: CacheHome
let commit: string

beforeAll(async () => {
  server = await startFakeHub()
  commit = server.publish({ id, files })
})
afterAll(() => server.close())
beforeEach(() => {
  home = createCacheHome()
})
afterEach(() => home.remove())

interface Answer<T> {
  code: number | null
  data: T
  error: { type: string } | null
}

async function ask<T>(args: readonly string[]): Promise<Answer<T>> {
  const { code, stdout } = await mlxk([...args, '--json'], { env: home.env })
  return { ...(JSON.parse(stdout) as Answer<T>), code }
}
const verify = (...args: string[]) => ask<Pick<VerifyResult, 'models' | 'summary'>>(['verify', ...args])
const linkOf = (path: string): string => join(repoPath(home.hub, id), 'snapshots', commit, path)
const blobOf = (path: string): string => join(linkOf(path), '..', readlinkSync(linkOf(path)))

/** Another byte in the same place, with the time of the file as it was: only a hash can tell. */
function flipByte(path: string): void {
  const bytes = readFileSync(path)
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(path, bytes)
}

describe.skipIf(!needsEngine())('a model that Python pulled', () => {
  beforeEach(async () => {
    const { code, stderr } = await hf(home, server.url, ['download', id])
    if (code !== 0) throw new Error(stderr)
  })

  it('is verified whole, once; --fresh reads it again', async () => {
    const first = await verify()
    expect(first).toMatchObject({ code: 0, data: { summary: { healthy_count: 1, unhealthy_count: 0, bytes_remembered: 0 } } })
    const { bytes_hashed: bytes } = first.data.summary
    expect((await verify(id)).data.summary).toMatchObject({ bytes_hashed: 0, bytes_remembered: bytes })
    expect((await verify(id, '--fresh')).data.summary).toMatchObject({ bytes_hashed: bytes, bytes_remembered: 0 })
  })

  it('with one flipped bit is named exactly, also by list; exit 1 only when asked', async () => {
    flipByte(blobOf(shard))
    const { code, data } = await verify(id)
    expect(code).toBe(0)
    expect(data.models[0]?.findings).toMatchObject([{ code: 'hash_mismatch', file: shard }])
    expect((await verify(id, '--exit-code')).code).toBe(1)
    const listed = await ask<{ models: { health: string; reason: string }[] }>(['list'])
    expect(listed.data.models).toMatchObject([{ health: 'unhealthy', reason: expect.stringContaining(shard) }])
  })

  it('streams progress as JSON Lines, the result last', async () => {
    const { stdout } = await mlxk(['verify', '--json=stream'], { env: home.env })
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string })
    expect(lines.at(-1)).toMatchObject({ type: 'result', status: 'success', data: { summary: { healthy_count: 1 } } })
    for (const line of lines.slice(0, -1)) expect(line).toMatchObject({ type: 'progress', bytes_total: expect.any(Number) })
  })

  it('damaged: repair without the network removes only the bad file and says what to fetch; hf fetches just that, and all is right', async () => {
    flipByte(blobOf(shard))
    const kept = readdirSync(join(repoPath(home.hub, id), 'blobs')).length
    const { code, data } = await ask<{ needs_network: boolean; plan: { fetch: { path: string }[] } }>(['repair', id, '--no-fetch'])
    expect(code).toBe(1)
    expect(data).toMatchObject({ needs_network: true, plan: { fetch: [{ path: shard, hash: { algorithm: 'sha256' } }] } })
    expect(readdirSync(join(repoPath(home.hub, id), 'blobs'))).toHaveLength(kept - 1)
    expect((await scanWithPython(home.hub)).warnings).toEqual([])

    server.log.length = 0
    expect((await hf(home, server.url, ['download', id])).code).toBe(0)
    const fetched = server.log.filter(({ method, where }) => method === 'GET' && where === 'cdn')
    expect(fetched).toHaveLength(1)
    expect((await verify(id)).data.summary).toMatchObject({ healthy_count: 1, unhealthy_count: 0 })
  })

  it('without refs/main and with a lost link: repair mends both from what is there, and Python finds the model again', async () => {
    rmSync(join(repoPath(home.hub, id), 'refs', 'main'))
    rmSync(linkOf('config.json'))
    const plan = await ask<{ requires_confirmation: boolean; plan: { actions: { kind: string }[] } }>(['repair', id, '--dry-run'])
    expect(plan.data.plan.actions.map(({ kind }) => kind).sort()).toEqual(['create_link', 'write_ref'])
    expect(existsSync(linkOf('config.json'))).toBe(false)

    const { code, data } = await ask<{ needs_network: boolean; health: { status: string } }>(['repair', id])
    expect({ code, ...data }).toMatchObject({ code: 0, needs_network: false, health: { status: 'healthy' } })
    const { warnings, repos } = await scanWithPython(home.hub)
    expect(warnings).toEqual([])
    expect(repos).toMatchObject([{ id, revisions: [{ commit, refs: ['main'] }] }])
  })

  it('not named exactly is left alone until --yes', async () => {
    rmSync(join(repoPath(home.hub, id), 'refs', 'main'))
    const asked = await ask<{ requires_confirmation: boolean }>(['repair', 'mended'])
    expect(asked).toMatchObject({ code: 0, data: { requires_confirmation: true } })
    expect(existsSync(join(repoPath(home.hub, id), 'refs', 'main'))).toBe(false)
    expect((await ask(['repair', 'mended', '--yes'])).code).toBe(0)
    expect(readFileSync(join(repoPath(home.hub, id), 'refs', 'main'), 'utf8')).toBe(commit)
  })

  it('that is not there is model_not_found', async () => {
    expect(await ask(['repair', 'nothing-like-it'])).toMatchObject({ code: 1, error: { type: 'model_not_found' } })
    expect(await ask(['verify', 'nothing-like-it'])).toMatchObject({ code: 1, error: { type: 'model_not_found' } })
  })
})
