import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
  type Dirent,
  type Stats,
} from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { toErrno } from '../../../shared/errors'
import { toRepoName } from './names'
import type { CacheRoot, ScannedBlob, ScannedFile, ScannedRepo, ScannedSnapshot } from './types'

/** A snapshot with more is not a model's; the rest is left out and said so. */
const MAX_FILES = 20_000
const MAX_DEPTH = 16
/** Refs hold 40 characters. */
const MAX_REF_BYTES = 1024
const MAX_REFS = 1000

type BlobEntry = ScannedBlob | { name: string; outside: true }

/** Why a folder or file cannot be read, as part of a sentence. */
export function describeErrno(error: unknown): string {
  const errno = toErrno(error)
  if (errno === 'EACCES' || errno === 'EPERM') return 'it may not be read'
  if (errno === 'ENOENT') return 'it does not exist'
  if (errno === 'ENOTDIR') return 'it is not a folder'
  if (errno === 'ELOOP') return 'its links lead in a circle'
  return errno === null ? 'it cannot be read' : `it cannot be read (${errno})`
}

/** Null when the folder is not there. @throws a file system error for everything else */
function listFolder(path: string): Dirent[] | null {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch (error) {
    if (toErrno(error) === 'ENOENT') return null
    throw error
  }
}

/** As `listFolder`, for those that look at everything in it anyway; empty when the folder is not there. */
function listNames(path: string): string[] {
  try {
    return readdirSync(path)
  } catch (error) {
    if (toErrno(error) === 'ENOENT') return []
    throw error
  }
}

function statOrNull(read: (path: string) => Stats, path: string): Stats | null {
  try {
    return read(path)
  } catch {
    return null
  }
}

/** `blobs/<name>`: a file, or a link into the shared store `../../blobs/<xx>/<hash>`; any other link is not followed. */
function scanBlob(root: string, repo: string, name: string): BlobEntry | null {
  const path = `${repo}/blobs/${name}`
  let stats = statOrNull(lstatSync, path)
  if (stats === null) return null
  const shared = kindOf(stats) === constants.S_IFLNK
  if (shared) {
    const target = linkTarget(path)
    if (target === null) return null
    const payload = resolve(repo, 'blobs', target)
    const store = join(root, 'blobs') + sep
    if (!payload.startsWith(store) || !/^[0-9a-f]{2}[/][0-9a-f]{64}$/.test(payload.slice(store.length)))
      return { name, outside: true }
    stats = statOrNull(lstatSync, payload)
  }
  if (stats === null || kindOf(stats) !== constants.S_IFREG) return null
  return { name, sizeBytes: stats.size, mtimeMs: stats.mtimeMs, ino: stats.ino, shared }
}

/** As `isFile()` and its kind, which cost as much as the call to the system. */
const kindOf = ({ mode }: Stats): number => mode & constants.S_IFMT

function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}

interface RepoContext {
  path: string
  blobs: Map<string, BlobEntry>
  /** Folders at the top that are not part of the model. */
  skip?: ReadonlySet<string>
}

function file(
  path: string,
  state: ScannedFile['state'],
  stats?: Pick<Stats, 'size' | 'mtimeMs' | 'ino'>,
  blob?: string,
): ScannedFile {
  return { path, state, sizeBytes: stats?.size ?? 0, blob: blob ?? null, mtimeMs: stats?.mtimeMs ?? 0, ino: stats?.ino ?? 0 }
}

/** A link that does not name a blob of its repo: followed only as long as it stays inside. */
function scanOddLink(context: RepoContext, absolute: string, path: string): ScannedFile {
  try {
    const real = realpathSync(absolute)
    const home = realpathSync(context.path)
    const stats = statSync(real)
    return real.startsWith(home + sep) && stats.isFile() ? file(path, 'regular', stats) : file(path, 'outside')
  } catch (error) {
    const errno = toErrno(error)
    return file(path, errno === 'ENOENT' || errno === 'ELOOP' ? 'dangling' : 'unreadable')
  }
}

/** Name of the blob that a link names, by its text alone; empty or a path when it names none. */
function blobNameOf(context: RepoContext, folder: string, target: string, depth: number): string {
  // Nearly every link looks like this, and resolving paths is the dearest part of a scan.
  const usual = depth === 0 ? '../../blobs/' : `${'../'.repeat(depth + 2)}blobs/`
  if (target.startsWith(usual) && !target.includes('/', usual.length)) {
    const name = target.slice(usual.length)
    return name === '.' || name === '..' ? '' : name
  }
  const pointed = resolve(folder, target)
  const blobsFolder = join(context.path, 'blobs') + sep
  return pointed.startsWith(blobsFolder) ? pointed.slice(blobsFolder.length) : ''
}

function scanLink(context: RepoContext, folder: string, absolute: string, path: string, depth: number): ScannedFile | null {
  const target = linkTarget(absolute)
  if (target === null) return null
  const name = blobNameOf(context, folder, target, depth)
  if (name === '' || name.includes(sep)) return scanOddLink(context, absolute, path)
  const blob = context.blobs.get(name)
  if (blob === undefined) return file(path, 'dangling', undefined, name)
  if ('outside' in blob) return file(path, 'outside', undefined, name)
  // The blob's own name: a part of the link's text would keep the whole of it in memory.
  return { path, state: 'blob', sizeBytes: blob.sizeBytes, blob: blob.name, mtimeMs: blob.mtimeMs, ino: blob.ino }
}

/** Files of one folder and those below; links to folders are not followed. Adds to `files`; false when a bound was met. */
function walk(context: RepoContext, folder: string, prefix: string, depth: number, files: ScannedFile[]): boolean {
  for (const entry of listFolder(folder) ?? []) {
    if (files.length >= MAX_FILES) return false
    const absolute = folder + sep + entry.name
    const path = prefix + entry.name
    if (entry.isDirectory()) {
      if (depth === 0 && context.skip?.has(entry.name) === true) continue
      if (depth >= MAX_DEPTH || !walk(context, absolute, `${path}/`, depth + 1, files)) return false
    } else if (entry.isSymbolicLink()) {
      const scanned = scanLink(context, folder, absolute, path, depth)
      if (scanned !== null) files.push(scanned)
    } else if (entry.isFile()) {
      const stats = statOrNull(lstatSync, absolute)
      if (stats !== null) files.push(file(path, 'regular', stats))
    }
  }
  return true
}

/** What tools keep in a folder with a model beside the model. */
const TOOL_FOLDERS: ReadonlySet<string> = new Set(['.git', '.cache', '.hf_cache', '.venv'])

/** A folder of files as if it were a snapshot; its `hash` is empty. Links are followed as long as they stay in it. Never throws. */
export function scanFolder(path: string): ScannedSnapshot {
  return scanSnapshot({ path, blobs: new Map(), skip: TOOL_FOLDERS }, '', path)
}

function scanSnapshot(context: RepoContext, hash: string, path = join(context.path, 'snapshots', hash)): ScannedSnapshot {
  const files: ScannedFile[] = []
  let problem: string | null = null
  try {
    if (!walk(context, path, '', 0, files))
      problem = `The revision holds more than ${MAX_FILES} files or ${MAX_DEPTH} levels of folders.`
  } catch (error) {
    problem = `A folder of the snapshot cannot be listed: ${describeErrno(error)}.`
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return { hash, path, mtimeMs: statOrNull(lstatSync, path)?.mtimeMs ?? 0, files, problem }
}

/** Text of a ref, white space and all; empty when it is too long for a revision: a ref to none. Null when it is gone or not to be read. */
function readRef(path: string, buffer: Buffer): string | null {
  let descriptor: number | null = null
  try {
    // Never waits for a writer, should it have become a pipe.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const count = readSync(descriptor, buffer, 0, buffer.length, 0)
    return count > MAX_REF_BYTES ? '' : buffer.toString('utf8', 0, count)
  } catch {
    return null
  } finally {
    if (descriptor !== null) closeSync(descriptor)
  }
}

/** `refs/`, also nested ones such as `refs/refs/pr/1`. */
function scanRefs(repo: ScannedRepo, entries: readonly Dirent[], folder: string, prefix: string, depth: number): void {
  const buffer = Buffer.allocUnsafe(MAX_REF_BYTES + 1)
  for (const entry of entries) {
    if (Object.keys(repo.refs).length >= MAX_REFS) return
    const path = folder + sep + entry.name
    const name = prefix + entry.name
    if (entry.isDirectory() && depth < MAX_DEPTH) scanRefs(repo, listFolder(path) ?? [], path, `${name}/`, depth + 1)
    const text = entry.isFile() ? readRef(path, buffer) : null
    if (text === null) continue
    repo.refs[name] = text.trim()
    if (text !== text.trim()) repo.untidyRefs.push(name)
  }
}

/** As `listFolder`; a file in place of the folder is a stray. */
function listOwnFolder(repo: ScannedRepo, name: 'refs' | 'snapshots'): Dirent[] | null {
  try {
    return listFolder(join(repo.path, name))
  } catch (error) {
    if (toErrno(error) !== 'ENOTDIR') throw error
    repo.strays.push(name)
    return null
  }
}

/** Fills `repo`. @throws a file system error when one of its folders is there and cannot be listed */
function scanInside(repo: ScannedRepo): void {
  const context: RepoContext = { path: repo.path, blobs: new Map() }
  for (const name of listNames(`${repo.path}/blobs`)) {
    const blob = scanBlob(repo.root.path, repo.path, name)
    if (blob === null) continue
    if (!('outside' in blob) && name.endsWith('.incomplete'))
      repo.partials.push({ name, sizeBytes: blob.sizeBytes, mtimeMs: blob.mtimeMs })
    else context.blobs.set(name, blob)
  }
  repo.blobs = [...context.blobs.values()].filter((blob): blob is ScannedBlob => !('outside' in blob))
  scanRefs(repo, listOwnFolder(repo, 'refs') ?? [], join(repo.path, 'refs'), '', 0)
  const entries = listOwnFolder(repo, 'snapshots')
  // A link to a folder may be somebody's way to put a revision on another disk; it is not followed, and no stray either.
  for (const entry of entries ?? []) if (entry.isFile()) repo.strays.push(`snapshots/${entry.name}`)
  repo.hasSnapshots = entries !== null
  repo.snapshots = (entries ?? [])
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map((hash) => scanSnapshot(context, hash))
}

/** Looks at one model folder once. Never throws: what cannot be read is in `problem`. */
export function scanRepo(root: CacheRoot, folder: string): ScannedRepo {
  const path = join(root.path, folder)
  const repo: ScannedRepo = {
    folder,
    name: toRepoName(folder) ?? folder,
    path,
    root,
    mtimeMs: 0,
    problem: null,
    hasSnapshots: false,
    snapshots: [],
    refs: {},
    untidyRefs: [],
    strays: [],
    blobs: [],
    partials: [],
  }
  try {
    repo.mtimeMs = statSync(path).mtimeMs
    scanInside(repo)
  } catch (error) {
    repo.problem = `The model's folder cannot be read: ${describeErrno(error)}.`
  }
  return repo
}
