import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createApp, type App } from '../../../src/main/app'
import { createSecrets, type Sealer } from '../../../src/main/core/secrets'
import { findLayout } from '../../../src/main/core/system'
import { mlxk } from '../../drivers/cli'
import { startFakeHub, type FakeHub } from '../../fakes/hub'
import { healthyFiles } from '../../fixtures/cache'
import { createHome, type TestHome } from '../cli/home'

const token = 'hf_abcdefghijklmnopqrstuvwxyz'
const locked = 'org/private-4bit'
const open = 'org/public-4bit'
let home: TestHome
let hub: FakeHub
beforeEach(async () => {
  home = createHome()
  hub = await startFakeHub({
    tokens: { [token]: 'ada' },
    repos: [
      { id: locked, files: healthyFiles(), refs: {}, private: true, readers: ['ada'] },
      { id: open, files: healthyFiles(), refs: {} },
    ],
  })
})
afterEach(async () => {
  await hub.close()
  home.remove()
})

/** The keychain of one app: nobody else opens what it sealed. */
const keychain: Sealer = {
  isAvailable: () => Promise.resolve(true),
  seal: (text) => Promise.resolve(Buffer.from(text).map((byte) => byte ^ 0xa5) as Buffer),
  unseal: (bytes) => Promise.resolve({ text: Buffer.from(bytes.map((byte) => byte ^ 0xa5)).toString(), isStale: false }),
}
const secrets = (): ReturnType<typeof createSecrets> => createSecrets({ secrets: join(home.data, 'secrets.json') }, keychain)

async function run(args: string[], input?: string) {
  const result = await mlxk([...args, '--json'], {
    env: { ...home.env, HF_ENDPOINT: hub.url },
    ...(input === undefined ? {} : { input }),
  })
  for (const text of [result.stdout, result.stderr]) expect(text).not.toContain(token)
  const document = JSON.parse(result.stdout) as { data: Record<string, unknown> | null; error: Record<string, unknown> | null }
  return { code: result.code, ...document }
}

/** In a process of its own: reading the owner's database here would drop the lock that this process holds on it. */
function checkNoFileHasIt(): void {
  expect(spawnSync('grep', ['-rlaF', token, home.root], { encoding: 'utf8' })).toMatchObject({ status: 1, stdout: '' })
}

describe('a token that only the keychain of the app has, without the app', () => {
  beforeEach(async () => void (await secrets().storeHubToken(token)))

  it('is said to be there, with what to do', async () => {
    expect(await run(['whoami'])).toMatchObject({
      code: 1,
      error: {
        type: 'unauthorized',
        message: expect.stringContaining('keychain') as unknown,
        hint: expect.stringContaining('Open the app') as unknown,
      },
    })
    expect(await run(['pull', locked])).toMatchObject({
      code: 1,
      error: { type: 'access_denied', hint: expect.stringContaining('keychain of the MLX Knife app') as unknown },
    })
  })

  it('is not needed for what everybody may have', async () => {
    expect(await run(['search', 'public'])).toMatchObject({ code: 0 })
    expect(await run(['pull', open])).toMatchObject({ code: 0, data: { download_status: 'success' } })
  })

  it('gives way to one of the command line, and is forgotten by it', async () => {
    expect(await run(['login'], token)).toMatchObject({ code: 0, data: { name: 'ada', in_effect: true } })
    expect(await run(['pull', locked])).toMatchObject({ code: 0 })
    await secrets().storeHubToken(token)
    expect(await run(['logout'])).toMatchObject({ data: { removed: true, remaining_source: null } })
    expect(await secrets().findHubToken()).toBeNull()
  })
})

describe('while the app runs', () => {
  let app: App
  beforeEach(async () => {
    app = await createApp({
      env: { ...home.env, HF_ENDPOINT: hub.url },
      platform: { os: 'linux', arch: 'x64', home: home.root },
      layout: findLayout(join(import.meta.dirname, '../../../src/main')),
      kind: 'app',
      scanInWorker: false,
      keychain,
    })
  })
  afterEach(() => app.close())

  it('the command line signs in with its keychain, asks with it, and downloads with it', async () => {
    expect(await run(['login'], token)).toMatchObject({ code: 0, data: { name: 'ada', in_effect: true } })
    checkNoFileHasIt()
    expect(await secrets().findHubToken()).toBe('keychain')
    expect(await run(['whoami'])).toMatchObject({ code: 0, data: { name: 'ada', source: 'store' } })
    expect(await run(['pull', locked, '--dry-run'])).toMatchObject({ code: 0, data: { download_status: 'planned', model: locked } })
    expect(await run(['pull', locked])).toMatchObject({ code: 0, data: { download_status: 'success', health: 'healthy' } })
    checkNoFileHasIt()
  })

  it('a token that the Hub does not know is not kept', async () => {
    expect(await run(['login'], 'hf_unknownunknownunknown')).toMatchObject({ code: 1, error: { type: 'access_denied' } })
    expect(await secrets().findHubToken()).toBeNull()
  })
})
