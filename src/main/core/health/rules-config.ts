import type { Finding, FindingCode } from '../../../shared/contract'
import { isReadable } from '../cache'
import { formatBytes, toError, toWarning } from './finding'
import { isObject, type JsonFile } from './json-file'
import type { SnapshotFacts } from './snapshot-facts'

/** What is wrong with a JSON file, by its state: code and the rest of a sentence that begins with its path. */
const jsonProblems: Record<Exclude<JsonFile['state'], 'ok' | 'missing' | 'lfs_pointer'>, [code: FindingCode, text: string]> = {
  empty: ['json_invalid', 'is empty'],
  invalid: ['json_invalid', 'is not valid JSON'],
  bom: ['json_invalid', 'begins with a byte order mark, which Python does not read'],
  not_utf8: ['json_invalid', 'is not UTF-8 text'],
  too_deep: ['json_invalid', 'is nested deeper than Python reads'],
  html: ['html_page', 'holds an HTML page instead of JSON'],
  not_object: ['json_not_object', 'holds no JSON object with content'],
  too_large: ['json_invalid', 'is too large to be what its name says'],
  unreadable: ['file_unreadable', 'cannot be read'],
}

/** A JSON file that must be right if it is there. That it is missing or a pointer is said by other rules. */
function checkJson(path: string, { state }: JsonFile): Finding[] {
  if (state === 'ok' || state === 'missing' || state === 'lfs_pointer') return []
  const [code, text] = jsonProblems[state]
  return [toError(code, path, `${path} ${text}.`)]
}

const configCodes: Partial<Record<string, FindingCode>> = { json_invalid: 'config_invalid', json_not_object: 'config_not_object' }

/** Keys on whose type mlx_lm relies while it loads. */
function checkTypes(config: Readonly<Record<string, unknown>>): Finding[] {
  const { model_type: type, quantization } = config
  const wrong = [
    type === undefined || typeof type === 'string' ? null : 'model_type is not a text',
    quantization === undefined || quantization === null || isObject(quantization) ? null : 'quantization is not an object',
  ].filter((text) => text !== null)
  return wrong.map((text) => toError('config_wrong_type', 'config.json', `In config.json, ${text}.`, false))
}

/** config.json: there, JSON, an object, not empty. */
export function checkConfig({ files, json }: SnapshotFacts): Finding[] {
  const config = json['config.json']
  if (config.state === 'missing' && !files.some(({ path }) => path === 'config.json')) {
    return [toError('config_missing', 'config.json', 'config.json is missing.')]
  }
  if (config.state === 'ok') return checkTypes(config.value)
  return checkJson('config.json', config).map((finding) => ({ ...finding, code: configCodes[finding.code] ?? finding.code }))
}

/** Any of these is a tokenizer that transformers can load. */
export const TOKENIZER_FILES =
  /^(tokenizer\.json|tokenizer\.model|tiktoken\.model|vocab\.(json|txt)|spiece\.model|sentencepiece\.bpe\.model|tekken\.json)$|\.tiktoken$/

/** tokenizer_config.json needs a tokenizer beside it; no tokenizer at all is fine (some models have none). */
export function checkTokenizer(facts: SnapshotFacts): Finding[] {
  const findings = checkJson('tokenizer_config.json', facts.json['tokenizer_config.json'])
  if (facts.tokenizer === 'html')
    findings.push(toError('html_page', 'tokenizer.json', 'tokenizer.json holds an HTML page instead of JSON.'))
  if (facts.tokenizer === 'cut' && !facts.lfsPointers.includes('tokenizer.json')) {
    const sizeBytes = facts.files.find(({ path }) => path === 'tokenizer.json')?.sizeBytes ?? 0
    findings.push(
      toError('tokenizer_truncated', 'tokenizer.json', `tokenizer.json ends in the middle, after ${formatBytes(sizeBytes)}.`),
    )
  }
  const hasConfig = facts.json['tokenizer_config.json'].state !== 'missing'
  // A dangling tokenizer is named by the rule for links.
  if (hasConfig && !facts.files.some(({ path }) => TOKENIZER_FILES.test(path))) {
    findings.push(
      toError(
        'tokenizer_missing',
        'tokenizer.json',
        'tokenizer_config.json is there, but no tokenizer (tokenizer.json or tokenizer.model).',
      ),
    )
  }
  return findings
}

/** Other files that loaders read, where a page of the network may have been saved. */
export function checkPages({ pages }: SnapshotFacts): Finding[] {
  return pages.map((path) => toError('html_page', path, `${path} holds an HTML page instead of its content.`))
}

/** A vision model needs its image processor's settings, as a file or inside config.json. */
export function checkProcessor({ json, files }: SnapshotFacts): Finding[] {
  const names = ['preprocessor_config.json', 'processor_config.json'] as const
  const findings = names.flatMap((name) => checkJson(name, json[name]))
  const config = json['config.json'].state === 'ok' ? json['config.json'].value : {}
  const vision = config['vision_config']
  const sees = isObject(vision) && Object.keys(vision).length > 0
  const embedded = isObject(config['preprocessor_config']) || isObject(config['processor_config'])
  if (sees && !embedded && !files.some(({ path }) => (names as readonly string[]).includes(path))) {
    findings.push(
      toError('processor_missing', names[0], 'The vision model has neither preprocessor_config.json nor processor_config.json.'),
    )
  }
  return findings
}

/** What mlx_lm fetches and may read; a README that is not there keeps no model from loading. */
const NEEDED = /\.(json|jsonl|py|txt|jinja|tiktoken|safetensors|bin|gguf|npz|model)$/

/** Links without a target, links out of the repo, pointers, partials: what is wrong with a file whatever it holds. */
export function checkFiles(facts: SnapshotFacts): Finding[] {
  const findings: Finding[] = []
  for (const { path, state } of facts.files) {
    const judge = NEEDED.test(path) ? toError : toWarning
    if (state === 'dangling') findings.push(judge('link_dangling', path, `${path} is missing: its link leads to nothing.`))
    if (state === 'outside')
      findings.push(judge('link_outside', path, `${path} is a link out of the model's folder, which is never followed.`))
    if (state === 'unreadable') findings.push(judge('file_unreadable', path, `${path} cannot be read.`))
  }
  for (const path of facts.lfsPointers) {
    findings.push(toError('lfs_pointer', path, `${path} is a Git LFS pointer, the file itself was never fetched.`))
  }
  for (const file of facts.files) {
    if (isReadable(file) && /(\.(partial|tmp)|[._-]partial)$/i.test(file.path)) {
      findings.push(toError('partial_marker', file.path, `${file.path} is left from a download that did not finish.`))
    }
  }
  return findings
}
