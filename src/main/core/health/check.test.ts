import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
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
  writeModel,
} from '../../../../e2e/fixtures/cache'
import { codes, indexFile, SHARD_2, useHealthCache, without, type Files } from '../../../../e2e/fixtures/health'
import { toHealthEntry, toStatus } from './check'

const { hub, check, checkFiles } = useHealthCache()

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
        'pytorch_model.bin.index.json': indexFile({ a: 'pytorch_model-1.bin' }),
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

describe('files', () => {
  test('an LFS pointer instead of weights (E52)', () => {
    lfsPointerModel(hub())
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
    danglingLink(hub())
    expect(codes(check())).toEqual([`link_dangling ${SHARD_2}`])
  })

  test('a README that is missing keeps no model from loading', () => {
    const { snapshot } = writeModel(hub(), 'a/b', { files: without(healthyFiles(), 'README.md') })
    symlinkSync('../../blobs/gone', join(snapshot, 'README.md'))
    const findings = check()
    expect(codes(findings)).toEqual(['link_dangling README.md'])
    expect(toStatus(findings)).toBe('healthy')
  })

  test('a link out of the repo is reported (E45)', () => {
    const { snapshot } = writeModel(hub(), 'a/b', { files: without(healthyFiles(), 'config.json') })
    writeFileSync(join(hub(), 'outside.json'), '{"a":1}')
    symlinkSync(join(hub(), 'outside.json'), join(snapshot, 'config.json'))
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
    writeModel(hub(), 'a/b', { files: healthyFiles({ 'tokenizer.json': '<html></html>' }), commit: '0'.repeat(40) })
    expect(codes(check())).toContain('html_page tokenizer.json')
  })

  test('a vision model without a processor, or with a broken one (E65)', () => {
    const config = '{"vision_config":{"hidden_size":4}}'
    expect(codes(checkFiles(healthyFiles({ 'config.json': config })))).toEqual(['processor_missing preprocessor_config.json'])
    writeModel(hub(), 'a/b', {
      files: healthyFiles({ 'config.json': config, 'preprocessor_config.json': '{' }),
      commit: '0'.repeat(40),
    })
    expect(codes(check())).toContain('json_invalid preprocessor_config.json')
  })
})

describe('the repo around the snapshot', () => {
  test('no refs/main is healthy with a reason', () => {
    noRefs(hub())
    expect(toHealthEntry('n', check())).toMatchObject({
      status: 'healthy',
      reason: expect.stringContaining('refs/main'),
      findings: [{ code: 'ref_missing' }],
    })
  })

  test('refs/main to a revision that is not there is healthy with a reason', () => {
    writeFileSync(join(healthyModel(hub()).repo, 'refs', 'main'), 'f'.repeat(40))
    expect(codes(check())).toEqual(['ref_stale refs/main'])
    expect(toStatus(check())).toBe('healthy')
  })

  test('a partial beside a whole model is healthy with a reason', () => {
    writeFileSync(join(healthyModel(hub()).repo, 'blobs', 'x.incomplete'), 'x')
    expect(check()).toMatchObject([{ code: 'partial_left', severity: 'warning' }])
  })

  test('a partial beside a missing file is an incomplete download that names the file (E58)', () => {
    interruptedDownload(hub())
    expect(check()[0]).toMatchObject({ code: 'download_incomplete', severity: 'error', message: expect.stringContaining(SHARD_2) })
  })

  test('no snapshots, empty snapshots, only partials, unreadable: each has its reason (E32, E33)', () => {
    const reasons = [
      () => {},
      () => mkdirSync(join(hub(), 'models--a--b', 'snapshots')),
      () => {
        mkdirSync(join(hub(), 'models--a--b', 'blobs'))
        writeFileSync(join(hub(), 'models--a--b', 'blobs', 'x.incomplete'), '')
      },
      () => {
        rmSync(join(hub(), 'models--a--b', 'blobs'), { recursive: true })
        writeFileSync(join(hub(), 'models--a--b', 'blobs'), '')
      },
    ]
    mkdirSync(join(hub(), 'models--a--b'))
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
    const { snapshot } = noRefs(hub())
    truncateSync(join(snapshot, 'model.safetensors'), 20)
    expect(check().map(({ severity }) => severity)).toEqual(['error', 'warning'])
    expect(toHealthEntry('n', [])).toEqual({ name: 'n', status: 'healthy', reason: 'Nothing is wrong with it.', findings: [] })
  })
})
