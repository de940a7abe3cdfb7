import { describe, expect, test } from 'vitest'
import { readContextLength } from './context'

const yarn = (factor: number, original?: number) => ({
  rope_type: 'yarn',
  factor,
  ...(original === undefined ? {} : { original_max_position_embeddings: original }),
})

describe('readContextLength', () => {
  test.each<[string, Record<string, unknown>, number]>([
    ['the usual key', { max_position_embeddings: 40960 }, 40960],
    ['GPT-2', { n_positions: 1024 }, 1024],
    ['the first key of several', { model_max_length: 5, max_position_embeddings: 7 }, 7],
    ['digits in a string', { max_position_embeddings: '2048' }, 2048],
    [
      'nested in text_config, over the top level',
      { max_position_embeddings: 1, text_config: { max_position_embeddings: 8192 } },
      8192,
    ],
    ['nested in thinker_config', { thinker_config: { text_config: { max_position_embeddings: 9 } } }, 9],
    ['top level when the nested has none', { max_position_embeddings: 77, text_config: { hidden_size: 1 } }, 77],
    ['yarn without an original', { max_position_embeddings: 32768, rope_scaling: yarn(4) }, 131072],
    ['yarn with the original equal', { max_position_embeddings: 32768, rope_scaling: yarn(4, 32768) }, 131072],
    [
      'yarn with the original smaller: the number has it in',
      { max_position_embeddings: 131072, rope_scaling: yarn(4, 32768) },
      131072,
    ],
    ['linear, old spelling', { max_position_embeddings: 2048, rope_scaling: { type: 'linear', factor: 2 } }, 4096],
    ['llama3 includes its factor', { max_position_embeddings: 131072, rope_scaling: { rope_type: 'llama3', factor: 32 } }, 131072],
    ['rope_parameters per layer type', { max_position_embeddings: 1000, rope_parameters: { full_attention: yarn(2) } }, 2000],
    ['a sliding window is no limit', { max_position_embeddings: 9000, sliding_window: 512 }, 9000],
  ])('%s', (_name, config, tokens) => {
    expect(readContextLength(config, {})).toEqual({ tokens, source: 'config' })
  })

  test("the tokenizer's hint counts only when the config says nothing, and never Hugging Face's 1e30", () => {
    expect(readContextLength({}, { model_max_length: 512 })).toEqual({ tokens: 512, source: 'tokenizer' })
    expect(readContextLength({ n_ctx: 10 }, { model_max_length: 512 })).toEqual({ tokens: 10, source: 'config' })
    expect(readContextLength({}, { model_max_length: 1e30 })).toEqual({ tokens: 4096, source: 'unknown' })
  })

  test.each([0, -5, Number.NaN, null, 'many', [], {}, 1e12])('%j is no length', (value) => {
    expect(readContextLength({ max_position_embeddings: value }, {})).toEqual({ tokens: 4096, source: 'unknown' })
  })
})
