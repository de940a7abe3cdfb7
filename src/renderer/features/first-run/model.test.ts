import { describe, expect, it } from 'vitest'
import type { HubModel } from '../../../shared/contract'
import { aModel } from '../../testing/fixtures'
import { freshProgress, isFirstRun, readProgress, recommend } from './model'

const GB = 1e9
function hubModel(
  name: string,
  gigabytes: number,
  more: Partial<HubModel> = {},
  verdict: HubModel['fit']['verdict'] = 'runs',
): HubModel {
  return {
    name,
    hash: null,
    downloads: 1,
    likes: 1,
    last_modified: null,
    gated: null,
    private: false,
    task: null,
    license: null,
    base_models: [],
    size_bytes: gigabytes * GB,
    framework: 'MLX',
    model_type: 'chat',
    architecture: null,
    quantization: null,
    parameters: null,
    context: null,
    cached: false,
    fit: { verdict, reason: null, context_tokens: 8192, needed_bytes: gigabytes * 1.2 * GB, limit_bytes: 32 * GB },
    ...more,
  }
}

describe('the recommendation', () => {
  it('is the largest that leaves the machine room', () => {
    expect(recommend([hubModel('s', 2), hubModel('l', 14), hubModel('xl', 24)])?.name).toBe('l')
  })
  it('never asks for access or a secret', () => {
    expect(recommend([hubModel('g', 8, { gated: 'manual' }), hubModel('p', 9, { private: true }), hubModel('o', 1)])?.name).toBe(
      'o',
    )
  })
  it('is the smallest that runs at all where nothing is comfortable, and nothing where nothing runs', () => {
    expect(recommend([hubModel('b', 25), hubModel('a', 22, {}, 'runs_short')])?.name).toBe('a')
    expect(recommend([hubModel('x', 90, {}, 'too_large'), hubModel('u', 1, { size_bytes: null })])).toBeNull()
  })
})

describe('the first steps', () => {
  const given = { progress: freshProgress, models: [aModel('a/b')], engine: 'missing' as const, demo: false }
  it('are shown until there is something to run and something that runs it', () => {
    expect(isFirstRun(given)).toBe(true)
    expect(isFirstRun({ ...given, engine: 'ready' })).toBe(false)
    expect(isFirstRun({ ...given, engine: 'ready', models: [] })).toBe(true)
    expect(isFirstRun({ ...given, demo: true })).toBe(false)
  })
  it('stay once they were begun, and go when they are left', () => {
    const progress = readProgress(JSON.stringify({ ...freshProgress, begun: true }))
    expect(isFirstRun({ ...given, engine: 'ready', progress })).toBe(true)
    expect(isFirstRun({ ...given, models: [], progress: { ...progress, left: true } })).toBe(false)
  })
  it('begin anew when what was kept makes no sense', () => {
    for (const text of ['', 'null', '{', '[]', '{"skipped":7,"wanted":{}}']) expect(readProgress(text)).toEqual(freshProgress)
  })
})
