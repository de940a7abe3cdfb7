import { describe, expect, test } from 'vitest'
import type { SnapshotFacts } from '../health'
import { countParameters } from './quantization'

type Header = SnapshotFacts['weights'][string]

function facts(
  headers: Record<string, Partial<Extract<Header, { state: 'ok' }>['counts']> | null>,
  index?: unknown,
): SnapshotFacts {
  const weights = Object.fromEntries(
    Object.entries(headers).map(([path, counts]): [string, Header] => [
      path,
      counts === null
        ? { state: 'unreadable' }
        : {
            state: 'ok',
            format: 'mlx',
            dtype: null,
            expectedBytes: 0,
            counts: { plain: 0, packedWords: {}, foreignWords: 0, ...counts },
          },
    ]),
  )
  const json = {
    'model.safetensors.index.json': index === undefined ? { state: 'missing' } : { state: 'ok', value: { metadata: index } },
  }
  return { weights, json } as unknown as SnapshotFacts
}

const shard = 'model.safetensors'

describe('parameters', () => {
  test.each<[string, SnapshotFacts, Record<string, unknown>, number | null]>([
    ['plain weights of all shards', facts({ 'model-1.safetensors': { plain: 10 }, 'model-2.safetensors': { plain: 5 } }), {}, 15],
    [
      'four bits: eight weights in a word',
      facts({ [shard]: { plain: 3, packedWords: { 256: 100 } } }),
      { quantization: { bits: 4, group_size: 64 } },
      803,
    ],
    [
      'six bits in some layers',
      facts({ [shard]: { packedWords: { 256: 3, 384: 6 } } }),
      { quantization: { bits: 4, group_size: 64, 'model.layers.0.mlp': { bits: 6, group_size: 64 } } },
      24 + 32,
    ],
    [
      'another tool’s packing',
      facts({ [shard]: { foreignWords: 4 } }),
      { quantization_config: { bits: 4, quant_method: 'gptq' } },
      32,
    ],
    ['the number that mlx_lm wrote', facts({ [shard]: { plain: 1 } }, { total_parameters: 7_000 }), {}, 7000],
    ['a nonsense number', facts({ [shard]: { plain: 1 } }, { total_parameters: 'many' }), {}, 1],
    ['a shard without a header', facts({ 'model-1.safetensors': { plain: 10 }, 'model-2.safetensors': null }), {}, null],
    ['packed weights that no configuration explains', facts({ [shard]: { packedWords: { 256: 1 } } }), {}, null],
    ['adapters beside the model', facts({ [shard]: { plain: 1 }, 'adapters.safetensors': { plain: 50 } }), {}, 1],
    ['no weights', facts({}), {}, null],
  ])('%s', (_name, given, config, expected) => {
    expect(countParameters(given, config)).toBe(expected)
  })
})
