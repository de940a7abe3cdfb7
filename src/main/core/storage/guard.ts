import { accessSync, constants } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { RemovalPlan } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { CacheRoot } from '../cache'
import type { RepoTree } from './types'

/** @throws AppError permission_denied for a root that is only read */
export function refuseReadOnly(root: Pick<CacheRoot, 'path' | 'kind'>, name: string): void {
  if (root.kind !== 'extra') return
  throw new AppError('permission_denied', `${name} lies in ${root.path}, which MLX Knife only reads.`, {
    hint: 'Make this folder your cache (HF_HUB_CACHE) to change what is in it.',
  })
}

/** True for the name of a model's folder that, joined to a root, is a direct child of it (E114). */
export function isRepoFolder(root: string, folder: string): boolean {
  const path = join(root, folder)
  return /^models--[^/\0]+$/.test(folder) && dirname(path) === join(root) && basename(path) === folder
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Folders in which something is removed and where this user may not. */
export function findClosed(tree: RepoTree, touches: (path: string) => boolean): string[] {
  const filled = new Set(tree.entries.map(({ path }) => dirname(path)))
  const home = join(tree.root, tree.folder)
  const folders = tree.entries.filter(
    ({ path, kind, listed }) => kind === 'folder' && (filled.has(path) || !listed) && touches(path),
  )
  const closed = folders.filter(({ path }) => !mayWrite(join(home, path))).map(({ path }) => join(home, path))
  if (!mayWrite(tree.root)) closed.unshift(tree.root)
  if (tree.kind === 'folder' && !mayWrite(home)) closed.unshift(home)
  return closed
}

const isInside = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)

/**
 * Refuses before anything is touched what would be refused in the middle (E108).
 * @throws AppError permission_denied (data: paths)
 */
export function refuseClosed(plan: RemovalPlan, tree: RepoTree): void {
  const { revision } = plan
  const touches = (path: string): boolean =>
    plan.target === 'model' ||
    ['snapshots', 'blobs', 'refs', 'trees', '.no_exist'].includes(path) ||
    (revision !== null && (isInside(path, `snapshots/${revision}`) || isInside(path, `.no_exist/${revision}`)))
  const closed = findClosed(tree, touches)
  if (closed.length === 0) return
  throw new AppError('permission_denied', `MLX Knife may not remove what is in ${closed[0] ?? plan.folder}.`, {
    hint: 'Make the folder writable for you, or remove the model as the user who owns it.',
    data: { model: plan.name, paths: closed.slice(0, 20) },
  })
}
