import type { ContextLength } from '../../../shared/contract'
import { isObject } from '../health'

type Config = Record<string, unknown>

const FALLBACK_TOKENS = 4096
/** Hugging Face writes 1e30 for "no limit known". */
const MAX_SENSIBLE_TOKENS = 1e9

/** Where configurations of different families keep the number, most usual first. */
const KEYS = [
  'max_position_embeddings',
  'n_positions',
  'n_ctx',
  'max_seq_len',
  'max_sequence_length',
  'max_context_length',
  'seq_length',
  'model_max_length',
  'context_length',
]

function toTokens(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) && number >= 1 && number <= MAX_SENSIBLE_TOKENS
    ? Math.floor(number)
    : null
}

/** The language model's own settings: of a multimodal model they lie one level deeper and override the top. */
export function textConfig(config: Config): Config {
  const thinker = config['thinker_config']
  const nested = [
    config['text_config'],
    config['llm_config'],
    config['language_config'],
    isObject(thinker) ? thinker['text_config'] : null,
  ]
  const found = nested.find(isObject)
  return found === undefined ? config : { ...config, ...found }
}

function firstTokens(config: Config): number | null {
  for (const key of KEYS) {
    const tokens = toTokens(config[key])
    if (tokens !== null) return tokens
  }
  return null
}

/**
 * How much the position scaling adds to `max_position_embeddings`: plain factors do unless the number has them in already; `llama3`,
 * `longrope`, `su` and `deepseek_yarn` always have.
 */
function ropeFactor(config: Config, tokens: number): number {
  const rope = [config['rope_scaling'], config['rope_parameters']].find(isObject)
  if (rope === undefined) return 1
  const settings = [rope, ...Object.values(rope).filter(isObject)].find((entry) => 'factor' in entry)
  const type = settings?.['rope_type'] ?? settings?.['type']
  const factor = settings?.['factor']
  if ((type !== 'yarn' && type !== 'linear' && type !== 'dynamic') || typeof factor !== 'number' || !(factor > 1)) return 1
  const original = toTokens(settings?.['original_max_position_embeddings'])
  return original === null || original === tokens ? factor : 1
}

/** The context in tokens: from config.json, else the tokenizer's hint, else 4096 and said to be unknown. */
export function readContextLength(config: Config, tokenizerConfig: Config): ContextLength {
  const text = textConfig(config)
  const tokens = firstTokens(text)
  if (tokens !== null) {
    return { tokens: Math.min(MAX_SENSIBLE_TOKENS, Math.floor(tokens * ropeFactor(text, tokens))), source: 'config' }
  }
  const hint = toTokens(tokenizerConfig['model_max_length'])
  return hint === null ? { tokens: FALLBACK_TOKENS, source: 'unknown' } : { tokens: hint, source: 'tokenizer' }
}
