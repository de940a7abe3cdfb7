import { afterEach, describe, expect, it } from 'vitest'
import { createHubClient, createTransport, readPlace, type HubClient } from '../../../src/main/core/hub'
import { startFakeHub, type FakeHub, type Layer } from '../../fakes/hub'

const token = 'hf_secretsecretsecretsecret'
const weights = Buffer.alloc(1000, 7)
const repo = {
  id: 'org/model',
  files: { 'config.json': '{"model_type":"llama"}', 'sub/we#ird 100%?.json': '[]', 'model.safetensors': weights },
  lfs: ['model.safetensors'],
}
const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

interface Setup {
  hub: FakeHub
  client: HubClient
  waits: number[]
}

async function setUp(options: { layers?: Layer[]; env?: Record<string, string>; pageSize?: number } = {}): Promise<Setup> {
  const size = options.pageSize ?? 1000
  const hub = await startFakeHub({ repos: [repo], layers: options.layers ?? [], pageSize: { plain: size, expanded: size } })
  const env = { HF_ENDPOINT: hub.url, ...options.env }
  const { endpoint, offline } = readPlace(env)
  const transport = createTransport({ endpoint, readToken: async () => token, userAgent: 'mlx-knife-test', env })
  const waits: number[] = []
  const retrying = { sleep: async (ms: number) => void waits.push(ms), random: () => 1 }
  ends.push(async () => {
    await transport.close()
    await hub.close()
  })
  return {
    hub,
    waits,
    client: createHubClient({ endpoint, offline, transport, retrying, tokenState: async () => 'sent', now: Date.now }),
  }
}

/** Answers questions to one of the hosts by itself, as often as said. */
function instead(
  where: 'hub' | 'cdn',
  status: number,
  headers: Record<string, string> = {},
  { times = Infinity, body = '' }: { times?: number; body?: string } = {},
): Layer {
  let left = times
  return (next) => (call) => {
    if (call.where !== where || left <= 0) return next(call)
    left -= 1
    const bytes = Buffer.from(body)
    return {
      status,
      headers,
      body: {
        size: bytes.length,
        read: async function* (a: number, b: number) {
          yield bytes.subarray(a, b)
        },
      },
    }
  }
}

async function failure(promise: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> {
  return await promise.then(
    () => {
      throw new Error('it should have failed')
    },
    (error: { code: string; message: string; hint: string }) => error,
  )
}

describe('the client of the Hub', () => {
  it('resolves a branch to its commit and lists its files, over several pages', async () => {
    const { client, hub } = await setUp({ pageSize: 2 })
    const revision = await client.revision('org/model', 'main')
    expect(revision).toMatchObject({ repo: 'org/model', gated: false, private: false })
    const files = await client.tree('org/model', revision.commit)
    expect(files.map(({ path }) => path).sort()).toEqual(['config.json', 'model.safetensors', 'sub/we#ird 100%?.json'])
    expect(files.find(({ path }) => path === 'model.safetensors')).toMatchObject({
      sizeBytes: 1000,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(hub.log.filter(({ url }) => url.includes('/tree/')).length).toBeGreaterThan(1)
  })

  it('reads a part of a file from the other host, which never sees the token', async () => {
    const { client, hub } = await setUp()
    const { commit } = await client.revision('org/model', 'main')
    const file = (await client.tree('org/model', commit)).find(({ path }) => path === 'model.safetensors')
    const asked = { repo: 'org/model', commit, path: 'model.safetensors', sizeBytes: 1000, blob: file?.sha256 ?? '' }
    const first = await client.openFile({ ...asked, from: 200, to: 300 })
    expect(first.from).toBe(200)
    let size = 0
    for await (const chunk of first.body) size += chunk.length
    expect(size).toBe(100)
    const again = await client.openFile({ ...asked, from: 0, to: 10, link: first.link })
    again.close()
    expect(hub.log.filter(({ where, url }) => where === 'hub' && url.includes('/resolve/'))).toHaveLength(1)
    for (const { where, authorization } of hub.log) expect(authorization).toBe(where === 'hub' ? `Bearer ${token}` : null)
  })

  it('reads a file in git whose name needs escaping', async () => {
    const { client } = await setUp()
    const { commit } = await client.revision('org/model', 'main')
    const file = (await client.tree('org/model', commit)).find(({ path }) => path.startsWith('sub/'))
    const answer = await client.openFile({
      repo: 'org/model',
      commit,
      path: file?.path ?? '',
      sizeBytes: 2,
      blob: file?.oid ?? '',
      from: 0,
      to: 2,
    })
    const chunks: Uint8Array[] = []
    for await (const chunk of answer.body) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe('[]')
  })

  it('tries again what may pass, and waits as long as the Hub asks', async () => {
    const limited = instead('hub', 429, { ratelimit: '"api";r=0;t=5' }, { times: 1 })
    const { client, waits } = await setUp({ layers: [limited, instead('hub', 503, {}, { times: 1 })] })
    await expect(client.revision('org/model', 'main')).resolves.toMatchObject({ repo: 'org/model' })
    expect(waits).toEqual([6000, 2000])
  })

  it.each([
    ['a repo that is not there', 401, { 'x-error-code': 'RepoNotFound' }, 'access_denied', /not on the Hub, or it is private/],
    ['a gated repo', 403, { 'x-error-code': 'GatedRepo' }, 'access_denied', /accept its terms/],
    ['a repo that is switched off', 403, {}, 'access_denied', /does not allow/],
    [
      'a token that has expired',
      401,
      { 'x-error-message': 'Invalid credentials in Authorization header' },
      'access_denied',
      /token/,
    ],
    ['a revision that is not there', 404, { 'x-error-code': 'RevisionNotFound' }, 'revision_not_found', /no revision "main"/],
    ['too many questions', 429, { 'retry-after': '7' }, 'hub_rate_limited', /too often/],
    ['a Hub that is down', 503, {}, 'hub_failed', /HTTP 503/],
  ])('says what is wrong: %s', async (_name, status, headers, code, message) => {
    const { client } = await setUp({ layers: [instead('hub', status, headers)] })
    const error = await failure(client.revision('org/model', 'main'))
    expect(error).toMatchObject({ code, message: expect.stringMatching(message), hint: expect.stringMatching(/.+/) })
    expect(JSON.stringify(error)).not.toContain(token)
  })

  it('knows the page of a network that wants a sign-in', async () => {
    const { client } = await setUp({
      layers: [instead('hub', 200, { 'content-type': 'text/html' }, { body: '<html>Welcome to the hotel' })],
    })
    expect(await failure(client.revision('org/model', 'main'))).toMatchObject({
      code: 'network_failed',
      hint: expect.stringContaining('sign-in'),
    })
  })

  it.each([
    ['out of the web', 'file:///etc/passwd'],
    ['in circles', '/api/models/org/model/revision/main'],
    ['nowhere', ''],
  ])('does not follow a redirect %s', async (_name, location) => {
    const { client } = await setUp({ layers: [instead('hub', 302, { location })] })
    expect(await failure(client.revision('org/model', 'main'))).toMatchObject({ code: 'hub_invalid' })
  })

  it('refuses a commit, a listing or bytes that are not what they should be', async () => {
    const { client, hub } = await setUp({ layers: [instead('cdn', 206, { 'content-range': 'bytes 5-9/1000' })] })
    expect(await failure(client.tree('org/model', '../../x'))).toMatchObject({ code: 'hub_invalid' })
    const { commit } = await client.revision('org/model', 'main')
    const asked = { repo: 'org/model', commit, path: 'model.safetensors', sizeBytes: 1000, from: 3, to: 9 }
    const blob = (await client.tree('org/model', commit)).find(({ path }) => path === asked.path)?.sha256 ?? ''
    expect(await failure(client.openFile({ ...asked, blob }))).toMatchObject({ message: expect.stringContaining('other bytes') })
    expect(await failure(client.openFile({ ...asked, blob: 'c'.repeat(64) }))).toMatchObject({
      message: expect.stringContaining('another hash'),
    })
    expect(hub.log.length).toBeGreaterThan(0)
  })

  it('asks nobody while it is offline', async () => {
    const { client, hub } = await setUp({ env: { HF_HUB_OFFLINE: '1' } })
    expect(await failure(client.revision('org/model', 'main'))).toMatchObject({ code: 'hub_offline' })
    expect(hub.log).toEqual([])
  })

  it('says that nobody is there, and tries more than once', async () => {
    const { client, hub, waits } = await setUp()
    await hub.close()
    expect(await failure(client.revision('org/model', 'main'))).toMatchObject({
      code: 'network_failed',
      message: expect.stringContaining('accepts no connections'),
    })
    expect(waits).toHaveLength(3)
  })
})

describe('the endpoint', () => {
  it.each(['http://example.com', 'ftp://127.0.0.1', 'no address', 'https://user:pw@example.com'])('%s is refused', (value) => {
    expect(() => readPlace({ HF_ENDPOINT: value })).toThrow(expect.objectContaining({ code: 'invalid_setting' }))
  })
})
