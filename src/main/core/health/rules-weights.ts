import type { Finding, FindingCode } from '../../../shared/contract'
import { isReadable, type ScannedFile } from '../cache'
import { formatBytes, joinNames, toError, toWarning } from './finding'
import { isObject, type JsonFile } from './json-file'
import type { SnapshotFacts } from './snapshot-facts'
import type { WeightHeader } from './weight-header'

const WEIGHTS = /\.(safetensors|bin|gguf|npz)$/
const SHARD = /^(model|pytorch_model)-(\d{5})-of-(\d{5})\.(safetensors|bin)$/
/** A wrong name must not make a hundred thousand findings. */
const MAX_LISTED = 50
/** Small .bin files that are settings of the trainer, no weights. */
const NO_WEIGHTS = /(^|\/)(training_args|optimizer|scheduler)\.bin$/

export function isWeightPath(path: string): boolean {
  return WEIGHTS.test(path) && !NO_WEIGHTS.test(path)
}

/** Weight files at the top, or, when there are none, those in folders. */
function findWeights(files: readonly ScannedFile[]): ScannedFile[] {
  const all = files.filter(({ path }) => isWeightPath(path))
  const top = all.filter(({ path }) => !path.includes('/'))
  return top.length > 0 ? top : all
}

/** What is wrong with a header, by its state: code and the rest of a sentence that begins with the file's path. */
const headerProblems: Record<Exclude<WeightHeader['state'], 'ok' | 'header_too_long'>, [code: FindingCode, text: string]> = {
  empty: ['weights_empty', 'is empty'],
  html: ['html_page', 'holds an HTML page instead of weights'],
  invalid: ['safetensors_header', 'does not begin with a safetensors header'],
  too_large: ['safetensors_header', "has a header larger than any model's"],
  unreadable: ['file_unreadable', 'cannot be read'],
}

function checkHeader({ path, sizeBytes }: ScannedFile, header: WeightHeader): Finding[] {
  if (header.state === 'header_too_long') {
    const claim = `says its header has ${formatBytes(header.claimedBytes)}`
    return [toError('safetensors_header', path, `${path} ${claim}, but the whole file has ${formatBytes(sizeBytes)}.`)]
  }
  if (header.state !== 'ok') {
    const [code, text] = headerProblems[header.state]
    return [toError(code, path, `${path} ${text}.`)]
  }
  if (sizeBytes === header.expectedBytes) return []
  const sizes = `${formatBytes(sizeBytes)} instead of ${formatBytes(header.expectedBytes)}`
  if (sizeBytes < header.expectedBytes) return [toError('safetensors_truncated', path, `${path} is truncated: ${sizes}.`)]
  // mlx reads the tensors at their offsets and does not mind; other tools refuse the file.
  return [toWarning('safetensors_trailing', path, `${path} is longer than its header says: ${sizes}.`)]
}

/** Size and header of each weight file that is there. */
function checkContent(facts: SnapshotFacts): Finding[] {
  return facts.files
    .filter((file) => isWeightPath(file.path) && isReadable(file) && !facts.lfsPointers.includes(file.path))
    .flatMap((file): Finding[] => {
      if (file.sizeBytes === 0) return [toError('weights_empty', file.path, `${file.path} is empty.`)]
      const header = facts.weights[file.path]
      return header === undefined ? [] : checkHeader(file, header)
    })
}

/** The index file that counts: the one whose kind of weights is there; null when there is none. */
function chooseIndex(facts: SnapshotFacts): { path: keyof SnapshotFacts['json']; json: JsonFile; kind: string } | null {
  const candidates = [
    { path: 'model.safetensors.index.json', kind: '.safetensors' },
    { path: 'pytorch_model.bin.index.json', kind: '.bin' },
  ] as const
  for (const { path, kind } of candidates) {
    const json = facts.json[path]
    if (json.state !== 'missing' && facts.files.some((file) => file.path.endsWith(kind))) return { path, json, kind }
  }
  return null
}

function checkIndex(facts: SnapshotFacts, index: NonNullable<ReturnType<typeof chooseIndex>>): Finding[] {
  const { path, json, kind } = index
  if (json.state === 'html') return [toError('html_page', path, `${path} holds an HTML page instead of JSON.`)]
  if (json.state !== 'ok')
    return json.state === 'lfs_pointer' ? [] : [toError('index_invalid', path, `${path} is not a valid JSON object.`)]
  const map = json.value['weight_map']
  if (!isObject(map) || Object.keys(map).length === 0) return [toError('index_invalid', path, `${path} names no weight files.`)]
  const names = Object.values(map)
  if (!names.every((name) => typeof name === 'string'))
    return [toError('index_invalid', path, `${path} does not name weight files.`)]
  const wanted = [...new Set(names)].sort()
  const escaping = wanted.filter((name) => name.startsWith('/') || name.split(/[/\\]/).includes('..'))
  if (escaping.length > 0)
    return [toError('index_escapes', path, `${path} names files outside the model: ${joinNames(escaping)}.`, false)]

  const present = new Set(facts.files.map((file) => file.path))
  const missing = wanted.filter((name) => !present.has(name))
  if (missing.length === 0) return []
  const strangers = [...present].filter(
    (name) => !name.includes('/') && name.endsWith(kind) && isWeightPath(name) && !wanted.includes(name),
  )
  if (strangers.length > 0) {
    const text = `${path} names ${joinNames(missing)}, but the weights are called ${joinNames(strangers)}.`
    return [toError('index_mismatch', path, text)]
  }
  return missingShards(missing, wanted.length)
}

/** One finding for each missing shard; the first one counts them all. */
function missingShards(missing: readonly string[], total: number): Finding[] {
  const how = `${missing.length} of ${total} weight files ${missing.length === 1 ? 'is' : 'are'} missing: ${joinNames(missing)}.`
  return missing
    .slice(0, MAX_LISTED)
    .map((name, position) => toError('shard_missing', name, position === 0 ? how : `${name} is missing.`))
}

/** Shards by their names, when no index says what belongs together. */
function checkShardNames(weights: readonly ScannedFile[]): Finding[] {
  const shards = weights.flatMap(({ path }) => {
    const match = SHARD.exec(path)
    if (match === null) return []
    const [, stem = '', index, digits = '', kind = ''] = match
    return [{ stem, index: Number(index), total: Number(digits), digits, kind }]
  })
  const [first] = shards
  if (first === undefined) return []
  const totals = [...new Set(shards.map(({ total }) => total))]
  if (totals.length > 1) {
    return [toError('shard_totals', null, `The shards do not belong together: their names speak of ${totals.join(' and ')} files.`)]
  }
  const present = new Set(shards.map(({ index }) => index))
  const missing: string[] = []
  for (let index = 1; index <= first.total; index++) {
    if (!present.has(index)) missing.push(`${first.stem}-${String(index).padStart(5, '0')}-of-${first.digits}.${first.kind}`)
  }
  if (missing.length > 0) {
    return missingShards(missing, first.total)
  }
  const name = `${first.stem}.${first.kind}.index.json`
  return [toError('index_missing', name, `${name} is missing, so nothing says which shard holds what.`)]
}

/** Weights: there, all of them, whole. */
export function checkWeights(facts: SnapshotFacts): Finding[] {
  const weights = findWeights(facts.files)
  if (weights.length === 0) return [toError('weights_missing', null, 'No weight files are there.')]
  const index = chooseIndex(facts)
  const structure = index === null ? checkShardNames(weights) : checkIndex(facts, index)
  return [...structure, ...checkContent(facts)]
}
