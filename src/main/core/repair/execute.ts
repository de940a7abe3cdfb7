import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { RepairAction, RepairPlan, RepairResult } from '../../../shared/contract'
import { toErrno } from '../../../shared/errors'
import { findObstacle } from './guard'

/** Kept out of `refs/`, where other tools would read it as a ref, should we be killed before the rename. */
const TEMPORARY = /^\.mlxk-ref-[0-9a-f]{16}\.tmp$/

function kindOf(path: string): 'none' | 'link' | 'file' | 'other' {
  try {
    const stats = lstatSync(path)
    if (stats.isSymbolicLink()) return 'link'
    return stats.isFile() ? 'file' : 'other'
  } catch (error) {
    if (toErrno(error) === 'ENOENT') return 'none'
    throw error
  }
}

/** Why nothing was removed, or null. What is gone already is as it should be. `sizeBytes`: of the file that was judged. */
function remove(path: string, wanted: 'link' | 'file', sizeBytes?: number): string | null {
  const kind = kindOf(path)
  if (kind === 'none') return null
  if (kind !== wanted) return `It is no ${wanted} any more.`
  if (sizeBytes !== undefined && lstatSync(path).size !== sizeBytes) return 'It has changed meanwhile.'
  unlinkSync(path)
  return null
}

function createLink(path: string, target: string): string | null {
  const kind = kindOf(path)
  if (kind === 'link' && readlinkSync(path) === target) return null
  if (kind !== 'none') return 'Something is there by now.'
  const payload = join(dirname(path), target)
  if (kindOf(payload) === 'none') return 'The blob that it leads to is gone.'
  mkdirSync(dirname(path), { recursive: true })
  // Fails when it was made meanwhile, by whomever.
  symlinkSync(target, path)
  return null
}

function writeRef(folder: string, path: string, commit: string): string | null {
  const kind = kindOf(join(folder, path))
  if (kind === 'link' || kind === 'other') return 'It is no file.'
  if (kindOf(join(folder, 'snapshots', commit)) !== 'other') return 'The revision is gone.'
  const temporary = join(folder, `.mlxk-ref-${randomBytes(8).toString('hex')}.tmp`)
  const descriptor = openSync(temporary, 'wx')
  try {
    // Forty digits and no line end: what huggingface_hub writes and reads.
    writeSync(descriptor, commit)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  mkdirSync(join(folder, 'refs'), { recursive: true })
  renameSync(temporary, join(folder, path))
  return null
}

function act(folder: string, { kind, path, target, size_bytes: sizeBytes }: RepairAction): string | null {
  const absolute = join(folder, path)
  switch (kind) {
    case 'remove_link':
      return remove(absolute, 'link')
    case 'remove_file':
    case 'remove_blob':
      return remove(absolute, 'file', sizeBytes)
    case 'create_link':
      return createLink(absolute, target ?? '')
    case 'write_ref':
      break
  }
  return writeRef(folder, path, target ?? '')
}

/** What an earlier run left when it was killed. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) if (TEMPORARY.test(name)) remove(join(folder, name), 'file')
}

function describe(error: unknown): string {
  const errno = toErrno(error)
  if (errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS') return 'It may not be changed.'
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return 'There is no space left.'
  return errno === null ? 'It could not be changed.' : `It could not be changed (${errno}).`
}

/**
 * Does a plan's steps, one by one, under the model's lock. Each is whole or not done, so a kill at any moment leaves a model that a new plan
 * mends; doing a plan twice does nothing the second time. Never throws, never follows a link, never leaves the model's folder.
 * While a link could not be removed, no blob is: it might be the one.
 */
export function executePlan(plan: RepairPlan): Pick<RepairResult, 'done' | 'skipped' | 'size_bytes_freed'> {
  const done: RepairAction[] = []
  const skipped: RepairResult['skipped'] = []
  let freed = 0
  let linksKept = false
  try {
    sweep(plan.folder)
  } catch {
    // Each step will say for itself what keeps it from being done.
  }
  for (const action of plan.actions) {
    const isBlob = action.path.startsWith('blobs/')
    let reason = isBlob && linksKept ? 'A link to it could not be removed.' : findObstacle(plan.folder, action.path)
    if (reason === null) {
      try {
        reason = act(plan.folder, action)
      } catch (error) {
        reason = describe(error)
      }
    }
    if (reason === null) {
      done.push(action)
      freed += action.size_bytes
    } else {
      linksKept ||= action.kind === 'remove_link'
      skipped.push({ action, reason })
    }
  }
  return { done, skipped, size_bytes_freed: freed }
}
