import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OutdatedResult, UpdateResult } from '../../../src/shared/contract'
import { mlxk } from '../../drivers/cli'
import { startFakeHub, type FakeHub } from '../../fakes/hub'
import { healthyFiles } from '../../fixtures/cache'
import { createHome, type TestHome } from '../cli/home'

const files = healthyFiles()
const name = 'org/model-4bit'
let home: TestHome
let hub: FakeHub
beforeEach(async () => {
  home = createHome()
  hub = await startFakeHub({
    repos: [
      { id: name, files },
      { id: 'org/pinned-4bit', files },
    ],
  })
})
afterEach(async () => {
  await hub.close()
  home.remove()
})
const env = (): Record<string, string> => ({ ...home.env, HF_ENDPOINT: hub.url })
async function ask<T>(...args: string[]): Promise<T> {
  const { stdout, stderr } = await mlxk([...args, '--json'], { env: env() })
  const { data, error } = JSON.parse(stdout) as { data: T; error: unknown }
  if (error !== null) throw new Error(JSON.stringify(error) + stderr)
  return data
}

describe('a model whose main has moved', () => {
  it('is named with what the newer revision costs, and updated by the files that changed; the old revision stays', async () => {
    const { commit: old } = await ask<{ commit: string }>('pull', name)
    expect(await ask<OutdatedResult>('outdated')).toMatchObject({ models: [{ name, state: 'current' }] })
    const newer = hub.publish({
      id: name,
      commits: [{ files }, { files: { ...files, 'generation_config.json': '{"temperature":0.5}' } }],
    })
    expect(await ask<OutdatedResult>('outdated')).toMatchObject({
      models: [{ name, state: 'outdated', commit: old, latest: newer, files: ['generation_config.json'], fetch_bytes: 19 }],
    })
    expect(await ask<UpdateResult>('update', '--all', '--dry-run')).toMatchObject({ updated: [] })
    hub.log.length = 0
    expect(await ask<UpdateResult>('update', name)).toMatchObject({ updated: [{ name, from: old, to: newer, fetched_bytes: 19 }] })
    expect(hub.log.filter(({ where }) => where === 'cdn')).toEqual([])
    const folder = join(home.hub, 'models--org--model-4bit')
    expect(readFileSync(join(folder, 'refs', 'main'), 'utf8')).toBe(newer)
    expect(existsSync(join(folder, 'snapshots', old))).toBe(true)
    expect((await mlxk(['verify', name, '--exit-code'], { env: env() })).code).toBe(0)
    expect(await ask<UpdateResult>('update', '--all')).toMatchObject({ models: [{ state: 'current' }], updated: [] })
  })

  it('that was fetched at one revision is left alone, and says how to follow', async () => {
    const { commit } = await ask<{ commit: string }>('pull', 'org/pinned-4bit', '--dry-run')
    await ask('pull', `org/pinned-4bit@${commit}`)
    expect(await ask<OutdatedResult>('outdated')).toEqual({ models: [] })
    const refused = await mlxk(['update', 'org/pinned-4bit'], { env: env() })
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('@main') })
  })

  it('that is gone from the Hub is said to be, beside the others', async () => {
    await ask('pull', name)
    await hub.close()
    hub = await startFakeHub({ repos: [] })
    expect(await ask<OutdatedResult>('outdated')).toMatchObject({
      models: [{ state: 'unknown', error: { type: 'access_denied' } }],
    })
  })

  it.each([[['update']], [['update', name, '--all']]])('%j is a mistake that is explained', async (args) => {
    expect((await mlxk(args, { env: env() })).code).toBe(2)
  })
})
