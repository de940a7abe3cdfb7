import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mlxk } from '../../drivers/cli'
import { finish } from '../../drivers/process'
import { healthyModel } from '../../fixtures/cache'
import { oddCaches } from '../../fixtures/odd-caches'
import { writeLock } from '../../fixtures/storage'
import { projectFile } from '../../setup/build'
import { findPeer } from '../../setup/needs'
import { createCacheHome, type CacheHome } from '../interop/support'
import { writePlainCache } from './caches'
import { compare, type Difference } from './compare'
import { losesEverything, meantDifferences, renderDifferences } from './differences'
import { validatePublished } from './published-schema'

const peer = findPeer()
let home: CacheHome

let base: string

/** By the words of the call: in what the two documents differ. */
const compared = new Map<string, Difference[]>()

beforeAll(async () => {
  home = createCacheHome()
  writePlainCache(home.hub)
  healthyModel(home.hub, 'org/locked')
  base = readFileSync(join(home.hub, 'models--org--base', 'refs', 'main'), 'utf8')
  if (peer === null) return
  for (const call of calls) compared.set(call, await compareCall(call, { ...home.env, TZ: 'UTC' }))
  for (const call of removals) compared.set(call, await compareRemoval(call))
  compared.set('Tokyo', await compareCall('list Tiny-Llama', { ...home.env, TZ: 'Asia/Tokyo' }))
})
afterAll(() => home.remove())

/** The document of the real mlx-knife. */
async function askPeer(args: readonly string[], env: Record<string, string>): Promise<unknown> {
  const child = spawn(peer ?? '', [...args, '--json'], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const { stdout, stderr } = await finish(child)
  if (!stdout.startsWith('{')) throw new Error(`mlx-knife printed no JSON: ${stdout}${stderr}`)
  return JSON.parse(stdout)
}

/** The document of the built CLI, which must hold the published schema. */
async function askOurs(args: readonly string[], env: Record<string, string>): Promise<unknown> {
  const document: unknown = JSON.parse((await mlxk([...args, '--json'], { env })).stdout)
  expect(validatePublished(document)).toEqual([])
  return document
}

const calls = [
  'list',
  'list LLAMA',
  'list no-such-thing',
  'health',
  'health org/torch',
  'health nowhere',
  '--version',
  'show nowhere',
  'show 4bit',
  'show Tiny-Llama',
  'show org/mixed-quantization',
  'show org/both-quantizations --config',
  'show org/base',
  'show org/unmarked',
  'show org/sub-folder --files',
  'show org/two-revisions --files',
  'show org/no-config --config',
  'show org/no-weights --files --config',
  'show org/torch',
  'show org/gguf --files',
]

async function compareCall(call: string, env: Record<string, string>): Promise<Difference[]> {
  const words = call.split(' ')
  const [theirs, ours] = await Promise.all([askPeer(words, env), askOurs(words, env)])
  return compare(theirs, ours)
}

/** Each on a copy of the cache, for both: what they print about what is gone. */
const removals = [
  'rm nowhere -f',
  'rm 4bit -f',
  'rm org/torch',
  'rm torch',
  'rm org/locked',
  'rm org/locked -f',
  'rm org/base@HASH',
  'rm org/no-weights@ffffffff -f',
]

async function compareRemoval(call: string): Promise<Difference[]> {
  const sides = ['theirs', 'ours'].map((side) => {
    const folder = join(home.root, 'removals', call.replaceAll(/\W/g, '-'), side)
    cpSync(home.hub, join(folder, 'hub'), { recursive: true, verbatimSymlinks: true })
    writeLock(join(folder, 'hub'), 'models--org--locked', 'one')
    return { ...home.env, HF_HOME: folder, TZ: 'UTC' }
  })
  const words = call.replace('HASH', base.slice(0, 8)).split(' ')
  const [theirs, ours] = await Promise.all([askPeer(words, sides[0] ?? {}), askOurs(words, sides[1] ?? {})])
  return compare(theirs, ours)
}

/** What no row of the table explains. */
const unexplained = (differences: readonly Difference[] | undefined): Difference[] | undefined =>
  differences?.filter((difference) => !meantDifferences.some(({ covers }) => covers(difference)))

describe.runIf(peer !== null)('--json beside the real mlx-knife', () => {
  it.each([...calls, ...removals])('%s: same keys and types, and the same values or a reason', (call) => {
    expect(unexplained(compared.get(call))).toEqual([])
  })

  it('differs in the time of day outside of UTC, where mlx-knife’s is wrong', () => {
    const differences = compared.get('Tokyo') ?? []
    expect(unexplained(differences)).toEqual([])
    const times = differences.filter(({ path }) => path.endsWith('.last_modified'))
    expect(times).toHaveLength(1)
    expect(Date.parse(String(times[0]?.theirs)) - Date.parse(String(times[0]?.ours))).toBe(9 * 60 * 60 * 1000)
  })

  it('differs for every reason in the table', () => {
    // Of several rows that would do, the first one counts.
    const used = new Set([...compared.values()].flat().map((each) => meantDifferences.find(({ covers }) => covers(each))?.id))
    expect(meantDifferences.map(({ id }) => id).filter((id) => !used.has(id))).toEqual([])
  })

  it.each(oddCaches)('lists both models beside $title, whatever mlx-knife makes of it', async ({ title, write }) => {
    const hub = join(home.root, 'odd', title.replaceAll(/\W/g, '-'), 'hub')
    mkdirSync(hub, { recursive: true })
    healthyModel(hub)
    write(hub, 'org/odd')
    const env = { ...home.env, HF_HOME: join(hub, '..'), TZ: 'UTC' }
    const [theirs, ours] = (await Promise.all([askPeer(['list'], env), askOurs(['list'], env)])) as {
      data: { models: { name: string }[] } | null
    }[]
    const names = ours?.data?.models.map(({ name }) => name) ?? []
    expect(theirs?.data === null).toBe(losesEverything.includes(title))
    expect(names).toEqual(['mlx-community/Tiny-Llama-4bit', 'org/odd'])
    for (const { name } of theirs?.data?.models ?? []) expect(names).toContain(name)
  })
})

describe('docs/json/differences.md', () => {
  it('is the table of this test', () => {
    expect(readFileSync(projectFile('docs', 'json', 'differences.md'), 'utf8')).toBe(renderDifferences())
  })
})
