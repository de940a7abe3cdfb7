import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { toErrno } from '../../../shared/errors'
import { toRepoFolder } from '../cache'
import type { ModelFiles } from './scripted-model'

export interface WrittenRepo {
  name: string
  /** 40 hex digits, made from the content: the same files always give the same commit. */
  commit: string
  snapshotPath: string
  /** False when everything was there already. */
  changed: boolean
}

interface Entry {
  path: string
  content: Buffer
  /** Name of the blob: SHA-256 for weights, as for LFS files on the Hub, git's blob hash for the rest. */
  etag: string
  /** The file's entry in `trees/<commit>.json`. */
  tree: Record<string, string | number>
}

/** Partials of a writer that died are swept after this. */
const STALE_MS = 60_000

const CACHE_TAG = 'Signature: 8a477f597d28d172789f06886806bc55\n# This directory is a cache of Hugging Face repositories.\n'

function gitHash(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
}

function toEntry(path: string, content: Buffer): Entry {
  if (!path.endsWith('.safetensors')) {
    const etag = gitHash(content)
    return { path, content, etag, tree: { size: content.length, blob_id: etag } }
  }
  const etag = createHash('sha256').update(content).digest('hex')
  const pointer = Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${etag}\nsize ${content.length}\n`)
  const tree = { size: content.length, blob_id: gitHash(pointer), lfs_sha256: etag, lfs_size: content.length }
  return { path, content, etag, tree }
}

async function hasContent(path: string, content: Buffer): Promise<boolean> {
  try {
    return (await stat(path)).size === content.length && (await readFile(path)).equals(content)
  } catch {
    return false
  }
}

async function linkTarget(path: string): Promise<string | null> {
  try {
    return await readlink(path)
  } catch {
    return null
  }
}

/** Writes through a partial in `blobs`, named as Python names its own, so that a kill leaves nothing but what every tool knows. */
async function writeAtomically(blobs: string, target: string, content: Buffer): Promise<boolean> {
  if (await hasContent(target, content)) return false
  const partial = join(blobs, `${createHash('sha1').update(target).digest('hex')}.${randomBytes(4).toString('hex')}.incomplete`)
  await mkdir(dirname(target), { recursive: true })
  const file = await open(partial, 'wx', 0o644)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(partial, target)
  return true
}

async function link(blobs: string, path: string, etag: string): Promise<boolean> {
  const target = relative(dirname(path), join(blobs, etag))
  if ((await linkTarget(path)) === target) return false
  await mkdir(dirname(path), { recursive: true })
  await rm(path, { recursive: true, force: true })
  try {
    await symlink(target, path)
  } catch (error) {
    // Another process writes the same model: the same link.
    if (toErrno(error) !== 'EEXIST') throw error
  }
  return true
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch {
    return []
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > STALE_MS
  } catch {
    // Another writer has just finished it.
    return false
  }
}

/** Removes what a writer that died left behind, and revisions that are no longer written. */
async function sweep(repo: string, keep: { blobs: ReadonlySet<string>; commit: string }): Promise<void> {
  for (const name of await namesIn(join(repo, 'blobs'))) {
    const path = join(repo, 'blobs', name)
    const partial = name.endsWith('.incomplete')
    if (partial ? await isStale(path) : !keep.blobs.has(name)) await rm(path, { force: true })
  }
  for (const name of await namesIn(join(repo, 'snapshots'))) {
    if (name !== keep.commit) await rm(join(repo, 'snapshots', name), { recursive: true, force: true })
  }
  for (const name of await namesIn(join(repo, 'trees'))) {
    if (name !== `${keep.commit}.json`) await rm(join(repo, 'trees', name), { force: true })
  }
}

/**
 * Writes one model as the only revision of its repo, in the layout of huggingface_hub: blobs, relative links, `trees/<commit>.json`,
 * then `refs/main`. What is there and right stays untouched; what is missing or wrong is written anew.
 */
export async function writeRepo(hubDir: string, name: string, files: ModelFiles): Promise<WrittenRepo> {
  const repo = join(hubDir, toRepoFolder(name))
  const blobs = join(repo, 'blobs')
  const entries = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, content]) => toEntry(path, content))
  const tree = JSON.stringify(
    { format_version: 1, files: Object.fromEntries(entries.map((entry) => [entry.path, entry.tree])) },
    null,
    1,
  )
  const commit = createHash('sha1').update(`${name}\0${tree}`).digest('hex')
  const snapshotPath = join(repo, 'snapshots', commit)

  await mkdir(blobs, { recursive: true })
  let changed = await writeAtomically(blobs, join(hubDir, 'CACHEDIR.TAG'), Buffer.from(CACHE_TAG))
  for (const { content, etag } of entries) changed = (await writeAtomically(blobs, join(blobs, etag), content)) || changed
  for (const { path, etag } of entries) changed = (await link(blobs, join(snapshotPath, path), etag)) || changed
  changed = (await writeAtomically(blobs, join(repo, 'trees', `${commit}.json`), Buffer.from(tree))) || changed
  changed = (await writeAtomically(blobs, join(repo, 'refs', 'main'), Buffer.from(commit))) || changed
  await sweep(repo, { blobs: new Set(entries.map(({ etag }) => etag)), commit })
  return { name, commit, snapshotPath, changed }
}

/** Removes one repo. It leaves the list at once: it is renamed to a name that no tool takes for a model first. */
export async function removeRepo(hubDir: string, folder: string): Promise<void> {
  const gone = join(hubDir, `.removed-${randomBytes(4).toString('hex')}`)
  try {
    await rename(join(hubDir, folder), gone)
  } catch (error) {
    if (toErrno(error) !== 'ENOENT') throw error
  }
  for (const name of await namesIn(hubDir)) {
    if (name.startsWith('.removed-')) await rm(join(hubDir, name), { recursive: true, force: true })
  }
}
