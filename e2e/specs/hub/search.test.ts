import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HubModel, SearchResult } from '../../../src/shared/contract'
import { mlxk } from '../../drivers/cli'
import { startFakeHub, type FakeHub } from '../../fakes/hub'
import { healthyFiles } from '../../fixtures/cache'
import { createHome } from '../cli/home'

const files = healthyFiles()
const repos = [
  {
    id: 'org/small-4bit',
    files,
    downloads: 5000,
    likes: 7,
    tags: ['mlx', 'chat'],
    card: { license: 'MIT', base_model: 'org/small' },
  },
  {
    id: 'org/other-framework',
    files: { 'config.json': '{"model_type":"llama"}', 'model.gguf': 'GGUF' },
    downloads: 9000,
    tags: ['gguf'],
  },
  { id: 'org/gated-4bit', files, downloads: 100, gated: 'manual' as const },
  {
    id: 'org/too-large',
    files: {
      'config.json': JSON.stringify({
        model_type: 'llama',
        hidden_size: 8192,
        num_hidden_layers: 80,
        num_attention_heads: 64,
        num_key_value_heads: 64,
        max_position_embeddings: 131_072,
        quantization: { bits: 8, group_size: 64 },
      }),
      'model.safetensors': files['model.safetensors'] ?? '',
    },
    downloads: 10,
  },
]

let home: ReturnType<typeof createHome>
let hub: FakeHub
beforeEach(async () => {
  home = createHome()
  hub = await startFakeHub({ repos })
})
afterEach(async () => {
  await hub.close()
  home.remove()
})

async function search(...args: string[]): Promise<SearchResult> {
  const { code, stdout, stderr } = await mlxk(['search', ...args, '--json'], { env: { ...home.env, HF_ENDPOINT: hub.url } })
  if (code !== 0) throw new Error(stderr + stdout)
  return (JSON.parse(stdout) as { data: SearchResult }).data
}
const names = ({ models }: SearchResult): string[] => models.map(({ name }) => name)

describe('mlxk search', () => {
  it('finds MLX models by downloads, with size, quantization, licence and whether they run here', async () => {
    const found = await search()
    expect(names(found)).toEqual(['org/small-4bit', 'org/gated-4bit', 'org/too-large'])
    // The model card is nothing that mlx_lm reads.
    const { 'README.md': _card, ...fetched } = files
    const size = Object.values(fetched).reduce((sum, content) => sum + Buffer.byteLength(content), 0)
    expect(found.models[0]).toMatchObject({
      downloads: 5000,
      likes: 7,
      license: 'mit',
      base_models: ['org/small'],
      size_bytes: size,
      framework: 'MLX',
      quantization: { bits: 4 },
      fit: { verdict: 'runs' },
      cached: false,
    } satisfies Partial<Record<keyof HubModel, unknown>>)
  })

  it('says what a gated model keeps from it, and lists the others', async () => {
    const found = await search('4bit')
    expect(found.models[1]).toMatchObject({
      gated: 'manual',
      size_bytes: null,
      fit: { verdict: 'unknown', reason: expect.stringMatching(/terms/) },
    })
  })

  it('asks for a few kilobytes, once for each commit', async () => {
    await search('small')
    const first = hub.log.filter(({ url }) => url.includes('/resolve')).length
    expect(first).toBeGreaterThan(0)
    for (const { bytesSent } of hub.log) expect(bytesSent).toBeLessThan(300_000)
    await search('small')
    expect(hub.log.filter(({ url }) => url.includes('/resolve')).length).toBe(first)
  })

  it('filters by words, owner, tags, bits and fit, and shows other frameworks when asked', async () => {
    expect(names(await search('SMALL'))).toEqual(['org/small-4bit'])
    expect(names(await search('--owner', 'nobody'))).toEqual([])
    expect(names(await search('--tag', 'chat'))).toEqual(['org/small-4bit'])
    expect(names(await search('--bits', '8'))).toEqual(['org/too-large'])
    expect(names(await search('--fits'))).toContain('org/small-4bit')
    expect(names(await search('--any', '--limit', '1'))).toEqual(['org/other-framework'])
  })

  it('has pages that leave nothing out', async () => {
    const first = await search('--limit', '2')
    expect(first.next_skip).toBe(2)
    const second = await search('--limit', '2', '--page', '2')
    expect([...names(first), ...names(second)]).toEqual(['org/small-4bit', 'org/gated-4bit', 'org/too-large'])
    expect(second.next_skip).toBeNull()
  })

  it('fits a narrow terminal, and says what to do when nothing is found', async () => {
    const env = { ...home.env, HF_ENDPOINT: hub.url, NO_COLOR: '1' }
    const people = await mlxk(['search'], { env })
    expect(people.stdout).toMatch(/^Name +Size +Quant +Fits/)
    const nothing = await mlxk(['search', 'zzz'], { env })
    expect(nothing.stderr).toContain('--any')
    expect(nothing.code).toBe(0)
  })

  it.each([
    [['--limit', '0'], 2, 'usage'],
    [['--sort', 'size'], 2, 'usage'],
  ])('refuses %j', async (args, code, type) => {
    const refused = await mlxk(['search', ...args, '--json'], { env: { ...home.env, HF_ENDPOINT: hub.url } })
    expect(refused.code).toBe(code)
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { type: expect.stringContaining(type) } })
  })

  it('says that it is offline', async () => {
    const offline = await mlxk(['search', 'x', '--json'], { env: { ...home.env, HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '1' } })
    expect(offline.code).toBe(1)
    expect(JSON.parse(offline.stdout)).toMatchObject({ status: 'error', error: { type: 'hub_offline' } })
    expect(hub.log).toEqual([])
  })
})
