import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Finding } from '../../../shared/contract'
import {
  danglingLink,
  healthyFiles,
  healthyModel,
  interruptedDownload,
  lfsPointer,
  lfsPointerModel,
  noRefs,
  safetensorsFile,
  shardedFiles,
  truncatedShard,
  writeModel,
} from '../../../../e2e/fixtures/cache'
import { scanRoots } from '../cache'
import { checkRepo, toHealthEntry, toStatus } from './check'
import { readSnapshotFacts } from './snapshot-facts'

type Files = Record<string, string | Buffer>
let hub: string

beforeEach(() => {
  hub = mkdtempSync(join(tmpdir(), 'mlxk-health-'))
  return () => rmSync(hub, { recursive: true, force: true })
})

/** Findings of the only repo in the cache, judged by its only snapshot. */
function check(): Finding[] {
  const [repo] = scanRoots([{ path: hub, kind: 'primary', rule: 'default' }]).roots[0]?.repos ?? []
  if (repo === undefined) throw new Error('no repo was found')
  const snapshot = repo.snapshots[0] ?? null
  return checkRepo(repo, snapshot, snapshot === null ? null : readSnapshotFacts(snapshot))
}

function checkFiles(files: Files): Finding[] {
  writeModel(hub, 'a/b', { files })
  return check()
}

function without(files: Files, ...paths: string[]): Files {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !paths.includes(path)))
}

const codes = (findings: Finding[]): string[] => findings.map(({ code, file }) => `${code} ${file}`)
const index = (map: unknown): string => JSON.stringify({ weight_map: map })
const SHARD_1 = 'model-00001-of-00002.safetensors'
const SHARD_2 = 'model-00002-of-00002.safetensors'
const INDEX = 'model.safetensors.index.json'

describe('healthy models', () => {
  test.each<[string, Files]>([
    ['one file', healthyFiles()],
    ['shards with an index', shardedFiles()],
    ['no tokenizer at all (E64)', without(healthyFiles(), 'tokenizer.json', 'tokenizer_config.json')],
    ['a sentencepiece tokenizer only (E64b)', { ...without(healthyFiles(), 'tokenizer.json'), 'tokenizer.model': 'spm' }],
    [
      'weights in a folder only (E63)',
      { ...without(healthyFiles(), 'model.safetensors'), 'sub/model.safetensors': safetensorsFile() },
    ],
    ['GGUF weights (E62, E66)', { ...without(healthyFiles(), 'model.safetensors'), 'model.gguf': 'GGUF' }],
    ['npz weights', { ...without(healthyFiles(), 'model.safetensors'), 'weights.npz': 'PK' }],
    ['a name with "partial" in it', healthyFiles({ 'partial_rotary.json': '{"a":1}' })],
    ['small text files (E59)', healthyFiles({ 'notes.txt': 'version 1 of the notes\n'.repeat(6) })],
    [
      'vision with its processor (E65)',
      healthyFiles({ 'config.json': '{"vision_config":{"a":1}}', 'processor_config.json': '{"a":1}' }),
    ],
    ['vision with an embedded processor', healthyFiles({ 'config.json': '{"vision_config":{"a":1},"processor_config":{"a":1}}' })],
    [
      'a PyTorch index (E56)',
      {
        ...without(healthyFiles(), 'model.safetensors'),
        'pytorch_model-1.bin': 'x',
        'pytorch_model.bin.index.json': index({ a: 'pytorch_model-1.bin' }),
      },
    ],
    ['an index without weights of its kind', healthyFiles({ 'pytorch_model.bin.index.json': '{' })],
    ['Infinity in config.json', healthyFiles({ 'config.json': '{"time_step_limit":[0.0,Infinity]}' })],
  ])('%s', (_name, files) => {
    expect(checkFiles(files)).toEqual([])
  })
})

describe('config.json', () => {
  test.each<[string, string, string]>([
    ['cut off', '{"a":', 'config_invalid'],
    ['empty', '', 'config_invalid'],
    ['{}', '{}', 'config_not_object'],
    ['a list', '[1]', 'config_not_object'],
    ['an HTML page', '<!DOCTYPE html><p>Not found</p>', 'html_page'],
  ])('%s is unhealthy (E47)', (_name, content, code) => {
    const [finding] = checkFiles(healthyFiles({ 'config.json': content }))
    expect(finding).toMatchObject({ code, file: 'config.json', severity: 'error', repairable: true })
  })

  test('missing is unhealthy, with one finding', () => {
    expect(codes(checkFiles(without(healthyFiles(), 'config.json')))).toEqual(['config_missing config.json'])
  })
})

describe('weights', () => {
  test('none (E48)', () => {
    expect(codes(checkFiles(without(healthyFiles(), 'model.safetensors')))).toEqual(['weights_missing null'])
  })

  test('a shard of the index is missing: it is named (E49)', () => {
    const [finding] = checkFiles(without(shardedFiles(), SHARD_2))
    expect(finding).toMatchObject({ code: 'shard_missing', file: SHARD_2, message: `1 of 2 weight files is missing: ${SHARD_2}.` })
  })

  test('an index with no weights at all (E50)', () => {
    expect(codes(checkFiles(without(shardedFiles(), SHARD_1, SHARD_2)))).toEqual(['weights_missing null'])
  })

  test('an index of other names is a mismatch, not a missing shard (E51)', () => {
    const files = healthyFiles({ [INDEX]: index({ a: SHARD_1 }) })
    expect(checkFiles(files)[0]).toMatchObject({
      code: 'index_mismatch',
      file: INDEX,
      repairable: true,
      message: expect.stringContaining('model.safetensors'),
    })
  })

  test.each<[string, string, string]>([
    ['not JSON', '{', 'index_invalid'],
    ['no map', '{"metadata":{}}', 'index_invalid'],
    ['an empty map', index({}), 'index_invalid'],
    ['a path out of the model (E71)', index({ a: '../../x.safetensors' }), 'index_escapes'],
    ['an absolute path', index({ a: '/x.safetensors' }), 'index_escapes'],
    ['an HTML page', '<html></html>', 'html_page'],
  ])('an index with %s is unhealthy (E53)', (_name, content, code) => {
    expect(codes(checkFiles(healthyFiles({ [INDEX]: content })))).toEqual([`${code} ${INDEX}`])
  })

  test('shards without an index: some missing (E54)', () => {
    const files = { ...without(healthyFiles(), 'model.safetensors'), 'model-00002-of-00003.safetensors': safetensorsFile() }
    const findings = checkFiles(files)
    expect(codes(findings)).toEqual([
      'shard_missing model-00001-of-00003.safetensors',
      'shard_missing model-00003-of-00003.safetensors',
    ])
    expect(findings[0]?.message).toContain('2 of 3 weight files are missing')
  })

  test('shards without an index: all there (E54)', () => {
    expect(codes(checkFiles(without(shardedFiles(), INDEX)))).toEqual([`index_missing ${INDEX}`])
  })

  test('a shard name with an absurd total stays bounded', () => {
    const findings = checkFiles({
      ...without(healthyFiles(), 'model.safetensors'),
      'model-00001-of-99999.safetensors': safetensorsFile(),
    })
    expect(findings[0]?.message).toMatch(/^99998 of 99999 .{20,200}$/)
    expect(findings.length).toBeLessThan(100)
  })

  test('shards of two sets (E55)', () => {
    const files = { ...shardedFiles(), 'model-00003-of-00003.safetensors': safetensorsFile() }
    expect(codes(checkFiles(without(files, INDEX)))).toEqual(['shard_totals null'])
  })

  test('an empty shard (E52)', () => {
    expect(codes(checkFiles({ ...shardedFiles(), [SHARD_2]: '' }))).toEqual([`weights_empty ${SHARD_2}`])
  })

  test('a truncated shard: both sizes are said exactly (E60)', () => {
    truncatedShard(hub)
    const whole = safetensorsFile(24).length
    expect(check()).toEqual([
      {
        code: 'safetensors_truncated',
        file: SHARD_2,
        message: `${SHARD_2} is truncated: ${whole - 40} bytes instead of ${whole} bytes.`,
        severity: 'error',
        repairable: true,
      },
    ])
  })

  test('cut inside its header', () => {
    expect(codes(checkFiles(healthyFiles({ 'model.safetensors': safetensorsFile().subarray(0, 60) })))).toEqual([
      'safetensors_header model.safetensors',
    ])
  })

  test.each<[string, Buffer | string, string]>([
    ['text', 'x'.repeat(300), 'safetensors_header'],
    ['a header length of 2^64-1', Buffer.concat([Buffer.alloc(8, 255), Buffer.alloc(100)]), 'safetensors_header'],
    ['fewer than 8 bytes', 'abc', 'safetensors_header'],
    [
      'a header that is no JSON',
      Buffer.concat([Buffer.from([8, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('not json')]),
      'safetensors_header',
    ],
    ['an HTML page', '<!doctype html><title>404</title>', 'html_page'],
  ])('%s under the name of weights', (_name, content, code) => {
    expect(codes(checkFiles(healthyFiles({ 'model.safetensors': content })))).toEqual([`${code} model.safetensors`])
  })

  test('trailing bytes are a warning: mlx loads it, other tools do not', () => {
    const { snapshot } = healthyModel(hub)
    appendFileSync(join(snapshot, 'model.safetensors'), 'more')
    expect(check()).toMatchObject([{ code: 'safetensors_trailing', severity: 'warning' }])
  })
})

describe('files', () => {
  test('an LFS pointer instead of weights (E52)', () => {
    lfsPointerModel(hub)
    expect(codes(check())).toEqual(['lfs_pointer model.safetensors'])
  })

  test('LFS pointers anywhere, also where JSON should be, also with an index (E59)', () => {
    const files = { ...shardedFiles(), 'config.json': lfsPointer, 'sub/x.bin': lfsPointer, 'tokenizer.json': lfsPointer }
    expect(codes(checkFiles(files)).sort()).toEqual([
      'lfs_pointer config.json',
      'lfs_pointer sub/x.bin',
      'lfs_pointer tokenizer.json',
    ])
  })

  test('a link to nothing is a missing file (E61)', () => {
    danglingLink(hub)
    expect(codes(check())).toEqual([`link_dangling ${SHARD_2}`])
  })

  test('a README that is missing keeps no model from loading', () => {
    const { snapshot } = writeModel(hub, 'a/b', { files: without(healthyFiles(), 'README.md') })
    symlinkSync('../../blobs/gone', join(snapshot, 'README.md'))
    const findings = check()
    expect(codes(findings)).toEqual(['link_dangling README.md'])
    expect(toStatus(findings)).toBe('healthy')
  })

  test('a link out of the repo is reported (E45)', () => {
    const { snapshot } = writeModel(hub, 'a/b', { files: without(healthyFiles(), 'config.json') })
    writeFileSync(join(hub, 'outside.json'), '{"a":1}')
    symlinkSync(join(hub, 'outside.json'), join(snapshot, 'config.json'))
    expect(codes(check())).toEqual(['link_outside config.json'])
  })

  test.each(['model.safetensors.partial', 'x.tmp', 'shard.partial'])(
    '%s is left from a download, also with an index (E57)',
    (path) => {
      expect(codes(checkFiles({ ...shardedFiles(), [path]: 'x' }))).toEqual([`partial_marker ${path}`])
    },
  )
})

describe('tokenizer and processor', () => {
  test('tokenizer_config.json without a tokenizer (E64)', () => {
    expect(codes(checkFiles(without(healthyFiles(), 'tokenizer.json')))).toEqual(['tokenizer_missing tokenizer.json'])
  })

  test('a broken tokenizer_config.json', () => {
    expect(codes(checkFiles(healthyFiles({ 'tokenizer_config.json': '{' })))).toEqual(['json_invalid tokenizer_config.json'])
  })

  test('a tokenizer that ends in the middle, or is a page', () => {
    expect(codes(checkFiles(healthyFiles({ 'tokenizer.json': '{"model":{"vocab":{"a":' })))).toEqual([
      'tokenizer_truncated tokenizer.json',
    ])
    writeModel(hub, 'a/b', { files: healthyFiles({ 'tokenizer.json': '<html></html>' }), commit: '0'.repeat(40) })
    expect(codes(check())).toContain('html_page tokenizer.json')
  })

  test('a vision model without a processor, or with a broken one (E65)', () => {
    const config = '{"vision_config":{"hidden_size":4}}'
    expect(codes(checkFiles(healthyFiles({ 'config.json': config })))).toEqual(['processor_missing preprocessor_config.json'])
    writeModel(hub, 'a/b', {
      files: healthyFiles({ 'config.json': config, 'preprocessor_config.json': '{' }),
      commit: '0'.repeat(40),
    })
    expect(codes(check())).toContain('json_invalid preprocessor_config.json')
  })
})

describe('the repo around the snapshot', () => {
  test('no refs/main is healthy with a reason', () => {
    noRefs(hub)
    expect(toHealthEntry('n', check())).toMatchObject({
      status: 'healthy',
      reason: expect.stringContaining('refs/main'),
      findings: [{ code: 'ref_missing' }],
    })
  })

  test('refs/main to a revision that is not there is healthy with a reason', () => {
    writeFileSync(join(healthyModel(hub).repo, 'refs', 'main'), 'f'.repeat(40))
    expect(codes(check())).toEqual(['ref_stale refs/main'])
    expect(toStatus(check())).toBe('healthy')
  })

  test('a partial beside a whole model is healthy with a reason', () => {
    writeFileSync(join(healthyModel(hub).repo, 'blobs', 'x.incomplete'), 'x')
    expect(check()).toMatchObject([{ code: 'partial_left', severity: 'warning' }])
  })

  test('a partial beside a missing file is an incomplete download that names the file (E58)', () => {
    interruptedDownload(hub)
    expect(check()[0]).toMatchObject({ code: 'download_incomplete', severity: 'error', message: expect.stringContaining(SHARD_2) })
  })

  test('no snapshots, empty snapshots, only partials, unreadable: each has its reason (E32, E33)', () => {
    const reasons = [
      () => {},
      () => mkdirSync(join(hub, 'models--a--b', 'snapshots')),
      () => {
        mkdirSync(join(hub, 'models--a--b', 'blobs'))
        writeFileSync(join(hub, 'models--a--b', 'blobs', 'x.incomplete'), '')
      },
      () => {
        rmSync(join(hub, 'models--a--b', 'blobs'), { recursive: true })
        writeFileSync(join(hub, 'models--a--b', 'blobs'), '')
      },
    ]
    mkdirSync(join(hub, 'models--a--b'))
    const found = reasons.map((prepare) => {
      prepare()
      return codes(check())
    })
    expect(found).toEqual([
      ['snapshots_missing null'],
      ['snapshots_empty null'],
      ['download_incomplete null'],
      ['repo_unreadable null'],
    ])
  })

  test('every error comes before every warning, and a healthy model says so', () => {
    const { snapshot } = noRefs(hub)
    truncateSync(join(snapshot, 'model.safetensors'), 20)
    expect(check().map(({ severity }) => severity)).toEqual(['error', 'warning'])
    expect(toHealthEntry('n', [])).toEqual({ name: 'n', status: 'healthy', reason: 'Nothing is wrong with it.', findings: [] })
  })
})
