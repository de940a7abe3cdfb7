import { randomBytes } from 'node:crypto'
import {
  lstatSync,
  mkdirSync,
  openSync,
  closeSync,
  fsyncSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
  readFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { AppError, toErrno } from '../../../shared/errors'
import type { HubFile } from '../hub'
import { makeFolders, type RepoPlaces } from './place'

/** Standard of bford.info/cachedir, as huggingface_hub writes it: back-up tools leave the folder out. */
const TAG_TEXT = 'Signature: 8a477f597d28d172789f06886806bc55\n# This file is a cache directory tag created by huggingface_hub.\n'
const REF_PART = /^[\w.+-][\w.+ -]*$/

function temporary(path: string): string {
  return `${path}.${randomBytes(4).toString('hex')}.tmp`
}

/** Temp, fsync, rename. Readable for everybody whom the umask lets: the cache is shared with other programs. */
function replaceFile(path: string, text: string): void {
  makeFolders(dirname(path))
  const temp = temporary(path)
  try {
    const descriptor = openSync(temp, 'wx', 0o666)
    try {
      writeSync(descriptor, text)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temp, path)
  } catch (error) {
    rmSync(temp, { force: true })
    throw error
  }
}

/** Makes a folder below another, each part a real folder: a link in its place could lead our files anywhere. @throws AppError hub_invalid */
export function makeInside(base: string, parts: readonly string[]): string {
  makeFolders(base)
  let path = base
  for (const part of parts) {
    path = join(path, part)
    try {
      mkdirSync(path)
    } catch (error) {
      if (toErrno(error) !== 'EEXIST') throw error
      if (!lstatSync(path).isDirectory())
        throw new AppError('not_removable', `${path} is in the way: it is no folder.`, { hint: 'Remove it, then try again.' })
    }
  }
  return path
}

/** Lets `snapshots/<commit>/<path>` lead to a blob. A real file in its place stays: caches without links have them. */
export function linkFile(places: RepoPlaces, commit: string, path: string, blob: string): void {
  const parts = path.split('/')
  const folder = makeInside(places.snapshots, [commit, ...parts.slice(0, -1)])
  const link = join(folder, parts.at(-1) ?? '')
  const target = relative(folder, join(places.blobs, blob))
  try {
    const there = lstatSync(link)
    if (!there.isSymbolicLink() || readlinkSync(link) === target) return
  } catch (error) {
    if (toErrno(error) !== 'ENOENT') throw error
  }
  const temp = temporary(link)
  symlinkSync(target, temp)
  try {
    renameSync(temp, link)
  } catch (error) {
    rmSync(temp, { force: true })
    throw error
  }
}

/** The text of `trees/<commit>.json`, format 1 of huggingface_hub: what the Hub has at this commit (hf-hub.md §2.4). */
export function formatTree(tree: readonly HubFile[]): string {
  const files = [...tree]
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, sizeBytes, oid, sha256, xetHash }) => {
      const large = sha256 === null ? {} : { lfs_sha256: sha256, lfs_size: sizeBytes }
      return [path, { size: sizeBytes, blob_id: oid, ...large, ...(xetHash === null ? {} : { xet_hash: xetHash }) }]
    })
  return JSON.stringify({ format_version: 1, files: Object.fromEntries(files) as Record<string, unknown> }, null, 1)
}

function isRefName(revision: string): boolean {
  return revision.split('/').every((part) => REF_PART.test(part) && !/^\.{1,2}$/.test(part) && !part.startsWith('-'))
}

/**
 * Makes a fetched revision visible: the list of its files, then its ref, last, so that a model that other programs see is whole
 * (hf-hub.md §2.10). A commit that was asked for by its hash gets no ref, as in huggingface_hub.
 */
export function publishRevision(
  places: RepoPlaces,
  root: string,
  { revision, commit, tree }: { revision: string; commit: string; tree: readonly HubFile[] },
): void {
  const tag = join(root, 'CACHEDIR.TAG')
  try {
    lstatSync(tag)
  } catch {
    replaceFile(tag, TAG_TEXT)
  }
  replaceFile(join(places.trees, `${commit}.json`), formatTree(tree))
  if (revision === commit || /^[0-9a-f]{40}$/.test(revision) || !isRefName(revision)) return
  const ref = join(places.refs, revision)
  try {
    if (readFileSync(ref, 'utf8') === commit) return
  } catch {
    // Not there: it is written now.
  }
  replaceFile(ref, commit)
}
