import { closeSync, openSync, readSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isReadable, type ScannedFile, type ScannedSnapshot } from '../cache'
import { decodeText, isLfsPointer, looksLikeHtml, parseJsonFile, type JsonFile } from './json-file'
import { readTree, type TreeFile } from './tree'
import { readWeightHeader, type WeightHeader } from './weight-header'

/** Larger JSON files than this are no configuration; an index of 10,000 shards is far smaller. */
const MAX_JSON_BYTES = 16_000_000
/** tokenizer.json is only searched, not parsed. */
const MAX_TOKENIZER_BYTES = 64_000_000
const MAX_README_BYTES = 16_384
/** A pointer has about 130 bytes. */
const MAX_POINTER_BYTES = 200
/** mlx_lm itself would fail long before. */
const MAX_SHARDS = 10_000

/** JSON files in which a model says what it is and how it is loaded. */
const jsonFiles = [
  'config.json',
  'tokenizer_config.json',
  'preprocessor_config.json',
  'processor_config.json',
  'model.safetensors.index.json',
  'pytorch_model.bin.index.json',
] as const

/** Read by loaders; only their first bytes are looked at. */
const PAGE_SUSPECTS =
  /^(generation_config|special_tokens_map|added_tokens|vocab|chat_template)\.json$|\.(jinja|model|bin|gguf|npz|tiktoken)$/

/** Everything that judging a snapshot takes: plain data, read once, bounded. */
export interface SnapshotFacts {
  /** As scanned. */
  files: ScannedFile[]
  json: Record<(typeof jsonFiles)[number], JsonFile>
  /** By path; every readable safetensors file. */
  weights: Record<string, WeightHeader>
  /** Paths of files that hold an LFS pointer instead of their content. */
  lfsPointers: string[]
  /** Other files that hold an HTML page: weights that are no safetensors, and small files that loaders read. */
  pages: string[]
  /** What the Hub said of the revision; null when no tool kept it. */
  tree: TreeFile[] | null
  /** The beginning of README.md, null when there is none. */
  readme: string | null
  /** `cut`: does not end like JSON. Null when there is no tokenizer.json. */
  tokenizer: 'ok' | 'cut' | 'html' | null
  /** tokenizer.json names a chat template; looked at only when no other file does. */
  tokenizerHasTemplate: boolean
}

/** Opens a file of the snapshot for a few bounded reads; null when it is gone or may not be read. */
function withFile<T>(
  snapshot: ScannedSnapshot,
  file: ScannedFile,
  read: (readAt: (offset: number, length: number) => Buffer) => T,
): T | null {
  let descriptor: number | null = null
  try {
    const opened = openSync(join(snapshot.path, file.path), 'r')
    descriptor = opened
    return read((offset, length) => {
      const buffer = Buffer.allocUnsafe(Math.min(length, Math.max(0, file.sizeBytes - offset)))
      return buffer.subarray(0, readSync(opened, buffer, 0, buffer.length, offset))
    })
  } catch {
    return null
  } finally {
    if (descriptor !== null) closeSync(descriptor)
  }
}

/** At most `length` bytes from the beginning. */
function readStart(snapshot: ScannedSnapshot, file: ScannedFile, length: number): Buffer | null {
  return withFile(snapshot, file, (readAt) => readAt(0, length))
}

function readJson(snapshot: ScannedSnapshot, file: ScannedFile | undefined): JsonFile {
  // A link that leads nowhere or out of the repo is named by the rule for links.
  if (file === undefined || !isReadable(file)) return { state: 'missing' }
  if (file.sizeBytes > MAX_JSON_BYTES) return { state: 'too_large' }
  const bytes = readStart(snapshot, file, file.sizeBytes)
  if (bytes === null) return { state: 'unreadable' }
  const text = decodeText(bytes)
  return text === null ? { state: 'not_utf8' } : parseJsonFile(text)
}

function checkTokenizer(snapshot: ScannedSnapshot, file: ScannedFile | undefined): SnapshotFacts['tokenizer'] {
  if (file === undefined || !isReadable(file)) return null
  return withFile(snapshot, file, (readAt) => {
    if (looksLikeHtml(readAt(0, 64).toString('latin1'))) return 'html'
    const tail = readAt(Math.max(0, file.sizeBytes - 64), 64).toString('latin1')
    return tail.trimEnd().endsWith('}') ? 'ok' : 'cut'
  })
}

function hasTemplate(config: JsonFile): boolean {
  return config.state === 'ok' && config.value['chat_template'] !== undefined && config.value['chat_template'] !== null
}

/** Reads what the rules of health and identity need from one snapshot. Opens only files that the scan listed as the repo's own. */
export function readSnapshotFacts(snapshot: ScannedSnapshot): SnapshotFacts {
  const byPath = new Map(snapshot.files.map((file) => [file.path, file]))
  const json = (path: string): JsonFile => readJson(snapshot, byPath.get(path))
  const readable = snapshot.files.filter(isReadable)
  const lfsPointers = readable
    .filter(({ sizeBytes }) => sizeBytes >= 100 && sizeBytes < MAX_POINTER_BYTES)
    .filter((file) => isLfsPointer(readStart(snapshot, file, 64)?.toString('latin1') ?? ''))
    .map(({ path }) => path)
  const pages = readable
    .filter(({ path }) => PAGE_SUSPECTS.test(path))
    .slice(0, MAX_SHARDS)
    .filter((file) => looksLikeHtml(readStart(snapshot, file, 64)?.toString('latin1') ?? ''))
    .map(({ path }) => path)
  const shards = readable.filter(({ path }) => path.endsWith('.safetensors') && !lfsPointers.includes(path)).slice(0, MAX_SHARDS)
  const readme = byPath.get('README.md')
  const tokenizer = byPath.get('tokenizer.json')
  const tokenizerConfig = json('tokenizer_config.json')
  const namesTemplate = hasTemplate(tokenizerConfig) || byPath.has('chat_template.jinja') || byPath.has('chat_template.json')
  const searchTokenizer =
    !namesTemplate && tokenizer !== undefined && isReadable(tokenizer) && tokenizer.sizeBytes <= MAX_TOKENIZER_BYTES
  return {
    files: snapshot.files,
    json: {
      'config.json': json('config.json'),
      'tokenizer_config.json': tokenizerConfig,
      'preprocessor_config.json': json('preprocessor_config.json'),
      'processor_config.json': json('processor_config.json'),
      'model.safetensors.index.json': json('model.safetensors.index.json'),
      'pytorch_model.bin.index.json': json('pytorch_model.bin.index.json'),
    },
    weights: Object.fromEntries(
      shards.map((file) => [
        file.path,
        withFile(snapshot, file, (readAt) => readWeightHeader(file.sizeBytes, readAt)) ?? { state: 'unreadable' as const },
      ]),
    ),
    lfsPointers,
    pages,
    tree: readTree(dirname(dirname(snapshot.path)), snapshot.hash),
    readme:
      readme === undefined || !isReadable(readme)
        ? null
        : (readStart(snapshot, readme, MAX_README_BYTES)?.toString('utf8') ?? null),
    tokenizer: checkTokenizer(snapshot, tokenizer),
    tokenizerHasTemplate:
      searchTokenizer && (readStart(snapshot, tokenizer, tokenizer.sizeBytes)?.includes('"chat_template"') ?? false),
  }
}
