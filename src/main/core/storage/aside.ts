import { randomBytes } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { toErrno } from '../../../shared/errors'
import { ASIDE } from './layout'
import { removeEmpty } from './remove-tree'

const NONCE = /^[0-9a-f]{16}$/

/** Something that was moved out of the others' sight to be removed, and is still there. */
export interface Aside {
  /** Absolute: `…/.mlxk-removed/<nonce>`. */
  path: string
  /** Name of what was moved: a model's folder, or a revision. Null when the run was killed before moving anything. */
  moved: string | null
}

/** `.locks` is the one folder of a root into which no tool looks for models. */
const hiddenPlace = (root: string): string => join(root, '.locks', ASIDE)
/** Where `.locks` cannot be used. Should we be killed, other tools mention the folder until the next run. */
const plainPlace = (root: string): string => join(root, ASIDE)
/** In a model's folder other tools read only `refs`, `snapshots` and `blobs`. */
export const placeInRepo = (repo: string): string => join(repo, ASIDE)

/** True for a folder that is no link. */
export function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory()
  } catch {
    return false
  }
}

/** True when there is a name, whatever it is. */
export function isThere(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    return false
  }
}

/** Makes `<place>/<nonce>`; every folder on the way is a folder of its own. @throws a file system error */
function makeRoom(place: string, above: readonly string[]): string {
  for (const folder of [...above, place]) {
    try {
      mkdirSync(folder)
    } catch (error) {
      if (toErrno(error) !== 'EEXIST') throw error
    }
    if (!isFolder(folder)) throw Object.assign(new Error(`${folder} is no folder of its own`), { code: 'ENOTDIR' })
  }
  const room = join(place, randomBytes(8).toString('hex'))
  mkdirSync(room)
  return room
}

/**
 * Moves something out of sight in one step: before it everything is as it was, after it nothing of it is seen.
 * @returns where it is now
 * @throws a file system error, and then nothing has moved
 */
async function moveTo(place: string, above: readonly string[], from: string, name: string): Promise<string> {
  const made = above.filter((folder) => !isThere(folder))
  let room: string | null = null
  try {
    room = makeRoom(place, above)
    renameSync(from, join(room, name))
    return room
  } catch (error) {
    for (const folder of [...(room === null ? [] : [room]), place, ...made]) await removeEmpty(folder)
    throw error
  }
}

/** Moves a whole model aside. @throws a file system error, and then nothing has moved */
export async function moveRepoAside(root: string, folder: string): Promise<string> {
  const from = join(root, folder)
  try {
    return await moveTo(hiddenPlace(root), [join(root, '.locks')], from, folder)
  } catch (error) {
    // A `.locks` that is another user's, a link or another volume.
    if (!['EACCES', 'EPERM', 'EXDEV', 'ENOTDIR', 'EROFS'].includes(toErrno(error) ?? '')) throw error
    return moveTo(plainPlace(root), [], from, folder)
  }
}

/** Moves a revision aside. @throws a file system error, and then nothing has moved */
export function moveRevisionAside(repo: string, hash: string): Promise<string> {
  return moveTo(placeInRepo(repo), [], join(repo, 'snapshots', hash), hash)
}

function listRooms(place: string, isMoved: (name: string) => boolean): Aside[] {
  if (!isFolder(place)) return []
  return listNames(place)
    .filter((name) => NONCE.test(name) && isFolder(join(place, name)))
    .map((name) => ({ path: join(place, name), moved: listNames(join(place, name)).find(isMoved) ?? null }))
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

/** Models that an earlier run moved aside and did not remove. */
export function findReposAside(root: string): Aside[] {
  const hidden = isFolder(join(root, '.locks')) ? listRooms(hiddenPlace(root), isRepoFolder) : []
  return [...hidden, ...listRooms(plainPlace(root), isRepoFolder)]
}

/** Revisions that an earlier run moved aside and did not remove. `blobs` is the room's own folder. */
export function findRevisionsAside(repo: string): Aside[] {
  return isFolder(repo) ? listRooms(placeInRepo(repo), (name) => name !== 'blobs') : []
}

/** Removes what is left of a room and of the places above it that only we use, as far as they are empty. */
export async function closeRoom(room: Aside['path']): Promise<void> {
  await removeEmpty(room)
  await removeEmpty(join(room, '..'))
}

const isRepoFolder = (name: string): boolean => /^models--[^/]+$/.test(name)
