import { describe, expect, test } from 'vitest'
import { readConversationMemory, sumWeights } from './memory'

const KIB = 1024
const MIB = 1024 * KIB
type Config = Record<string, unknown>

/** Published configurations, reduced to what decides; the numbers are measured or computed in mlx-lm.md §6.2. */
const families: [string, Config, number, number][] = [
  ['Llama 3.1 8B', { num_hidden_layers: 32, hidden_size: 4096, num_attention_heads: 32, num_key_value_heads: 8 }, 128, 0],
  ['Llama 3.2 3B', { num_hidden_layers: 28, head_dim: 128, num_attention_heads: 24, num_key_value_heads: 8 }, 112, 0],
  [
    'Qwen3 4B',
    { num_hidden_layers: 36, head_dim: 128, hidden_size: 2560, num_attention_heads: 32, num_key_value_heads: 8 },
    144,
    0,
  ],
  ['Qwen3 30B A3B', { num_hidden_layers: 48, head_dim: 128, num_attention_heads: 32, num_key_value_heads: 4 }, 96, 0],
  [
    'gpt-oss 20B, every other layer sliding',
    {
      num_hidden_layers: 24,
      head_dim: 64,
      num_key_value_heads: 8,
      sliding_window: 128,
      layer_types: Array.from({ length: 24 }, (_, layer) => (layer % 2 === 0 ? 'sliding_attention' : 'full_attention')),
    },
    24,
    3 * MIB,
  ],
  [
    'DeepSeek V3, compressed',
    { model_type: 'deepseek_v3', num_hidden_layers: 61, kv_lora_rank: 512, qk_rope_head_dim: 64, num_attention_heads: 128 },
    68.625,
    0,
  ],
  [
    'DeepSeek V2, whole keys and values',
    {
      model_type: 'deepseek_v2',
      num_hidden_layers: 27,
      num_attention_heads: 16,
      kv_lora_rank: 512,
      qk_rope_head_dim: 64,
      qk_nope_head_dim: 128,
      v_head_dim: 128,
    },
    (27 * 16 * 320 * 2) / KIB,
    0,
  ],
  [
    'every fourth layer attention, in a multimodal model',
    {
      text_config: {
        num_hidden_layers: 64,
        full_attention_interval: 4,
        head_dim: 256,
        num_key_value_heads: 4,
        linear_num_value_heads: 2,
        linear_value_head_dim: 8,
        linear_key_head_dim: 8,
      },
    },
    64,
    48 * 2 * 8 * 8 * 4,
  ],
  [
    'Gemma 3, a window with its default pattern',
    { model_type: 'gemma3_text', num_hidden_layers: 12, head_dim: 256, num_key_value_heads: 1, sliding_window: 512 },
    2,
    10 * 1024 * 512,
  ],
  [
    'a window alone, which mlx_lm ignores',
    { num_hidden_layers: 1, head_dim: 64, num_key_value_heads: 1, sliding_window: 8 },
    0.25,
    0,
  ],
  [
    'Nemotron, one letter per layer',
    { num_hidden_layers: 4, hybrid_override_pattern: 'M-M*', head_dim: 128, num_key_value_heads: 2 },
    1,
    0,
  ],
  ['layers that share keys', { num_hidden_layers: 10, num_kv_shared_layers: 4, head_dim: 64, num_key_value_heads: 1 }, 1.5, 0],
  ['GPT-2', { n_layer: 12, n_embd: 768, n_head: 12 }, 36, 0],
  ['Mamba', { model_type: 'mamba', num_hidden_layers: 2, intermediate_size: 100, state_size: 16 }, 0, 2 * 100 * 16 * 4],
]

describe('memory of a conversation', () => {
  test.each(families)('%s', (_name, config, kibPerToken, fixed) => {
    expect(readConversationMemory(config, 'bfloat16')).toEqual({
      kv_bytes_per_1k_tokens: kibPerToken * KIB * 1024,
      kv_fixed_bytes: fixed,
    })
  })

  test('32-bit activations take twice the room', () => {
    const config = { num_hidden_layers: 1, head_dim: 64, num_key_value_heads: 1 }
    expect(readConversationMemory(config, 'float32').kv_bytes_per_1k_tokens).toBe(2 * 64 * 4 * 1024)
  })

  test.each<[string, Config]>([
    ['nothing', {}],
    ['no heads', { num_hidden_layers: 2 }],
    [
      'a window of unknown length',
      { num_hidden_layers: 1, layer_types: ['sliding_attention'], head_dim: 1, num_key_value_heads: 1 },
    ],
    ['absurd layers', { num_hidden_layers: 1e18, head_dim: 64, num_key_value_heads: 8 }],
    ['absurd heads', { num_hidden_layers: 2, head_dim: 1e300, num_key_value_heads: 8 }],
    ['texts for numbers', { num_hidden_layers: '2', head_dim: '64' }],
  ])('is not known of a configuration with %s', (_name, config) => {
    expect(readConversationMemory(config, null)).toEqual({ kv_bytes_per_1k_tokens: null, kv_fixed_bytes: null })
  })
})

test('only what mlx_lm loads counts as weights, when there is any', () => {
  const file = (path: string, sizeBytes: number, isWeight = true) => ({ path, sizeBytes, isWeight })
  const model = [file('model-1.safetensors', 3), file('model-2.safetensors', 4)]
  expect(sumWeights([...model, file('adapters.safetensors', 9), file('config.json', 1, false)])).toBe(7)
  expect(sumWeights([file('x.gguf', 5), file('a.json', 1, false)])).toBe(5)
})
