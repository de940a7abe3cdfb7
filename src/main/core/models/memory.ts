import type { ModelMemory } from '../../../shared/contract'
import { textConfig } from './context'

type Config = Record<string, unknown>

/** What a layer keeps of a conversation: everything, the last tokens, a state of constant size, or nothing. */
type LayerKind = 'full' | 'sliding' | 'state' | 'none'

const TOKENS = 1024
/** No model has more; a wrong number must not cost time. */
const MAX_LAYERS = 4096

function positive(config: Config, ...keys: string[]): number | null {
  for (const key of keys) {
    const value = config[key]
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
  }
  return null
}

const kindsByName: Readonly<Record<string, LayerKind>> = {
  full_attention: 'full',
  attention: 'full',
  hybrid: 'full',
  sliding_attention: 'sliding',
  chunked_attention: 'sliding',
  mlp: 'none',
  moe: 'none',
}

const kindsByLetter: Readonly<Record<string, LayerKind>> = { '*': 'full', M: 'state' }

/** Families whose layers take turns by default, when their configuration does not say so. Source: their files in mlx_lm. */
const defaultPatterns: Readonly<Record<string, number>> = { gemma3_text: 6, gemma3: 6, cohere2: 4 }

const stateFamilies = /^(mamba|mamba2|falcon_mamba|rwkv7)$/

/** Kind of each layer, as mlx_lm's `make_cache` of the family decides; the keys differ, the idea does not. */
function layerKinds(config: Config, count: number): LayerKind[] {
  const each = (kind: (layer: number) => LayerKind): LayerKind[] => Array.from({ length: count }, (_, layer) => kind(layer))
  const named = [config['layer_types'], config['layers_block_type'], config['block_types']].find(Array.isArray)
  if (named !== undefined && named.length > 0) {
    // A list that is shorter than the model is a pattern that repeats.
    return each((layer) => kindsByName[String(named[layer % named.length])] ?? 'state')
  }
  const letters = config['hybrid_override_pattern']
  if (typeof letters === 'string' && letters !== '') return each((layer) => kindsByLetter[letters[layer] ?? ''] ?? 'none')
  const interval = positive(config, 'full_attention_interval')
  if (interval !== null) return each((layer) => ((layer + 1) % interval === 0 ? 'full' : 'state'))
  const period = positive(config, 'attn_layer_period')
  if (period !== null) {
    const offset = positive(config, 'attn_layer_offset') ?? 0
    return each((layer) => (layer % period === offset ? 'full' : 'state'))
  }
  const attention = config['full_attn_idxs']
  if (Array.isArray(attention)) return each((layer) => (attention.includes(layer) ? 'full' : 'state'))
  const modelType = typeof config['model_type'] === 'string' ? config['model_type'] : ''
  if (stateFamilies.test(modelType)) return each(() => 'state')
  const pattern = positive(config, 'sliding_window_pattern') ?? defaultPatterns[modelType] ?? null
  if (pattern !== null && positive(config, 'sliding_window') !== null)
    return each((layer) => (layer % pattern === pattern - 1 ? 'full' : 'sliding'))
  // A window alone changes nothing: mlx_lm keeps everything for such families.
  return each(() => 'full')
}

/** Families that keep the compressed form of multi-head latent attention; deepseek_v2 keeps whole keys and values. */
const latentFamilies = /^(deepseek_v3|deepseek_v32|deepseek_v4|kimi|glm4_moe_lite|glm_moe_dsa|longcat_flash|joyai_llm_flash)/

/** Elements that one layer keeps of one token. */
function elementsPerToken(config: Config, kind: 'full' | 'sliding'): number | null {
  const modelType = typeof config['model_type'] === 'string' ? config['model_type'] : ''
  const rank = positive(config, 'kv_lora_rank')
  const rope = positive(config, 'qk_rope_head_dim')
  const heads = positive(config, 'num_attention_heads', 'n_head', 'n_heads')
  if (rank !== null && rope !== null) {
    if (latentFamilies.test(modelType)) return (rank + rope) * (modelType.startsWith('longcat') ? 2 : 1)
    const plain = positive(config, 'qk_nope_head_dim')
    const value = positive(config, 'v_head_dim')
    if (heads !== null && plain !== null && value !== null) return heads * (plain + rope + value)
  }
  const hidden = positive(config, 'hidden_size', 'n_embd', 'd_model')
  const whole = kind === 'full'
  const headDim =
    (whole ? positive(config, 'global_head_dim') : null) ??
    positive(config, 'head_dim') ??
    (hidden === null || heads === null ? null : hidden / heads)
  const kvHeads =
    (whole ? positive(config, 'num_global_key_value_heads') : null) ??
    positive(config, 'num_key_value_heads', 'num_kv_heads', 'multi_query_group_num') ??
    (config['multi_query'] === true ? 1 : heads)
  return headDim === null || kvHeads === null ? null : 2 * kvHeads * headDim
}

/** Bytes of the state of one layer that does not grow; 0 when the configuration does not say. States are kept in 32 bits. */
function stateBytes(config: Config): number {
  const heads = positive(config, 'linear_num_value_heads', 'mamba_num_heads', 'mamba_n_heads')
  const width = positive(config, 'linear_value_head_dim', 'mamba_head_dim', 'mamba_d_head')
  const size = positive(config, 'linear_key_head_dim', 'ssm_state_size', 'mamba_d_state', 'state_size')
  if (size === null) return 0
  if (heads !== null && width !== null) return heads * width * size * 4
  const hidden = positive(config, 'intermediate_size', 'hidden_size') ?? 0
  return hidden * size * 4
}

type ConversationMemory = Pick<ModelMemory, 'kv_bytes_per_1k_tokens' | 'kv_fixed_bytes'>

const UNKNOWN: ConversationMemory = { kv_bytes_per_1k_tokens: null, kv_fixed_bytes: null }

/**
 * What a conversation needs beside the weights: keys and values of every layer that looks back at everything, for each 1024 tokens, and
 * what does not grow. Numbers of one sequence, not quantized, without scratch space.
 * @param dtype of the activations: 32-bit ones take twice the room
 */
export function readConversationMemory(config: Config, dtype: string | null): ConversationMemory {
  const text = textConfig(config)
  const count = positive(text, 'num_hidden_layers', 'n_layer', 'n_layers', 'num_layers')
  if (count === null || count > MAX_LAYERS) return UNKNOWN
  const kinds = layerKinds(text, Math.floor(count))
  // The last layers of some families use the keys and values of earlier ones.
  const own = kinds.slice(0, Math.max(0, kinds.length - (positive(text, 'num_kv_shared_layers') ?? 0)))
  const numberOf = (kind: LayerKind): number => own.filter((entry) => entry === kind).length
  const full = elementsPerToken(text, 'full')
  const sliding = elementsPerToken(text, 'sliding')
  const window = positive(text, 'sliding_window', 'attention_chunk_size')
  if ((numberOf('full') > 0 && full === null) || (numberOf('sliding') > 0 && (sliding === null || window === null))) return UNKNOWN
  const bytes = dtype === 'float32' ? 4 : 2
  const perThousand = numberOf('full') * (full ?? 0) * TOKENS * bytes
  const fixed = numberOf('sliding') * (sliding ?? 0) * (window ?? 0) * bytes + numberOf('state') * stateBytes(text)
  if (!Number.isSafeInteger(Math.round(perThousand)) || !Number.isSafeInteger(Math.round(fixed))) return UNKNOWN
  return { kv_bytes_per_1k_tokens: Math.round(perThousand), kv_fixed_bytes: Math.round(fixed) }
}

/** Names that mlx_lm loads, else all weights there are. */
export function sumWeights(files: readonly { path: string; sizeBytes: number; isWeight: boolean }[]): number {
  const weights = files.filter(({ isWeight }) => isWeight)
  const loaded = weights.filter(({ path }) => /^model[^/]*\.safetensors$/.test(path))
  return (loaded.length > 0 ? loaded : weights).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}
