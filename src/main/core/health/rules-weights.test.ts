import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { healthyFiles, healthyModel, safetensorsFile, shardedFiles, truncatedShard } from '../../../../e2e/fixtures/cache'
import { codes, INDEX, indexFile, SHARD_1, SHARD_2, useHealthCache, without } from '../../../../e2e/fixtures/health'

const { hub, check, checkFiles } = useHealthCache()

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
    const files = healthyFiles({ [INDEX]: indexFile({ a: SHARD_1 }) })
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
    ['an empty map', indexFile({}), 'index_invalid'],
    ['a path out of the model (E71)', indexFile({ a: '../../x.safetensors' }), 'index_escapes'],
    ['an absolute path', indexFile({ a: '/x.safetensors' }), 'index_escapes'],
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
    truncatedShard(hub())
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
    const { snapshot } = healthyModel(hub())
    appendFileSync(join(snapshot, 'model.safetensors'), 'more')
    expect(check()).toMatchObject([{ code: 'safetensors_trailing', severity: 'warning' }])
  })
})
