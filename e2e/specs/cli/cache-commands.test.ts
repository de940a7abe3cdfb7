import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishedEnvelope, publishedFailure } from '../../../src/main/cli/output/published'
import { healthReport, modelDetail, modelList } from '../../../src/shared/contract'
import { mlxk, type CliOptions } from '../../drivers/cli'
import { foreignFiles, healthyFiles, healthyModel, noRefs, truncatedShard, writeModel } from '../../fixtures/cache'
import { createHome, type TestHome } from './home'

let home: TestHome
const commit = '0123456789abcdef0123456789abcdef01234567'

beforeAll(() => {
  home = createHome()
  healthyModel(home.hub)
  truncatedShard(home.hub)
  noRefs(home.hub)
  const golden = writeModel(home.hub, 'org/golden', { commit })
  for (const folder of [golden.snapshot, golden.repo]) utimesSync(folder, 1_763_800_000, 1_763_800_000)
  writeModel(home.hub, 'org/torch', {
    files: { 'config.json': '{"model_type":"bert","architectures":["BertModel"]}', 'pytorch_model.bin': Buffer.alloc(64, 1) },
  })
  foreignFiles(home.hub)
})
afterAll(() => home.remove())

async function json(args: string[], options: CliOptions = {}): Promise<{ code: number | null; document: unknown; stderr: string }> {
  const { code, stdout, stderr } = await mlxk(args, { env: home.env, ...options })
  return { code, document: JSON.parse(stdout), stderr }
}

describe('list', () => {
  it('--json is mlx-knife’s envelope with its published keys and no others, whatever the human flags say', async () => {
    const { code, document, stderr } = await json(['list', '--json'])
    expect(code).toBe(0)
    expect(stderr).toBe('')
    const { data } = publishedEnvelope('list').parse(document)
    expect(data.models.map(({ name }) => name)).toEqual([
      'mlx-community/No-Refs-4bit',
      'mlx-community/Tiny-Llama-4bit',
      'mlx-community/Truncated-4bit',
      'org/golden',
      'org/torch',
    ])
    expect(data.count).toBe(5)
    expect((await json(['--json', 'list', '--all', '--health', '--verbose'])).document).toEqual(document)
  })

  it('has this exact row for this model', async () => {
    const { document } = await json(['list', 'golden', '--json'])
    const { data } = publishedEnvelope('list').parse(document)
    const sizes = Object.values(healthyFiles()).reduce((sum, content) => sum + Buffer.from(content).length, 0)
    expect(data.models).toEqual([
      {
        name: 'org/golden',
        hash: commit,
        size_bytes: sizes,
        last_modified: '2025-11-22T08:26:40Z',
        framework: 'MLX',
        model_type: 'chat',
        capabilities: ['text-generation', 'chat'],
        health: 'healthy',
        runtime_compatible: true,
        reason: 'Not checked: the engine is not installed.',
        cached: true,
        origin: null,
        content_hash: null,
        hash_modified: null,
        clean: null,
      },
    ])
  })

  it('--json=full is the contract’s type, mlxk2 the same flat, --json=stream its one result line', async () => {
    const { document } = await json(['list', '--json=full'])
    const full = document as { data: unknown; error: unknown }
    expect(modelList.strict().parse(full.data)).toEqual(full.data)
    const flat = (await json(['list'], { json: 'mlxk2' })).document as Record<string, unknown>
    expect(flat).toEqual({ ...(full.data as object), error: null })
    const { stdout } = await mlxk(['list', '--json=stream'], { env: home.env })
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([{ type: 'result', status: 'success', command: 'list', data: full.data, error: null }])
  })

  it('shows people what can run, and says on stderr what it leaves out', async () => {
    const { code, stdout, stderr } = await mlxk(['list'], { env: home.env })
    expect(code).toBe(0)
    expect(stdout.split('\n')[0]).toMatch(/^Name +Hash +Size +Modified +Src +Type$/)
    expect(stdout).toContain('org/golden       0123456')
    expect(stdout).toContain('Tiny-Llama-4bit')
    expect(stdout).not.toMatch(/Truncated|torch|mlx-community/)
    expect(stderr).toBe('2 more not shown (1 unhealthy, 1 cannot run): mlxk list --all\n')
  })

  it('--all shows every model, --verbose full names, --health --verbose the reasons', async () => {
    const { stdout, stderr } = await mlxk(['list', '--all', '--health', '--verbose'], { env: home.env })
    expect(stdout).toMatch(/mlx-community\/Truncated-4bit .*unhealthy/)
    expect(stdout).toMatch(/org\/torch .*cannot run/)
    expect(stdout.split('\n')[0]).toContain('Reason')
    expect(stderr).toBe('')
  })

  it('a pattern that matches nothing is an empty list, not an error', async () => {
    const { code, document } = await json(['list', 'no-such-thing', '--json'])
    expect(code).toBe(0)
    expect(document).toMatchObject({ data: { models: [], count: 0 } })
    const people = await mlxk(['list', 'no-such-thing'], { env: home.env })
    expect(people).toMatchObject({ code: 0, stdout: '' })
    expect(people.stderr).toContain('No model has "no-such-thing" in its name.')
  })

  it('writes nothing into the cache', async () => {
    const before = readdirSync(home.hub, { recursive: true }).length
    await mlxk(['list', '--all'], { env: home.env })
    expect(readdirSync(home.hub, { recursive: true })).toHaveLength(before)
  })
})

describe('show', () => {
  it.each([[[]], [['--files']], [['--config']], [['--files', '--config']]])('has the published keys with %j', async (flags) => {
    const { code, document } = await json(['show', 'golden', ...flags, '--json'])
    expect(code).toBe(0)
    const { data } = publishedEnvelope('show').parse(document)
    expect(data.model).toMatchObject({ name: 'org/golden', hash: commit, quantization: { bits: 4, group_size: 64 } })
    expect(data.files?.map(({ name, type }) => `${name} ${type}`)).toEqual(
      flags.includes('--files')
        ? [
            'README.md readme',
            'config.json config',
            'model.safetensors weights',
            'tokenizer.json tokenizer',
            'tokenizer_config.json tokenizer',
          ]
        : undefined,
    )
    expect('config' in data).toBe(flags.length === 1 && flags[0] === '--config')
  })

  it('--json=full is the contract’s type', async () => {
    const { document } = await json(['show', 'golden', '--json=full'])
    const { data } = document as { data: unknown }
    expect(modelDetail.strict().parse(data)).toEqual(data)
  })

  it('tells people the essentials', async () => {
    const { code, stdout } = await mlxk(['show', 'org/golden', '--files'], { env: home.env })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Model: +org\/golden@0123456$/m)
    expect(stdout).toMatch(/^Quantization: +4-bit \(group_size=64\)$/m)
    expect(stdout).toMatch(/^Health: +healthy$/m)
    expect(stdout).toMatch(/^model\.safetensors +\d+ B +weights +not yet$/m)
  })

  it('exits 0 for an unhealthy model', async () => {
    expect((await json(['show', 'Truncated', '--json'])).code).toBe(0)
  })

  it.each([
    ['nowhere/at-all', 'model_not_found'],
    ['4bit', 'ambiguous_match'],
    ['golden@ffff', 'hash_not_found'],
    ['../../etc/passwd', null],
    ['golden@', null],
    ['', null],
  ])('%j ends with code 1 and %s', async (spec, type) => {
    const { code, document } = await json(['show', spec, '--json'])
    expect(code).toBe(1)
    const failure = publishedFailure.parse(document)
    expect(failure.command).toBe('show')
    if (type !== null) expect(failure.error.type).toBe(type)
    if (type === 'ambiguous_match') {
      expect(failure.error['matches']).toEqual([
        'mlx-community/No-Refs-4bit',
        'mlx-community/Tiny-Llama-4bit',
        'mlx-community/Truncated-4bit',
      ])
    }
  })

  it('lists the candidates of an ambiguous name for people, too, without a stack', async () => {
    const { code, stdout, stderr } = await mlxk(['show', '4bit'], { env: home.env })
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^mlxk show: /)
    expect(stderr).toContain('  mlx-community/Tiny-Llama-4bit\n')
    expect(stderr).not.toMatch(/ at .*:\d+:\d+/)
  })
})

describe('health', () => {
  it('--json has the published keys, and exits 0 whatever it finds', async () => {
    const { code, document } = await json(['health', '--json'])
    expect(code).toBe(0)
    const { data } = publishedEnvelope('health').parse(document)
    expect(data.summary).toEqual({ total: 5, healthy_count: 4, unhealthy_count: 1 })
    expect(data.unhealthy[0]).toMatchObject({ name: 'mlx-community/Truncated-4bit', status: 'unhealthy' })
    expect(data.unhealthy[0]!.reason).toContain('model-00002-of-00002.safetensors')
  })

  it('--json=full has the findings, mlxk2 gives .summary', async () => {
    const { data } = (await json(['health', '--json=full'])).document as { data: unknown }
    expect(healthReport.strict().parse(data)).toEqual(data)
    const flat = (await json(['health'], { json: 'mlxk2' })).document as { summary: { total: number }; error: null }
    expect(flat.summary.total).toBe(5)
    expect(flat.error).toBeNull()
  })

  it('--exit-code exits 1 only when something is unhealthy', async () => {
    expect((await json(['health', '--exit-code', '--json'])).code).toBe(1)
    expect((await json(['health', 'golden', '--exit-code', '--json'])).code).toBe(0)
  })

  it('of an unknown name is an error', async () => {
    const { code, document } = await json(['health', 'nowhere', '--json'])
    expect(code).toBe(1)
    expect(publishedFailure.parse(document).error.type).toBe('model_not_found')
  })

  it('says it in lines for people', async () => {
    const { stdout } = await mlxk(['health'], { env: home.env })
    expect(stdout).toContain('Summary: total 5, healthy 4, unhealthy 1\n')
    expect(stdout).toMatch(/^healthy {3}org\/golden — /m)
    expect(stdout).toMatch(/^unhealthy mlx-community\/Truncated-4bit — /m)
  })
})

describe('a cache folder that is not as it should be', () => {
  it('is an empty list when it is missing, with what to do next', async () => {
    const env = { ...home.env, HF_HOME: join(home.root, 'nowhere') }
    const { code, document } = await json(['list', '--json'], { env })
    expect(code).toBe(0)
    expect(document).toMatchObject({ data: { models: [], count: 0 } })
    const people = await mlxk(['list'], { env })
    expect(people.stderr).toContain('does not exist yet')
    expect(people.stderr).toContain('mlxk demo')
    expect((await json(['health', '--json'], { env })).code).toBe(0)
  })

  it('is an empty list with a reason when it is a file', async () => {
    const file = join(home.root, 'a-file')
    writeFileSync(file, '')
    const env = { ...home.env, HF_HUB_CACHE: file }
    const full = (await json(['list', '--json=full'], { env })).document as { data: { roots: { state: string; reason: string }[] } }
    expect(full.data.roots[0]).toMatchObject({ state: 'unreadable', reason: expect.stringMatching(/.+/) })
    const people = await mlxk(['list'], { env })
    expect(people.code).toBe(0)
    expect(people.stderr).toContain(`${file}: The folder cannot be read: it is not a folder.`)
  })

  it('full of foreign files lists nothing of them', async () => {
    const hub = join(home.root, 'foreign')
    mkdirSync(hub)
    foreignFiles(hub)
    const { code, document } = await json(['list', '--json=full'], { env: { ...home.env, HF_HUB_CACHE: hub } })
    expect(code).toBe(0)
    expect(publishedEnvelope('list').shape.status.parse('success')).toBe('success')
    const { data } = document as { data: { models: { name: string; health: string }[] } }
    for (const model of data.models) expect(model.health).toBe('unhealthy')
  })
})
