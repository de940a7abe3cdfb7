import { constants, copyFileSync, linkSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { AppError, toErrno } from '../../../shared/errors'
import { toFileError } from '../system'
import { hashFile, identify, type HashMemory } from '../verify'
import { makeFolders, repoPlaces } from './place'
import { isWeights } from './select'
import type { PlannedFile, PullPlan } from './types'

/**
 * What became of a file of the plan. `cloned`: shares its bytes on the disk until one of them is changed; `linked`: is the same file under
 * two names; `present`: was in the cache; `missing` and `different`: not in the folder, or not the Hub's bytes.
 */
export type ImportState = 'cloned' | 'linked' | 'copied' | 'present' | 'missing' | 'different'

export interface ImportedFile {
  path: string
  sizeBytes: number
  state: ImportState
}

export interface ImportDeps {
  hashes: Pick<HashMemory, 'learn' | 'save'>
  signal: AbortSignal
  /** A copy where the disk can neither share bytes nor name a file twice. */
  mayCopy: boolean
  onProgress: (progress: { path: string; doneBytes: number; totalBytes: number }) => void
  /** The calls to the system, so that disks that can do less can be tried. */
  io?: ImportIo
}

export interface ImportIo {
  clone: (from: string, to: string) => void
  link: (from: string, to: string) => void
  copy: (from: string, to: string) => void
}

const diskIo: ImportIo = {
  clone: (from, to) => copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE),
  link: linkSync,
  copy: (from, to) => copyFileSync(from, to, constants.COPYFILE_EXCL),
}

const TURN_BYTES = 16 * 1024 * 1024
/** The disk, or the pair of disks, cannot do it; anything else is a failure. */
const CANNOT = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'ENOSYS', 'EINVAL', 'ENOTTY', 'EPERM', 'EMLINK'])

async function hashOf(path: string, file: PlannedFile, signal: AbortSignal, tell: (bytes: number) => void): Promise<string | null> {
  const steps = hashFile({ path, algorithm: file.algorithm })
  let since = 0
  for (;;) {
    const step = steps.next()
    if (step.done === true) {
      const { value } = step
      // Not the Hub's bytes is one thing, bytes that nobody may read another.
      if (value.state === 'unreadable') throw toFileError(Object.assign(new Error(value.errno), { code: value.errno }), path)
      return value.state === 'ok' ? value.value : null
    }
    since += step.value
    if (since < TURN_BYTES) continue
    tell(since)
    since = 0
    await setImmediate()
    if (!signal.aborted) continue
    steps.return({ state: 'changed' })
    throw new AppError('cancelled', 'The import was stopped.', { hint: 'What is in the cache already stays there.' })
  }
}

function isThere(path: string, sizeBytes: number): boolean {
  try {
    const stats = statSync(path)
    return stats.isFile() && stats.size === sizeBytes
  } catch {
    return false
  }
}

/** A second name for the bytes, the safest that the disk has. Null: it has none. @throws AppError disk_full, permission_denied */
function place(from: string, to: string, { mayCopy, io = diskIo }: Pick<ImportDeps, 'mayCopy' | 'io'>): ImportState | null {
  const ways = [['cloned', io.clone], ['linked', io.link], ...(mayCopy ? [['copied', io.copy] as const] : [])] as const
  for (const [state, way] of ways) {
    try {
      rmSync(to, { force: true })
      way(from, to)
      return state
    } catch (error) {
      const errno = toErrno(error)
      if (errno === null || !CANNOT.has(errno)) throw toFileError(error, to)
    }
  }
  return null
}

/** Weights make the model: without them nothing was gained; the rest is small and can be fetched. */
function refuse(plan: PullPlan, folder: string, files: readonly ImportedFile[]): void {
  const bad = files.filter(({ path, state }) => isWeights(path) && (state === 'missing' || state === 'different'))
  if (bad.length === 0) return
  // What other programs keep beside MLX models, and what no renaming turns into one.
  const isGguf = bad.every(({ state }) => state === 'missing') && readdirSync(folder).some((name) => /\.gguf$/i.test(name))
  const words = bad.map(({ path, state }) => `${path} ${state === 'missing' ? 'is not there' : 'has other bytes'}`)
  throw new AppError(
    'not_imported',
    `${folder} is not ${plan.repo}@${plan.commit.slice(0, 8)}: ${words.slice(0, 3).join(', ')}${words.length > 3 ? ` and ${words.length - 3} more` : ''}.${isGguf ? ' Its weights are GGUF, which MLX models are not.' : ''}`,
    {
      hint: 'Nothing was changed. Name the repo and revision that it was made from, or fetch it: mlxk pull.',
      data: { files: bad.map(({ path, state }) => ({ path, state })) },
    },
  )
}

/**
 * Takes the files of a folder for those of a plan where their hashes are the Hub's: they get their place among the blobs without a second
 * copy. What is small and differs is left to be fetched.
 * @throws AppError not_imported (weights are missing or differ, or the disk can name no file twice), cancelled, disk_full, permission_denied
 */
export async function importFiles(plan: PullPlan, folder: string, deps: ImportDeps): Promise<ImportedFile[]> {
  const { hashes, signal, onProgress } = deps
  const { blobs } = repoPlaces(plan.root, plan.folder)
  const totalBytes = plan.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  let doneBytes = 0
  const found: (ImportedFile & { file: PlannedFile; source: string; identity: ReturnType<typeof identify> })[] = []
  // Everything is looked at before anything is written.
  for (const file of plan.files) {
    const source = join(folder, ...file.path.split('/'))
    const base = { path: file.path, sizeBytes: file.sizeBytes, file, source }
    const before = doneBytes
    const tell = (bytes: number): void => onProgress({ path: file.path, doneBytes: (doneBytes += bytes), totalBytes })
    if (file.state === 'present') found.push({ ...base, identity: null, state: 'present' })
    else if (!isThere(source, file.sizeBytes)) {
      const exists = statSync(source, { throwIfNoEntry: false }) !== undefined
      found.push({ ...base, identity: null, state: exists ? 'different' : 'missing' })
    } else {
      const identity = identify(source)
      const isSame = (await hashOf(source, file, signal, tell)) === file.blob
      found.push({ ...base, identity, state: isSame ? 'linked' : 'different' })
    }
    doneBytes = before + file.sizeBytes
    tell(0)
  }
  refuse(plan, folder, found)
  makeFolders(blobs)
  const done: ImportedFile[] = []
  for (const { file, source, identity, path, sizeBytes, state } of found) {
    if (state !== 'linked') {
      done.push({ path, sizeBytes, state })
      continue
    }
    const blob = join(blobs, file.blob)
    const temp = `${blob}.mlxk-import.tmp`
    try {
      // A second name for a link would be one for the link.
      const placed = place(realpathSync(source), temp, deps)
      if (placed === null)
        throw new AppError('not_imported', `${source} cannot be in the cache without a copy: it lies on another disk.`, {
          hint: 'Add --copy to copy the files.',
        })
      // Changed since it was hashed: then nothing is known of it.
      if (JSON.stringify(identify(source)) !== JSON.stringify(identity))
        throw new AppError('not_imported', `${source} was changed meanwhile.`, {
          hint: 'Close the program that writes to it, then try again.',
        })
      renameSync(temp, blob)
      const kept = identify(blob)
      if (kept !== null) hashes.learn(file.algorithm, kept, file.blob)
      done.push({ path, sizeBytes, state: placed })
    } finally {
      rmSync(temp, { force: true })
    }
  }
  await hashes.save()
  return done
}
