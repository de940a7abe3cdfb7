import type { SamplingParams } from '../../../shared/contract'

/** What the files of a model say about how it is asked. */
export interface ModelProfile {
  /** Texts of tokens that end a turn: the model may write one that its tokenizer does not count as an end. Never shown. */
  endTokens: readonly string[]
  /** Without one mlx_lm writes the conversation as `USER: … ASSISTANT: …`. */
  hasTemplate: boolean
  /** Rows of the output matrix. */
  vocabularySize: number | null
  /** The model's own sampling, for what a request leaves open. */
  defaults: Pick<SamplingParams, 'temperature' | 'top_p' | 'top_k' | 'min_p' | 'repetition_penalty'>
}

/** The files as parsed JSON; null for one that is missing or no JSON. */
export interface ProfileSources {
  config: unknown
  generationConfig: unknown
  tokenizerConfig: unknown
  /** The list `added_tokens` of tokenizer.json. */
  addedTokens: unknown
  hasTemplateFile: boolean
}

export const unknownProfile: ModelProfile = { endTokens: [], hasTemplate: true, vocabularySize: null, defaults: {} }

/** Tokens that never belong to an answer, in the families that mlx_lm runs (E129). Only those in the model's vocabulary count. */
const knownEnds = [
  '<|end|>',
  '<|eot_id|>',
  '<|im_end|>',
  '<|endoftext|>',
  '</s>',
  '<|end_of_text|>',
  '<|return|>',
  '<end_of_turn>',
] as const

/** What a model whose template is missing writes when it plays the other side too. */
const otherSides = ['\nHuman:', '\nUser:', '\nUSER:', '\nYou:', '\nAssistant:', '\nASSISTANT:'] as const

/** Texts that end an answer whatever the client asked for. */
export function endsOf({ endTokens, hasTemplate }: ModelProfile, isConversation: boolean): readonly string[] {
  if (!isConversation) return endTokens
  return [...endTokens, ...(hasTemplate ? ['\nHuman:'] : otherSides)]
}

export function toProfile(sources: ProfileSources): ModelProfile {
  const { config, generationConfig, tokenizerConfig, addedTokens, hasTemplateFile } = sources
  const template = get(tokenizerConfig, 'chat_template')
  return {
    endTokens: findEndTokens(tokenizerConfig, addedTokens),
    hasTemplate: hasTemplateFile || (template !== undefined && template !== null && template !== ''),
    vocabularySize: findVocabularySize(config),
    defaults: readDefaults(generationConfig),
  }
}

function findEndTokens(tokenizerConfig: unknown, addedTokens: unknown): string[] {
  const decoder = get(tokenizerConfig, 'added_tokens_decoder')
  const added = [...(isObject(decoder) ? Object.values(decoder) : []), ...(Array.isArray(addedTokens) ? addedTokens : [])]
  const vocabulary = new Set(added.map((token: unknown) => get(token, 'content')))
  const eos = get(tokenizerConfig, 'eos_token')
  const text = isObject(eos) ? eos['content'] : eos
  const own = typeof text === 'string' && text !== '' ? [text] : []
  return [...new Set([...own, ...knownEnds.filter((token) => vocabulary.has(token))])]
}

function findVocabularySize(config: unknown): number | null {
  for (const part of [config, get(config, 'text_config'), get(config, 'llm_config')]) {
    const size = get(part, 'vocab_size')
    if (typeof size === 'number' && Number.isInteger(size) && size > 0) return size
  }
  return null
}

/** `generation_config.json`, which mlx_lm does not read for sampling. A value out of range is left out. */
function readDefaults(generationConfig: unknown): ModelProfile['defaults'] {
  if (get(generationConfig, 'do_sample') === false) return { temperature: 0 }
  const pick = (key: string, isValid: (value: number) => boolean): number | undefined => {
    const value = get(generationConfig, key)
    return typeof value === 'number' && Number.isFinite(value) && isValid(value) ? value : undefined
  }
  const temperature = pick('temperature', (value) => value >= 0 && value <= 2)
  const found = {
    temperature: temperature ?? (get(generationConfig, 'do_sample') === true ? 1 : undefined),
    top_p: pick('top_p', (value) => value > 0 && value <= 1),
    top_k: pick('top_k', (value) => Number.isInteger(value) && value > 0),
    min_p: pick('min_p', (value) => value >= 0 && value <= 1),
    repetition_penalty: pick('repetition_penalty', (value) => value > 0 && value !== 1),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function get(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}
