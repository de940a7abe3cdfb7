import { describe, expect, test, vi } from 'vitest'
import type { ModelDetail, ModelSummary } from '../../../shared/contract'
import { createFits } from '.'

const GIB = 2 ** 30

const aModel = (name: string, gib: number): ModelSummary =>
  ({
    name,
    hash: 'a'.repeat(40),
    root: { path: '/hub', kind: 'primary' },
    size_bytes: gib * GIB,
    context: { tokens: 131_072, source: 'config' },
    memory: { weights_bytes: gib * GIB, kv_bytes_per_1k_tokens: 128 * 1024 * 1024, kv_fixed_bytes: 0 },
  }) as ModelSummary

function setUp(models: ModelSummary[]) {
  const readConfig = vi.fn<(path: string) => Promise<Record<string, unknown>>>(() => Promise.resolve({ hidden_size: 4096 }))
  const fits = createFits({
    catalog: {
      list: () => Promise.resolve({ models, count: models.length, roots: [] }),
      show: () => Promise.resolve({ model: models[0], config: { hidden_size: 4096 } } as unknown as ModelDetail),
    },
    limitBytes: () => Promise.resolve(36 * GIB),
    readConfig,
  })
  return { fits, readConfig }
}

describe('what fits into this machine', () => {
  test('is said of each model, with what it takes and the longest conversation', async () => {
    const { fits } = setUp([aModel('org/small', 4), aModel('org/large', 30), aModel('org/huge', 40)])
    const { models, limit_bytes: limit } = await fits.list()
    expect(limit).toBe(36 * GIB)
    expect(models.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['org/small', 'fits'],
      ['org/large', 'tight'],
      ['org/huge', 'too_large'],
    ])
    expect(models[0]?.context_tokens).toBe(131_072)
    expect(models[2]?.context_tokens).toBe(0)
  })

  test('is not said of what has no weights, and reads each revision only once', async () => {
    const { fits, readConfig } = setUp([aModel('org/a', 4), { ...aModel('org/b', 0) }])
    await fits.list()
    expect((await fits.list()).models.map(({ name }) => name)).toEqual(['org/a'])
    expect(readConfig).toHaveBeenCalledExactlyOnceWith(`/hub/models--org--a/snapshots/${'a'.repeat(40)}`)
  })

  test('one model: the parts of the sum', async () => {
    const { fits } = setUp([aModel('org/a', 4)])
    expect(await fits.estimate('a')).toMatchObject({ name: 'org/a', limit_bytes: 36 * GIB, weights_bytes: 4 * GIB, exact: true })
  })
})
