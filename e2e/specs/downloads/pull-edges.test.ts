import { readdirSync, readFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PullPreview } from '../../../src/shared/contract'
import { mlxk, mlxkOnTerminal, startMlxk } from '../../drivers/cli'
import { finish } from '../../drivers/process'
import { answering, slow, startFakeHub, type FakeHub, type FakeHubOptions, type Layer } from '../../fakes/hub'
import { healthyFiles } from '../../fixtures/cache'
import { createHome, type TestHome } from '../cli/home'

const MIB = 1024 * 1024
const token = 'hf_zyxwvutsrqponmlkjihgfedcba'
const files = healthyFiles()
const name = 'org/model-4bit'
const full = process.env['MLXK_TEST_FULL'] === '1'

let home: TestHome
let hub: FakeHub
const start = async (options: FakeHubOptions = {}): Promise<void> => {
  hub = await startFakeHub({ repos: [{ id: name, files, refs: {} }], ...options })
}
beforeEach(() => {
  home = createHome()
})
afterEach(async () => {
  await hub.close()
  home.remove()
})
const env = (more: Record<string, string> = {}): Record<string, string> => ({ ...home.env, HF_ENDPOINT: hub.url, ...more })
const blobs = (): string => join(home.hub, 'models--org--model-4bit', 'blobs')

/** Starts a pull, and interrupts it as soon as something of it is on the disk. */
async function interrupt(args: string[]) {
  const child = startMlxk(['pull', ...args], { env: env() })
  const result = finish(child)
  while (!existsSync(blobs()) || readdirSync(blobs()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  child.kill('SIGINT')
  return await result
}
/** A repo that takes seconds, with a tag. */
const long = (): FakeHubOptions => ({
  repos: [{ id: name, files: { ...files, 'tokenizer.json': `{"x":"${'x'.repeat(4 * MIB)}"}` }, refs: { 'v1.0': 0 } }],
  layers: [slow('hub', MIB)],
})
/** Of the first so many answers of the other host only the beginning comes, and then nothing more. */
function stalling(times: number): Layer {
  let left = times
  return (next) => async (call) => {
    const reply = await next(call)
    if (call.where !== 'cdn' || left <= 0) return reply
    left -= 1
    const { size, read } = reply.body
    return {
      ...reply,
      body: {
        size,
        read: async function* (from: number, to: number) {
          for await (const chunk of read(from, to)) {
            yield chunk.subarray(0, Math.ceil(chunk.length / 2))
            await new Promise(() => undefined)
          }
        },
      },
    }
  }
}

describe('mlxk pull, interrupted', () => {
  it('E98 names the revision and the choice of files that go on with the same download', async () => {
    await start(long())
    const args = [`${name}@v1.0`, '--include', '*.json', '--exclude', "it's/*"]
    const { code, stderr } = await interrupt(args)
    expect(code).toBe(130)
    expect(stderr).toContain(`Go on with: mlxk pull ${name}@v1.0 --include '*.json' --exclude 'it'\\''s/*'`)
  })

  it.each([['--json'], ['--json=full'], ['--json=stream']])('E98 E99 with %s ends in one document that says so', async (form) => {
    await start(long())
    const { code, stdout, stderr } = await interrupt([name, form])
    expect(code).toBe(130)
    const last = form === '--json=stream' ? stdout.trim().split('\n').at(-1) : stdout
    expect(JSON.parse(last ?? '')).toMatchObject({
      status: 'error',
      data: null,
      error: { type: 'cancelled', hint: expect.stringContaining(`mlxk pull ${name}`), kept_bytes: expect.any(Number) },
    })
    expect(stderr).toBe('')
  })
})

describe('mlxk pull, offline', () => {
  it('E95 knows the tag that it was fetched by', async () => {
    await start({ repos: [{ id: name, commits: [{ files }], refs: { 'v1.0': 0 } }] })
    expect((await mlxk(['pull', `${name}@v1.0`], { env: env() })).code).toBe(0)
    hub.log.length = 0
    const again = await mlxk(['pull', `${name}@v1.0`, '--json'], { env: env({ HF_HUB_OFFLINE: '1' }) })
    expect(JSON.parse(again.stdout)).toMatchObject({ data: { download_status: 'already_exists', revision: 'v1.0' } })
    const other = await mlxk(['pull', `${name}@v2.0`, '--json'], { env: env({ HF_HUB_OFFLINE: '1' }) })
    expect(JSON.parse(other.stdout)).toMatchObject({ error: { type: 'hub_offline' } })
    expect(hub.log).toEqual([])
  })
})

describe('mlxk pull, what it is told', () => {
  it('takes patterns before the name, each with its own option', async () => {
    await start()
    const { stdout } = await mlxk(
      ['pull', '--dry-run', '--json', '--include', '*.json', '--include', '*.safetensors', '--exclude', 'tok*', name],
      { env: env() },
    )
    const { data } = JSON.parse(stdout) as { data: PullPreview }
    expect(data.files.map(({ path }) => path).sort()).toEqual(['config.json', 'model.safetensors'])
  })

  it('--dry-run says whether the model runs here, and that it is not known where the files do not say', async () => {
    const huge = {
      model_type: 'llama',
      hidden_size: 65_536,
      num_hidden_layers: 800,
      num_attention_heads: 64,
      num_key_value_heads: 64,
      max_position_embeddings: 131_072,
    }
    await start({
      repos: [
        { id: name, files, tags: ['mlx'] },
        { id: 'org/unsaid', files: { 'config.json': '{"model_type":"llama"}' }, tags: ['mlx'] },
        { id: 'org/huge', files: { ...files, 'config.json': JSON.stringify(huge) }, tags: ['mlx'] },
      ],
    })
    const verdict = async (model: string): Promise<PullPreview['fit']> => {
      const { stdout } = await mlxk(['pull', '--dry-run', '--json', model], { env: env() })
      return (JSON.parse(stdout) as { data: PullPreview }).data.fit
    }
    expect(await verdict(name)).toMatchObject({ verdict: 'runs', needed_bytes: expect.any(Number) })
    expect(await verdict('org/huge')).toMatchObject({ verdict: 'too_large' })
    expect(['unknown', 'cannot_run']).toContain((await verdict('org/unsaid')).verdict)
    const people = await mlxk(['pull', '--dry-run', name], { env: env() })
    expect(people.stdout).toMatch(/runs on this machine/i)
    expect(readdirSync(home.hub)).toEqual([])
  })

  it('ends with what came, how long it took, and its health', async () => {
    await start()
    const { stdout } = await mlxk(['pull', name], { env: env() })
    expect(stdout).toMatch(/^org\/model-4bit@[0-9a-f]{8}: [\d.]+ K?B fetched in \d+ s, every byte verified, healthy\.\n/)
    const { data } = JSON.parse((await mlxk(['pull', name, '--force-resume', '--json'], { env: env() })).stdout) as {
      data: Record<string, unknown>
    }
    expect(data).toMatchObject({ fetched_bytes: 0, elapsed_seconds: expect.any(Number), health: 'healthy' })
  })
})

describe('mlxk pull, against a Hub that fails', () => {
  it.each([
    ['a token that the Hub does not accept', 'hub', 401, { 'x-error-message': 'Invalid credentials in Authorization header' }],
    ['a CDN that refuses for good', 'cdn', 418, {}],
  ] as const)('E89 %s is nowhere in what it prints, logs or writes', async (_what, where, status, headers) => {
    await start({ layers: [answering(where, status, headers)] })
    for (const form of [[], ['--json=stream']]) {
      const { code, stdout, stderr } = await mlxk(['pull', name, ...form], {
        env: env({ HF_TOKEN: token, MLXK_LOG_LEVEL: 'debug' }),
      })
      expect(code).toBe(1)
      expect(stdout + stderr).not.toContain(token)
    }
    expect(hub.log.filter((each) => each.where === 'cdn' && each.authorization !== null)).toEqual([])
    for (const entry of readdirSync(home.root, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) expect(readFileSync(join(entry.parentPath, entry.name), 'latin1')).not.toContain(token)
  })

  // Waits as long as it does for real: some seconds of back-off, and the time after which silence counts as a stall.
  it.runIf(full)('E88 one that stays down is a clear error, and leaves no folder', async () => {
    await start({ layers: [answering('hub', 503)] })
    const { code, stdout } = await mlxk(['pull', name, '--json'], { env: env(), timeoutMs: 60_000 })
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({ code: 1, error: { type: 'hub_failed', status: 503 } })
    expect(readdirSync(home.hub)).toEqual([])
  })

  it.runIf(full)('E93 one that stalls in the middle of a file is asked anew', { timeout: 90_000 }, async () => {
    await start({ layers: [stalling(1)] })
    const { code, stdout } = await mlxk(['pull', name, '--json'], { env: env(), timeoutMs: 80_000 })
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({ code: 0, data: { health: 'healthy' } })
  })
})

describe('mlxk pull, on a terminal', () => {
  it('leaves nothing of its display behind when it is narrow and low', async () => {
    const pad = `{"x":"${'x'.repeat(MIB)}"}`
    await start({
      repos: [{ id: name, files: { ...files, 'a.json': pad, 'b.json': pad, 'c.json': pad } }],
      layers: [slow('hub', MIB)],
    })
    const { code, screen } = await mlxkOnTerminal(['pull', name], { env: env({ NO_COLOR: '1' }), columns: 34, rows: 3 })
    expect(code).toBe(0)
    const drawn = screen.split('\u001B[0J').slice(1, -1)
    expect(drawn.length).toBeGreaterThan(0)
    for (const frame of drawn) expect(frame.split('\r\n').length - 1).toBeLessThanOrEqual(2)
  })
})
