import { parseJsonFile, readWeightHeader, type JsonFile, type SnapshotFacts, type WeightHeader } from '../health'
import type { HubClient, HubFile, HubListing } from '../hub'

/** Enough for the headers of most shards. */
const HEADER_BYTES = 256 * 1024
const MAX_HEADER_BYTES = 4 * 1024 * 1024
/** A configuration is a few kilobytes. */
const MAX_CONFIG_BYTES = 1024 * 1024
const MISSING: JsonFile = { state: 'missing' }

/** What of a listing the facts are made from. */
export type ListedModel = Pick<HubListing, 'repo' | 'tags' | 'licence' | 'baseModels'>

/** Reads the beginning of a file of the Hub, up to the byte `to`. @throws AppError as the client of the Hub */
export async function readPart(
  hub: HubClient,
  listing: Pick<ListedModel, 'repo'>,
  commit: string,
  file: HubFile,
  to: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  const { path, sizeBytes } = file
  const end = Math.min(to, sizeBytes)
  if (end === 0) return Buffer.alloc(0)
  const request = { repo: listing.repo, commit, path, sizeBytes, blob: file.sha256 ?? file.oid, from: 0, to: end }
  const answer = await hub.openFile(request, signal)
  try {
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of answer.body) {
      chunks.push(chunk)
      size += chunk.length
      // A server that knows no ranges would send everything.
      if (size >= end) break
    }
    return Buffer.concat(chunks).subarray(0, end)
  } finally {
    answer.close()
  }
}

async function readHeader(
  hub: HubClient,
  listing: ListedModel,
  commit: string,
  file: HubFile,
  signal?: AbortSignal,
): Promise<WeightHeader> {
  let start = await readPart(hub, listing, commit, file, HEADER_BYTES, signal)
  const length = start.length >= 8 ? start.readBigUInt64LE(0) : 0n
  if (length + 8n > BigInt(start.length) && length < BigInt(MAX_HEADER_BYTES))
    start = await readPart(hub, listing, commit, file, Number(length) + 8, signal)
  return readWeightHeader(file.sizeBytes, (offset, count) => start.subarray(offset, offset + count))
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ')
const LOADABLE = /^model[^/]*\.safetensors$/

/**
 * The facts of a model that is not here, from a few kilobytes of it: its list of files, `config.json`, the index or the header of its only
 * shard, and what its card says. The same rules judge them as those of a model on the disk.
 * @throws AppError as the client of the Hub
 */
export async function readRemoteFacts(
  hub: HubClient,
  listing: ListedModel,
  { commit, files }: { commit: string; files: readonly HubFile[] },
  signal?: AbortSignal,
): Promise<SnapshotFacts> {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const json = async (path: string, max: number): Promise<JsonFile> => {
    const file = byPath.get(path)
    if (file === undefined) return MISSING
    if (file.sizeBytes > max) return { state: 'too_large' }
    return parseJsonFile((await readPart(hub, listing, commit, file, max, signal)).toString('utf8'))
  }
  const config = await json('config.json', MAX_CONFIG_BYTES)
  const shards = files.filter(({ path }) => LOADABLE.test(path))
  const [only] = shards
  const weights =
    shards.length === 1 && only !== undefined ? { [only.path]: await readHeader(hub, listing, commit, only, signal) } : {}
  // Of several shards the beginning of the index says how many weights there are; their headers would be megabytes.
  const index = shards.length > 1 ? await json('model.safetensors.index.json', MAX_HEADER_BYTES) : MISSING
  const card = [
    ...(listing.tags.includes('mlx') ? ['tags: [mlx]'] : []),
    ...(listing.licence === null ? [] : [`license: ${oneLine(listing.licence)}`]),
    ...(listing.baseModels.length === 0 ? [] : ['base_model:', ...listing.baseModels.map((name) => `  - ${oneLine(name)}`)]),
  ]
  return {
    files: files.map(({ path, sizeBytes, sha256, oid }) => ({
      path,
      sizeBytes,
      state: 'blob' as const,
      blob: sha256 ?? oid,
      mtimeMs: 0,
      ino: 0,
    })),
    json: {
      'config.json': config,
      'tokenizer_config.json': MISSING,
      'preprocessor_config.json': MISSING,
      'processor_config.json': MISSING,
      'model.safetensors.index.json': index,
      'pytorch_model.bin.index.json': MISSING,
    },
    weights,
    lfsPointers: [],
    pages: [],
    tree: null,
    readme: ['---', ...card, '---', ''].join('\n'),
    tokenizer: null,
    tokenizerHasTemplate: false,
  }
}
