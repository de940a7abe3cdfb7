import { createHash } from 'node:crypto'
import { open, readdir, stat } from 'node:fs/promises'
import { isAbsolute, join, normalize } from 'node:path'
import type { CodeFile, ModelCode } from '../../../shared/contract'

/** What Python may load, whatever asks for it. */
const codeName = /\.(py|pyc|pyo|pyd|pyw|pyz|pth|so|dylib|egg|whl)$/i
const configNames = ['config.json', 'tokenizer_config.json', 'processor_config.json', 'preprocessor_config.json'] as const

const MAX_CONFIG_BYTES = 4 * 1024 * 1024
const MAX_FILES = 200
const MAX_BYTES = 64 * 1024 * 1024
const MAX_ENTRIES = 10_000
const MAX_DEPTH = 8

type Config = Record<string, unknown>

async function readConfig(path: string): Promise<Config> {
  try {
    const file = await open(path)
    try {
      if ((await file.stat()).size > MAX_CONFIG_BYTES) return {}
      const value: unknown = JSON.parse(await file.readFile('utf8'))
      return typeof value === 'object' && value !== null ? (value as Config) : {}
    } finally {
      await file.close()
    }
  } catch {
    return {}
  }
}

/** What in the configurations asks for code: `model_file` (mlx_lm) and `auto_map` (transformers). */
interface Asked {
  by: string
  /** `model_file`'s path; null for an `auto_map`. */
  file: string | null
  /** The repo of an `auto_map` that names another one. */
  foreign: string | null
}

async function findAsked(snapshotPath: string): Promise<Asked[]> {
  const asked: Asked[] = []
  for (const name of configNames) {
    const config = await readConfig(join(snapshotPath, name))
    const modelFile = config['model_file']
    if (name === 'config.json' && modelFile !== undefined && modelFile !== null) {
      const file = typeof modelFile === 'string' ? modelFile : ''
      asked.push({ by: `${name}: model_file ${JSON.stringify(modelFile).slice(0, 200)}`, file, foreign: null })
    }
    const map = config['auto_map']
    const references = typeof map === 'object' && map !== null ? Object.values(map).flat() : [map]
    for (const reference of references.slice(0, 50)) {
      if (typeof reference !== 'string') continue
      const foreign = reference.includes('--') ? (reference.split('--')[0] ?? '') : null
      asked.push({ by: `${name}: auto_map ${JSON.stringify(reference).slice(0, 200)}`, file: null, foreign })
    }
  }
  return asked
}

/** Paths of code files, relative, sorted; null when there are too many files to look at. */
async function findCodeFiles(root: string): Promise<string[] | null> {
  const found: string[] = []
  let entries = 0
  const walk = async (folder: string, depth: number): Promise<boolean> => {
    if (depth > MAX_DEPTH) return false
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      entries += 1
      if (entries > MAX_ENTRIES) return false
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      const isFolder = entry.isSymbolicLink() ? await isDirectory(join(root, path)) : entry.isDirectory()
      if (isFolder) {
        if (!(await walk(path, depth + 1))) return false
      } else if (codeName.test(entry.name)) found.push(path)
    }
    return true
  }
  const complete = await walk('', 0)
  return complete && found.length <= MAX_FILES ? found.sort() : null
}

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

/** Size and hash of each file; null when one cannot be read or all are too large. */
async function hashFiles(root: string, paths: readonly string[]): Promise<CodeFile[] | null> {
  const files: CodeFile[] = []
  let left = MAX_BYTES
  for (const path of paths) {
    const file = await open(join(root, path)).catch(() => null)
    if (file === null) return null
    try {
      const { size } = await file.stat()
      left -= size
      if (left < 0) return null
      const content = await file.readFile()
      files.push({ path, size_bytes: content.byteLength, sha256: createHash('sha256').update(content).digest('hex') })
    } catch {
      return null
    } finally {
      await file.close()
    }
  }
  return files
}

/** A path that stays in the folder, as Python's `model_path / model_file` would read it. */
function isInside(path: string): boolean {
  return path !== '' && !path.includes('\0') && !path.includes('\\') && !isAbsolute(path) && !normalize(path).startsWith('..')
}

/**
 * The code that a snapshot brings: what asks for it, and every file that Python could load, hashed. Bounded; runs nothing.
 * `obstacle` says why it cannot be trusted: code of another repo, outside of the folder, missing, or too much to look at.
 */
export async function inspectCode(subject: {
  name: string
  hash: string | null
  snapshotPath: string
}): Promise<Omit<ModelCode, 'trusted'>> {
  const { name, hash, snapshotPath } = subject
  const asked = await findAsked(snapshotPath)
  const wanted = asked.flatMap(({ file }) => (file === null ? [] : [file]))
  const found = await findCodeFiles(snapshotPath).catch(() => null)
  // `model_file` may have any ending.
  const paths = found === null ? null : [...new Set([...found, ...wanted.filter(isInside).map(normalize)])].sort()
  const files = paths === null ? null : await hashFiles(snapshotPath, paths)
  const foreign = asked.find((each) => each.foreign !== null)
  const outside = wanted.find((file) => !isInside(file))
  const obstacle =
    foreign !== undefined
      ? `It asks for code of another repository (${foreign.by}), which is not part of what would be trusted.`
      : outside !== undefined
        ? `It asks for a file outside of the model (${JSON.stringify(outside).slice(0, 200)}).`
        : files === null
          ? 'Its code is missing, cannot be read, or is too much to look at.'
          : null
  const askedBy = asked.map(({ by }) => by)
  const content = JSON.stringify([askedBy, (files ?? []).map(({ path, sha256 }) => [path, sha256])])
  return {
    name,
    hash,
    need: wanted.length > 0 ? 'required' : asked.length > 0 ? 'offered' : 'none',
    asked_by: askedBy,
    files: files ?? [],
    code_hash: createHash('sha256').update(content).digest('hex'),
    obstacle,
  }
}
