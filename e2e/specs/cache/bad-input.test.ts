import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { healthReport, type HealthEntry } from '../../../src/shared/contract'
import { mlxk } from '../../drivers/cli'
import { healthyFiles, healthyModel, repoPath, safetensorsFile, writeModel, type FixtureRepo } from '../../fixtures/cache'
import { projectFile } from '../../setup/build'
import { createHome, type TestHome } from '../cli/home'

/**
 * What a disk can hold that no program expects: each is a finding of that model, with a sentence, and all others are listed. Everything
 * lies in one cache. Errors that a machine cannot be made to give are given to the built program at the edge of its file system.
 */

const MiB = 1_048_576
const weights = 'model.safetensors'

function claiming(length: bigint): Buffer {
  const bytes = safetensorsFile()
  bytes.writeBigUInt64LE(length)
  return bytes
}
const replaced = (path: string, make: (place: string, repo: FixtureRepo) => void) => (hub: string, name: string) => {
  const repo = writeModel(hub, name)
  unlinkSync(join(repo.snapshot, path))
  make(join(repo.snapshot, path), repo)
}
const withFile = (path: string, content: string | Buffer) => (hub: string, name: string) =>
  void writeModel(hub, name, { files: healthyFiles({ [path]: content }) })

interface Bad {
  what: string
  write: (hub: string, name: string) => void
  /** `code file` of the first finding; null: nothing is wrong with it. */
  finding: string | null
  says: RegExp
}

const bad: Bad[] = [
  {
    what: 'weights that are a link to themselves',
    write: replaced(weights, (place) => symlinkSync(weights, place)),
    finding: `link_dangling ${weights}`,
    says: /circle|nothing|loop/,
  },
  {
    what: 'two links in a circle',
    write: replaced(weights, (place) => (symlinkSync('b.bin', place), symlinkSync(weights, join(place, '..', 'b.bin')))),
    finding: 'link_dangling b.bin',
    says: /circle|nothing|loop/,
  },
  {
    what: 'a config that lies outside of the cache',
    write: replaced('config.json', (place) => symlinkSync('/etc/hostname', place)),
    finding: 'link_outside config.json',
    says: /out/,
  },
  {
    what: 'weights of another model',
    write: replaced(weights, (place) => symlinkSync('../../../models--org--good/refs/main', place)),
    finding: `link_outside ${weights}`,
    says: /out/,
  },
  {
    what: 'a config that is an endless device',
    write: replaced('config.json', (place) => symlinkSync('/dev/zero', place)),
    finding: 'link_outside config.json',
    says: /out/,
  },
  {
    what: 'weights that wait for input',
    write: replaced(weights, (place) => symlinkSync('/dev/stdin', place)),
    finding: `link_outside ${weights}`,
    says: /out/,
  },
  { what: 'a file name of 255 bytes', write: withFile(`${'x'.repeat(250)}.json`, '{}'), finding: null, says: /Nothing/ },
  {
    what: 'file names that differ only in case or form',
    write: (hub, name) =>
      void writeModel(hub, name, {
        files: healthyFiles({ 'Notes.txt': '1', 'notes.txt': '2', 'caf\u00e9.txt': '3', 'cafe\u0301.txt': '4' }),
      }),
    finding: null,
    says: /Nothing/,
  },
  {
    what: 'a config.json of 100 MB',
    write: withFile(
      'config.json',
      Buffer.concat([Buffer.from('{"model_type":"llama"'), Buffer.alloc(100 * MiB, ' '), Buffer.from('}')]),
    ),
    finding: 'config_invalid config.json',
    says: /large|MB|bytes/,
  },
  {
    what: 'a config.json with holes, of a terabyte',
    write: (hub, name) => {
      const { snapshot } = writeModel(hub, name, { regular: true })
      truncateSync(join(snapshot, 'config.json'), 2 ** 40)
    },
    finding: 'config_invalid config.json',
    says: /large|TB|bytes/,
  },
  {
    what: 'JSON a million levels deep',
    write: withFile('config.json', `{"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`),
    finding: 'config_invalid config.json',
    says: /nested|large/,
  },
  {
    what: 'NUL bytes in the config',
    write: withFile('config.json', '{"model_type":"\0"}\0\0'),
    finding: 'config_invalid config.json',
    says: /JSON/,
  },
  {
    what: 'a NUL in a name that the config gives',
    write: withFile('config.json', '{"model_type":"a\\u0000b","quantization":{"bits":4}}'),
    finding: null,
    says: /Nothing/,
  },
  {
    what: 'a header that claims 2^63 bytes',
    write: withFile(weights, claiming(2n ** 63n)),
    finding: `safetensors_header ${weights}`,
    says: /header/,
  },
  {
    what: 'a header that claims 2^64-1 bytes',
    write: withFile(weights, claiming(2n ** 64n - 1n)),
    finding: `safetensors_header ${weights}`,
    says: /header/,
  },
  {
    what: 'a header longer than its file',
    write: withFile(weights, claiming(5000n)),
    finding: `safetensors_header ${weights}`,
    says: /header/,
  },
  {
    what: 'an index of 50 MB',
    write: withFile('model.safetensors.index.json', Buffer.alloc(50 * MiB, '[')),
    finding: 'index_invalid model.safetensors.index.json',
    says: /./,
  },
  {
    what: 'a ref of 10 MB',
    write: (hub, name) => writeFileSync(join(writeModel(hub, name).repo, 'refs', 'main'), Buffer.alloc(10 * MiB, 'a')),
    finding: 'ref_stale refs/main',
    says: /refs\/main/,
  },
  {
    what: 'blobs that are a link to themselves',
    write: (hub, name) => {
      const { repo } = writeModel(hub, name)
      rmSync(join(repo, 'blobs'), { recursive: true })
      symlinkSync('blobs', join(repo, 'blobs'))
    },
    finding: 'repo_unreadable null',
    says: /circle/,
  },
  {
    what: 'a model folder that is a link to itself',
    write: (hub, name) => symlinkSync(`models--${name.replace('/', '--')}`, repoPath(hub, name)),
    finding: 'repo_unreadable null',
    says: /circle|nothing/,
  },
]

let home: TestHome
let found: Map<string, HealthEntry>
const nameOf = (index: number): string => `bad/m${String(index).padStart(2, '0')}`

async function health(
  faults: object = {},
  env: Record<string, string> = {},
): Promise<{ entries: Map<string, HealthEntry>; code: number | null }> {
  const options = `${process.env['NODE_OPTIONS'] ?? ''} --require ${JSON.stringify(projectFile('e2e/setup/fs-faults.cjs'))}`
  const { stdout, stderr, code } = await mlxk(['health', '--json=full'], {
    env: { ...home.env, NODE_OPTIONS: options, MLXK_TEST_FAULTS: JSON.stringify(faults), ...env },
  })
  expect(stderr).toBe('')
  const report = healthReport.parse((JSON.parse(stdout) as { data: unknown }).data)
  return { code, entries: new Map([...report.healthy, ...report.unhealthy].map((entry) => [entry.name, entry])) }
}

beforeAll(async () => {
  home = createHome()
  healthyModel(home.hub, 'org/good')
  const alone = join(home.root, 'alone')
  await health({ rss: alone })
  for (const [index, { write }] of bad.entries()) write(home.hub, nameOf(index))
  const all = join(home.root, 'all')
  found = (await health({ rss: all })).entries
  memory = { alone: Number(readFileSync(alone, 'utf8')), all: Number(readFileSync(all, 'utf8')) }
})
afterAll(() => home.remove())
let memory: { alone: number; all: number }

describe('on the disk', () => {
  test.each(bad.map((each, index) => ({ ...each, index })))('$what', ({ index, finding, says }) => {
    const entry = found.get(nameOf(index))
    const [first] = entry?.findings ?? []
    expect(first === undefined ? null : `${first.code} ${first.file}`).toBe(finding)
    expect(entry?.status).toBe(first?.severity === 'error' ? 'unhealthy' : 'healthy')
    expect(entry?.reason).toMatch(says)
    expect(entry?.reason.length).toBeLessThan(400)
  })

  test('the good one among them is listed, and all of them', () => {
    expect(found.get('org/good')?.status).toBe('healthy')
    expect(found.size).toBe(bad.length + 1)
  })

  test('takes little memory: not that of the files', () => {
    expect(memory.all - memory.alone).toBeLessThan(64 * 1024)
  })
})

describe('errors of the disk', () => {
  let fresh = 0
  /** No verdict is remembered. */
  const anew = (): Record<string, string> => ({ MLXK_HOME: join(home.root, `anew-${fresh++}`) })
  const victim = 'models--bad--m06'
  test.each([
    ['EIO', ['readFile', 'open', 'read'], 'config.json', /config\.json.*(read|disk|input)/i],
    ['EIO', ['readdir', 'opendir'], 'snapshots', /read/],
    ['EACCES', ['readdir', 'opendir'], 'snapshots', /may not|read/],
    ['EACCES', ['open', 'readFile'], 'config.json', /config\.json/],
    ['ENOENT', ['readdir', 'opendir'], 'snapshots', /./],
    ['EMFILE', ['open', 'readFile'], 'config.json', /config\.json/],
  ])('%s of %j at %s is that model’s finding', async (code, ops, at, says) => {
    const { entries } = await health({ fail: [{ path: at === 'snapshots' ? `${victim}/snapshots` : victim, code, ops }] }, anew())
    expect(entries.get('bad/m06')).toMatchObject({ status: 'unhealthy', reason: expect.stringMatching(says) })
    expect(entries.get('org/good')?.status).toBe('healthy')
    expect(entries.size).toBe(bad.length + 1)
  })

  test('ENOSPC, EROFS or EIO where the index is written costs nothing but time', async () => {
    for (const code of ['ENOSPC', 'EROFS', 'EIO']) {
      const data = join(home.root, `data-${code}`)
      const { entries } = await health(
        { fail: [{ path: data, code, ops: ['open', 'writeFile', 'mkdir', 'rename', 'write'] }] },
        { MLXK_HOME: data },
      )
      expect(entries.get('org/good')?.status).toBe('healthy')
      expect(entries.size).toBe(bad.length + 1)
    }
  })

  test('EIO of the whole cache is a state of that folder, said in every form', async () => {
    const options = `${process.env['NODE_OPTIONS'] ?? ''} --require ${JSON.stringify(projectFile('e2e/setup/fs-faults.cjs'))}`
    const env = {
      ...home.env,
      NODE_OPTIONS: options,
      MLXK_TEST_FAULTS: JSON.stringify({ fail: [{ path: home.hub, code: 'EIO', ops: ['readdir', 'opendir'] }] }),
    }
    const full = await mlxk(['list', '--json=full'], { env })
    expect(JSON.parse(full.stdout)).toMatchObject({
      status: 'success',
      data: { models: [], roots: [{ path: home.hub, state: 'unreadable', reason: expect.stringMatching(/./) }] },
    })
    expect((await mlxk(['list'], { env })).stderr).toContain(home.hub)
    expect(JSON.parse((await mlxk(['show', 'good', '--json'], { env })).stdout)).toMatchObject({
      error: { type: 'cache_unreadable' },
    })
  })
})

describe('as a user who may not read everything', () => {
  // Root reads everything: where the tests run as root, the program is started as nobody.
  const through = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []

  test('a closed folder, a closed file and a closed cache each have their reason', async () => {
    const own = createHome()
    try {
      healthyModel(own.hub, 'org/good')
      const locked = writeModel(own.hub, 'org/locked')
      const closed = writeModel(own.hub, 'org/closed', { regular: true })
      mkdirSync(own.data)
      chmodSync(own.root, 0o755)
      chmodSync(own.data, 0o777)
      chmodSync(locked.repo, 0)
      chmodSync(join(closed.snapshot, 'config.json'), 0)
      const ask = async (...args: string[]) => mlxk(args, { env: own.env, through })
      const { data } = JSON.parse((await ask('list', '--json')).stdout) as {
        data: { models: { name: string; health: string; reason: string }[] }
      }
      expect(data.models).toMatchObject([
        { name: 'org/closed', health: 'unhealthy', reason: expect.stringMatching(/^config\.json cannot be read/) },
        { name: 'org/good', health: 'healthy' },
        { name: 'org/locked', health: 'unhealthy', reason: expect.stringContaining('may not') },
      ])
      chmodSync(own.hub, 0)
      expect(JSON.parse((await ask('list', '--json=full')).stdout)).toMatchObject({
        data: { models: [], roots: [{ state: 'unreadable', reason: expect.stringContaining('may not') }] },
      })
      chmodSync(locked.repo, 0o755)
    } finally {
      chmodSync(own.hub, 0o755)
      own.remove()
    }
  })
})
