import { createHash } from 'node:crypto'
import type { HubCommit, HubFile } from './repo'

type Item = Record<string, unknown> & { path: string }

const lastCommit = ({ id, title, date }: HubCommit): object => ({ id, title, date })

function fileItem(commit: HubCommit, file: HubFile, expand: boolean): Item {
  return {
    type: 'file',
    oid: file.oid,
    size: file.size,
    ...(file.lfs === null ? {} : { lfs: { oid: file.lfs.sha256, size: file.size, pointerSize: file.lfs.pointerSize } }),
    ...(file.xetHash === null ? {} : { xetHash: file.xetHash }),
    path: file.path,
    ...(expand ? { lastCommit: lastCommit(commit), securityFileStatus: { status: 'safe' } } : {}),
  }
}

function folderItem(commit: HubCommit, path: string, expand: boolean): Item {
  const oid = createHash('sha1').update(`${commit.id}\0${path}`).digest('hex')
  return { type: 'directory', oid, size: 0, path, ...(expand ? { lastCommit: lastCommit(commit) } : {}) }
}

/** Everything below `folder` ('' = the root), folders included, sorted by path; null when there is no such folder. */
export function listTree(commit: HubCommit, folder: string, options: { recursive: boolean; expand: boolean }): Item[] | null {
  const prefix = folder === '' ? '' : `${folder}/`
  const items = new Map<string, Item>()
  for (const file of commit.files.values()) {
    if (!file.path.startsWith(prefix)) continue
    const parts = file.path.slice(prefix.length).split('/')
    for (let depth = 1; depth < parts.length && (options.recursive || depth === 1); depth += 1) {
      const path = prefix + parts.slice(0, depth).join('/')
      items.set(path, folderItem(commit, path, options.expand))
    }
    if (options.recursive || parts.length === 1) items.set(file.path, fileItem(commit, file, options.expand))
  }
  if (items.size === 0 && folder !== '') return null
  return [...items.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** The items of these paths, in this order; what is not there is left out. */
export function listPaths(commit: HubCommit, paths: readonly string[], expand: boolean): Item[] {
  return paths.flatMap((path) => {
    const file = commit.files.get(path)
    if (file !== undefined) return [fileItem(commit, file, expand)]
    const isFolder = [...commit.files.keys()].some((each) => each.startsWith(`${path}/`))
    return isFolder ? [folderItem(commit, path, expand)] : []
  })
}
