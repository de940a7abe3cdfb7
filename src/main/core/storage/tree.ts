import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { toErrno } from '../../../shared/errors'
import type { RepoTree, TreeEntry } from './types'

/** A model has some hundred; what has more is not listed whole, and nothing of it is ever judged unused. */
const MAX_ENTRIES = 200_000
const MAX_DEPTH = 64
const MAX_REF_BYTES = 1024
const SLASH = Buffer.from('/')

type Walk = Pick<RepoTree, 'entries' | 'complete'>

function toEntry(path: string, kind: TreeEntry['kind'], stats: Stats | null, target: string | null): TreeEntry {
  const isFile = kind === 'file'
  return {
    path,
    kind,
    sizeBytes: isFile ? (stats?.size ?? 0) : 0,
    diskBytes: isFile ? (stats?.blocks ?? 0) * 512 : 0,
    dev: stats?.dev ?? 0,
    ino: stats?.ino ?? 0,
    nlink: isFile ? (stats?.nlink ?? 0) : 0,
    mtimeMs: stats?.mtimeMs ?? 0,
    target,
    listed: true,
  }
}

function readEntry(absolute: Buffer, path: string): TreeEntry | null {
  try {
    const stats = lstatSync(absolute)
    if (stats.isSymbolicLink()) return toEntry(path, 'link', null, readlinkSync(absolute))
    return toEntry(path, stats.isDirectory() ? 'folder' : stats.isFile() ? 'file' : 'other', stats, null)
  } catch (error) {
    // Gone between listing and looking is as if it had never been there.
    return toErrno(error) === 'ENOENT' ? null : { ...toEntry(path, 'other', null, null), listed: false }
  }
}

/** Paths are bytes: a name need not be UTF-8. */
function walk(folder: Buffer, prefix: string, depth: number, into: Walk): boolean {
  let names: Buffer[]
  try {
    names = readdirSync(folder, { encoding: 'buffer' })
  } catch (error) {
    return toErrno(error) === 'ENOENT'
  }
  for (const name of names) {
    if (into.entries.length >= MAX_ENTRIES) {
      into.complete = false
      return true
    }
    const absolute = Buffer.concat([folder, SLASH, name])
    const entry = readEntry(absolute, prefix + name.toString('utf8'))
    if (entry === null) continue
    into.entries.push(entry)
    if (entry.kind === 'folder') entry.listed = depth < MAX_DEPTH && walk(absolute, `${entry.path}/`, depth + 1, into)
    if (!entry.listed) into.complete = false
  }
  return true
}

function readRef(path: string, sizeBytes: number): string | null {
  try {
    return sizeBytes > MAX_REF_BYTES ? null : readFileSync(path, 'utf8').trim()
  } catch {
    return null
  }
}

/** Looks at everything in a model's folder, synchronously and bounded. Never follows a link, never throws. */
export function readRepoTree(root: string, folder: string, name: string): RepoTree {
  const path = join(root, folder)
  const tree: RepoTree = { root, folder, name, kind: 'missing', entries: [], refs: {}, complete: true }
  try {
    const stats = lstatSync(path)
    if (stats.isSymbolicLink()) return { ...tree, kind: 'link' }
    if (!stats.isDirectory()) return tree
  } catch (error) {
    return { ...tree, complete: toErrno(error) === 'ENOENT' }
  }
  tree.kind = 'folder'
  if (!walk(Buffer.from(path), '', 0, tree)) tree.complete = false
  for (const entry of tree.entries) {
    if (entry.kind === 'file' && entry.path.startsWith('refs/'))
      tree.refs[entry.path] = readRef(join(path, entry.path), entry.sizeBytes)
  }
  return tree
}
