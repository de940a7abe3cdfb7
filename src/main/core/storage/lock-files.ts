import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RemovalPlan } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { FileLocks } from '../system'
import { isFolder } from './aside'
import { removeEmpty, removeFile } from './remove-tree'
import type { LockFile } from './types'

/** A lock that nobody holds says for this long that somebody is at work (product.md §1). */
const YOUNG_MS = 60_000

/** Lock files of one model's downloads: exactly its folder's, never those of a model with a longer name (E105). */
export async function readLocks(root: string, folder: string, locks: FileLocks, now: number): Promise<LockFile[]> {
  const place = join(root, '.locks', folder)
  if (!isFolder(join(root, '.locks')) || !isFolder(place)) return []
  const files = listFiles(place)
  const states = await locks.probe(files.map(({ name }) => join(place, name)))
  return files.map(({ name, changedMs }, index) => ({
    path: `.locks/${folder}/${name}`,
    ageMs: now - changedMs,
    state: states[index] ?? 'unknown',
  }))
}

function listFiles(place: string): { name: string; changedMs: number }[] {
  try {
    return readdirSync(place)
      .sort()
      .flatMap((name) => {
        const stats = lstatSync(join(place, name), { throwIfNoEntry: false })
        return stats === undefined || !stats.isFile() ? [] : [{ name, changedMs: Math.max(stats.mtimeMs, stats.ctimeMs) }]
      })
  } catch {
    return []
  }
}

export const isYoung = ({ ageMs }: Pick<LockFile, 'ageMs'>): boolean => ageMs < YOUNG_MS

/**
 * What lock files say against removing a model: one that is held always, one that is not only while it is young and only without force.
 * @throws AppError busy, locks_present (data: lock_files)
 */
export function refuseForLocks(name: string, locks: RemovalPlan['locks'], force: boolean): void {
  const held = locks.filter(({ state }) => state === 'held')
  if (held.length > 0) {
    throw new AppError('busy', `${name} is being downloaded by another program.`, {
      hint: 'Wait until the download has ended, or end it, then try again.',
      data: { model: name, lock_files: held.map(({ path }) => path) },
    })
  }
  const young = locks.filter(({ age_seconds: age }) => age * 1000 < YOUNG_MS)
  if (young.length > 0 && !force) {
    throw new AppError('locks_present', `Lock files say that ${name} was in use less than a minute ago.`, {
      hint: 'Wait a minute, or remove it all the same with --force.',
      data: { model: name, lock_files: young.map(({ path }) => path) },
    })
  }
}

/**
 * Removes lock files, then their folder when it is empty. One that another took meanwhile stays.
 * @returns how many were removed
 */
export async function cleanLocks(root: string, folder: string, found: readonly LockFile[], locks: FileLocks): Promise<number> {
  const paths = found.map(({ path }) => join(root, path))
  const states = await locks.probe(paths)
  let cleaned = 0
  for (const [index, path] of paths.entries()) {
    if (states[index] === 'held') continue
    try {
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) continue
      await removeFile(path)
      cleaned += 1
    } catch {
      // Another user's: it says nothing and costs nothing.
    }
  }
  await removeEmpty(join(root, '.locks', folder))
  return cleaned
}
