import type { ModelSummary } from '../../../shared/contract'
import { isObject, isWeightPath, type JsonFile, type SnapshotFacts } from '../health'
import { readContextLength, textConfig } from './context'
import { readFrontMatter } from './front-matter'
import { readConversationMemory, sumWeights } from './memory'
import { countParameters, readQuantization } from './quantization'

type Config = Record<string, unknown>

/** What a model is, from its files alone. */
export type Identity = Pick<
  ModelSummary,
  | 'framework'
  | 'model_type'
  | 'capabilities'
  | 'quantization'
  | 'context'
  | 'architecture'
  | 'dtype'
  | 'parameters'
  | 'memory'
  | 'license'
  | 'base_models'
>

export function toConfig(json: JsonFile): Config {
  return json.state === 'ok' ? json.value : {}
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function hasContent(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length > 0
}

function has(facts: SnapshotFacts, pattern: RegExp): boolean {
  return facts.files.some(({ path }) => pattern.test(path))
}

function detectFramework(name: string, facts: SnapshotFacts, config: Config): Identity['framework'] {
  if (name.startsWith('mlx-community/')) return 'MLX'
  const said = ['tags', 'library_name'].flatMap((key) => readFrontMatter(facts.readme ?? '', key))
  if (said.some((value) => value.toLowerCase() === 'mlx')) return 'MLX'
  if (hasContent(config['quantization'])) return 'MLX'
  // Downloads through mlx_lm bring no model card; its converter marks every shard.
  if (Object.values(facts.weights).some((header) => header.state === 'ok' && header.format === 'mlx')) return 'MLX'
  if (has(facts, /\.gguf$/)) return 'GGUF'
  if (has(facts, /\.safetensors$|(^|\/)pytorch_model[^/]*\.bin$/)) return 'PyTorch'
  return 'Unknown'
}

/** Families that see although their configuration does not say so. */
const VISION_TYPES = new Set(['llava', 'llava_next', 'pixtral', 'qwen2_vl', 'phi3_v', 'mllama', 'paligemma', 'idefics', 'smolvlm'])
const ENCODER_TYPES = new Set(['bert', 'xlm-roberta', 'modernbert', 'nomic_bert'])

function isEmbedder(name: string, config: Config, modelType: string): boolean {
  if (ENCODER_TYPES.has(modelType)) return true
  const architectures = Array.isArray(config['architectures']) ? config['architectures'].map(text) : []
  const decoder = architectures.some((entry) => entry.includes('ForCausalLM')) || modelType === 'qwen3' || modelType === 'mistral'
  return decoder && /embed/i.test(name)
}

function sees(facts: SnapshotFacts, config: Config, modelType: string): boolean {
  if (hasContent(config['vision_config']) || VISION_TYPES.has(modelType) || hasContent(config['image_processor'])) return true
  const preprocessor = toConfig(facts.json['preprocessor_config.json'])
  const video = has(facts, /(^|\/)video_preprocessor_config\.json$/) || 'temporal_patch_size' in preprocessor
  return !video && ('image_processor_type' in preprocessor || has(facts, /(^|\/)image_processor_config\.json$/))
}

function hears(facts: SnapshotFacts, config: Config, modelType: string): boolean {
  if (hasContent(config['audio_config']) || /gemma3n|voxtral|whisper|vibevoice|audio/.test(modelType)) return true
  return text(toConfig(facts.json['preprocessor_config.json'])['feature_extractor_type']).startsWith('Whisper')
}

/** True when some file brings a chat template: mlx_lm would chat with it. */
function hasChatTemplate(facts: SnapshotFacts): boolean {
  const template = toConfig(facts.json['tokenizer_config.json'])['chat_template']
  if (typeof template === 'string' ? template !== '' : Array.isArray(template)) return true
  return has(facts, /^chat_template\.(json|jinja)$/) || facts.tokenizerHasTemplate
}

function detectType(name: string, facts: SnapshotFacts, config: Config, modelType: string): string {
  if (isEmbedder(name, config, modelType)) return 'embedding'
  if (modelType === 'chat' || VISION_TYPES.has(modelType)) return 'chat'
  if (/whisper|vibevoice|voxtral/.test(modelType)) return 'audio'
  return hasChatTemplate(facts) || /instruct|chat/i.test(name) ? 'chat' : 'base'
}

/** Whisper models other than the English ones and the turbo ones translate into English. */
function translates(name: string, modelType: string): boolean {
  return modelType === 'whisper' && !/whisper-(tiny|base|small|medium)\.en|turbo/i.test(name)
}

function listCapabilities(name: string, type: string, facts: SnapshotFacts, config: Config, modelType: string): string[] {
  if (type === 'embedding') return ['embeddings']
  if (type === 'audio') return ['audio', ...(translates(name, modelType) ? ['audio-translate-en'] : [])]
  return [
    'text-generation',
    ...(type === 'chat' ? ['chat'] : []),
    ...(sees(facts, config, modelType) ? ['vision'] : []),
    ...(hears(facts, config, modelType) ? ['audio'] : []),
  ]
}

const DTYPE_NAMES: Record<string, string> = { BF16: 'bfloat16', F16: 'float16', F32: 'float32', F64: 'float64' }

/** As the configuration says, else what most bytes of the weights are, when that is a float (packed integers say nothing). */
function readDtype(facts: SnapshotFacts, config: Config): string | null {
  const said = text(config['dtype']) || text(config['torch_dtype'])
  if (said !== '') return said.replace(/^torch\./, '')
  for (const header of Object.values(facts.weights)) {
    const name = header.state === 'ok' && header.dtype !== null ? DTYPE_NAMES[header.dtype] : undefined
    if (name !== undefined) return name
  }
  return null
}

/** The card's values are for people to read: short, and only text. */
function readCard(readme: string | null, key: string): string[] {
  return readFrontMatter(readme ?? '', key)
    .filter((value) => value !== '' && value.length <= 200)
    .slice(0, 20)
}

/** What the files say; a model without a readable config is as little as its name and weights tell. */
export function identify(name: string, facts: SnapshotFacts): Identity {
  const config = toConfig(facts.json['config.json'])
  const modelType = text(config['model_type'])
  const type = detectType(name, facts, config, modelType)
  const dtype = readDtype(facts, textConfig(config))
  const weights = facts.files.map(({ path, sizeBytes }) => ({ path, sizeBytes, isWeight: isWeightPath(path) }))
  return {
    framework: detectFramework(name, facts, config),
    model_type: type,
    capabilities: listCapabilities(name, type, facts, config, modelType),
    quantization: readQuantization(config),
    context: readContextLength(config, toConfig(facts.json['tokenizer_config.json'])),
    architecture: modelType === '' ? null : modelType,
    dtype,
    parameters: countParameters(facts, config),
    memory: { weights_bytes: sumWeights(weights), ...readConversationMemory(config, dtype) },
    license: readCard(facts.readme, 'license')[0]?.toLowerCase() ?? null,
    base_models: readCard(facts.readme, 'base_model'),
  }
}

/** What is known when there is no snapshot to look at. */
export function identifyByName(name: string): Identity {
  return {
    framework: name.startsWith('mlx-community/') ? 'MLX' : 'Unknown',
    model_type: 'base',
    capabilities: [],
    quantization: null,
    context: { tokens: 4096, source: 'unknown' },
    architecture: null,
    dtype: null,
    parameters: null,
    memory: { weights_bytes: 0, kv_bytes_per_1k_tokens: null, kv_fixed_bytes: null },
    license: null,
    base_models: [],
  }
}

export type FileKind = 'config' | 'weights' | 'tokenizer' | 'readme' | 'other'

export function toFileKind(path: string): FileKind {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (isWeightPath(path)) return 'weights'
  if (/tokenizer|^vocab\.|^merges\.txt$|\.tiktoken$|^chat_template\.|^special_tokens_map\.json$/.test(name)) return 'tokenizer'
  if (name.endsWith('.json')) return 'config'
  return /^readme\.md$/i.test(name) ? 'readme' : 'other'
}
