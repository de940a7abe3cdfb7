import { mkdirSync, renameSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { FinishedRemoval, KeptBytes, Removal, RemovalPlan } from '../../../shared/contract'
import { toErrno } from '../../../shared/errors'
import type { FileLocks } from '../system'
import {
  closeRoom,
  findReposAside,
  findRevisionsAside,
  isFolder,
  isThere,
  moveRepoAside,
  moveRevisionAside,
  placeInRepo,
  type Aside,
} from './aside'
import { addBytes, NO_BYTES, type Bytes } from './count'
import { isUsed, linkDestination, parentsOf, readLayout } from './layout'
import { cleanLocks, readLocks } from './lock-files'
import { removeEmpty, removeFile, removeTree } from './remove-tree'
import { sweepPayload, type Swept } from './shared-store'
import { payloadKeyOf } from './store-key'
import { readRepoTree } from './tree'
import type { LockFile } from './types'

export interface RemovalTools {
  locks: FileLocks
  now: () => number
}

/** What was done, measured. */
export type Outcome = Pick<Removal, 'bytes_freed' | 'disk_bytes_freed' | 'kept' | 'lock_files_cleaned'>

/** Payloads that links in a folder lead to by their text, wherever that folder is by now. */
function findPayloads(root: string, folder: string, name: string): string[] {
  const { entries } = readRepoTree(folder, name, name)
  return entries.flatMap(({ kind, path, target }) => {
    if (kind !== 'link' || path.includes('/')) return []
    return payloadKeyOf(root, target ?? '') ?? []
  })
}

interface Stayed {
  path: string
  reason: NonNullable<Swept['kept']>
}

async function sweep(root: string, keys: readonly string[], locks: FileLocks): Promise<{ freed: Bytes; stayed: Stayed[] }> {
  let freed = NO_BYTES
  const stayed: Stayed[] = []
  for (const key of new Set(keys)) {
    const swept = await sweepPayload(root, key, locks)
    freed = addBytes(freed, swept)
    if (swept.kept !== null) stayed.push({ path: `blobs/${key}`, reason: swept.kept })
  }
  return { freed, stayed }
}

/** What a plan said would stay, and shared payloads that stayed although it said they would go. */
function toKept(plan: RemovalPlan | null, stayed: readonly Stayed[]): KeptBytes[] {
  const late = stayed.flatMap(({ path, reason }): KeptBytes[] => {
    const expected = plan?.payloads.find((payload) => payload.path === path)
    return expected === undefined ? [] : [{ path, size_bytes: expected.size_bytes, reason, used_by: [] }]
  })
  return [...(plan?.kept ?? []), ...late]
}

const toOutcome = (freed: Bytes, kept: KeptBytes[], cleaned: number): Outcome => ({
  bytes_freed: freed.sizeBytes,
  disk_bytes_freed: freed.diskBytes,
  kept,
  lock_files_cleaned: cleaned,
})

/**
 * Removes a model that was moved aside: first the payloads that only it used, while its links still say which, then the rest. Each step
 * may be the last before a kill; called again it goes on.
 */
async function finishRepo(
  root: string,
  { path, moved }: Aside,
  plan: RemovalPlan | null,
  locks: FileLocks,
): Promise<{ freed: Bytes; kept: KeptBytes[] }> {
  const keys = moved === null ? [] : findPayloads(root, join(path, moved), 'blobs')
  const swept = await sweep(root, keys, locks)
  const freed = addBytes(swept.freed, await removeTree(path))
  await closeRoom(path)
  return { freed, kept: toKept(plan, swept.stayed) }
}

async function removeModel(plan: RemovalPlan, tools: RemovalTools, found: readonly LockFile[]): Promise<Outcome> {
  const folder = basename(plan.folder)
  const hadLocks = isThere(join(plan.root, '.locks'))
  const room = await moveRepoAside(plan.root, folder)
  const cleaned = await cleanLocks(plan.root, folder, found, tools.locks)
  const { freed, kept } = await finishRepo(plan.root, { path: room, moved: folder }, plan, tools.locks)
  if (!hadLocks) await removeEmpty(join(plan.root, '.locks'))
  return toOutcome(freed, kept, cleaned)
}

/** Blobs that only the revision in a room used: its links say which, as they were in its old place. */
function findOwnBlobs(root: string, folder: string, room: Aside): string[] {
  const { moved } = room
  if (moved === null) return []
  const layout = readLayout(readRepoTree(root, folder, folder))
  // Not everything that may use a blob is known: none goes.
  if (!layout.complete || layout.revisions.some(({ complete, entry }) => !complete && entry.kind !== 'file')) return []
  const wanted = new Set<string>()
  for (const { kind, path, target } of readRepoTree(room.path, moved, moved).entries) {
    const destination = kind === 'link' ? linkDestination({ root, folder }, `snapshots/${moved}/${path}`, target ?? '') : null
    if (destination !== null) wanted.add(destination)
  }
  return layout.blobs
    .filter(({ path, kind }) => wanted.has(path) && (kind === 'file' || kind === 'link'))
    .filter(({ path }) => !layout.revisions.some(({ uses }) => isUsed(uses, path)))
    .map(({ path }) => path)
}

/** Lists that huggingface_hub keeps of a revision, unless it is there again. */
async function removeRecords(repo: string, hash: string): Promise<Bytes> {
  if (isThere(join(repo, 'snapshots', hash))) return NO_BYTES
  let freed = NO_BYTES
  if (isFolder(join(repo, 'trees')) && !isFolder(join(repo, 'trees', `${hash}.json`)))
    freed = await removeFile(join(repo, 'trees', `${hash}.json`))
  if (isFolder(join(repo, '.no_exist'))) freed = addBytes(freed, await removeTree(join(repo, '.no_exist', hash)))
  await removeEmpty(join(repo, '.no_exist'))
  return freed
}

/** Removes a revision that was moved aside, and what only it used. May be called again after a kill. */
async function finishRevision(
  root: string,
  folder: string,
  room: Aside,
  plan: RemovalPlan | null,
  locks: FileLocks,
): Promise<{ freed: Bytes; kept: KeptBytes[]; blobs: string[] }> {
  const repo = join(root, folder)
  const blobs = findOwnBlobs(root, folder, room)
  const hold = join(room.path, 'blobs')
  if (blobs.length > 0 && !isFolder(hold)) mkdirSync(hold)
  for (const path of blobs) {
    try {
      // Moved, not removed: a link still says which payload it was, should this run be killed before that is gone.
      renameSync(join(repo, path), join(hold, basename(path)))
    } catch (error) {
      if (toErrno(error) !== 'ENOENT') throw error
    }
  }
  const swept = await sweep(root, findPayloads(root, room.path, 'blobs'), locks)
  let freed = swept.freed
  if (room.moved !== null) freed = addBytes(freed, await removeRecords(repo, room.moved))
  freed = addBytes(freed, await removeTree(room.path))
  await closeRoom(room.path)
  return { freed, kept: toKept(plan, swept.stayed), blobs }
}

/** Refs go first: one that leads to a revision that is gone makes other tools drop the model. */
async function removeRefs(repo: string, refs: readonly string[]): Promise<Bytes> {
  let freed = NO_BYTES
  for (const ref of refs) {
    freed = addBytes(freed, await removeFile(join(repo, ref)))
    for (const parent of parentsOf(ref)) {
      if (parent === 'refs' || !(await removeEmpty(join(repo, parent)))) break
    }
  }
  return freed
}

async function removeRevision(plan: RemovalPlan, hash: string, tools: RemovalTools, found: readonly LockFile[]): Promise<Outcome> {
  const folder = basename(plan.folder)
  const refs = await removeRefs(plan.folder, plan.refs)
  const room = await moveRevisionAside(plan.folder, hash)
  const { freed, kept, blobs } = await finishRevision(plan.root, folder, { path: room, moved: hash }, plan, tools.locks)
  const names = new Set(blobs.map((path) => `${basename(path)}.lock`))
  const cleaned = await cleanLocks(
    plan.root,
    folder,
    found.filter(({ path }) => names.has(basename(path))),
    tools.locks,
  )
  return toOutcome(addBytes(refs, freed), kept, cleaned)
}

/**
 * Does what a plan says. At every moment the model is either there or not there for every tool: a model's folder, and a revision's, leaves
 * in one step, and is removed where nobody looks. A killed run is finished by `finishRemovals`.
 * The caller holds the model's lock, has made the plan under it, and has refused what must be refused.
 * @throws a file system error; before the first step nothing has changed, after it the next run goes on
 */
export async function executeRemoval(plan: RemovalPlan, found: readonly LockFile[], tools: RemovalTools): Promise<Outcome> {
  if (plan.target === 'link') {
    const freed = await removeFile(plan.folder)
    return toOutcome(freed, plan.kept, await cleanLocks(plan.root, basename(plan.folder), found, tools.locks))
  }
  const { revision } = plan
  return plan.target === 'model' || revision === null
    ? removeModel(plan, tools, found)
    : removeRevision(plan, revision, tools, found)
}

const toName = (folder: string): string => folder.slice(folder.indexOf('--') + 2).replaceAll('--', '/')

/** Removals of an earlier run that are not finished, in the order in which they are. */
export function findUnfinished(
  root: string,
  folders: readonly string[],
): { folder: string | null; revision: string | null; room: Aside; inRepo: boolean }[] {
  const repos = findReposAside(root).map((room) => ({ folder: room.moved, revision: null, room, inRepo: false }))
  const revisions = folders.flatMap((folder) =>
    findRevisionsAside(join(root, folder)).map((room) => ({ folder, revision: room.moved, room, inRepo: true })),
  )
  return [...repos, ...revisions]
}

/**
 * Finishes what an earlier run was kept from finishing. Whoever removes a model holds its lock, so one that `tryLock` cannot get is left.
 * @throws a file system error
 */
export async function finishRemovals(
  root: string,
  folders: readonly string[],
  tryLock: (folder: string) => Promise<(() => void) | null>,
  tools: RemovalTools,
): Promise<FinishedRemoval[]> {
  const done: FinishedRemoval[] = []
  for (const { folder, revision, room, inRepo } of findUnfinished(root, folders)) {
    const release = folder === null ? (): void => undefined : await tryLock(folder)
    if (release === null) continue
    try {
      let freed: Bytes
      if (inRepo && folder !== null) freed = (await finishRevision(root, folder, room, null, tools.locks)).freed
      else {
        // A model that was fetched again meanwhile needs its lock files.
        if (folder !== null && !isThere(join(root, folder))) {
          const old = (await readLocks(root, folder, tools.locks, tools.now())).filter(({ state }) => state !== 'held')
          await cleanLocks(root, folder, old, tools.locks)
        }
        freed = (await finishRepo(root, room, null, tools.locks)).freed
      }
      if (folder !== null)
        done.push({ name: toName(folder), revision, bytes_freed: freed.sizeBytes, disk_bytes_freed: freed.diskBytes })
    } finally {
      release()
    }
  }
  // Rooms that were never used.
  for (const place of [join(root, '.locks', '.mlxk-removed'), ...folders.map((folder) => placeInRepo(join(root, folder)))])
    await removeEmpty(place)
  return done
}
