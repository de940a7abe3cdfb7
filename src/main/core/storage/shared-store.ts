import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  unlinkSync,
  writeSync,
  type Stats,
} from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { toErrno } from '../../../shared/errors'
import type { FileLocks } from '../system'
import { isPayloadKey, payloadKeyOf } from './store-key'
import type { RepoTree, SharedPayload } from './types'

/** Content of the marker without which a folder `blobs` in a root is not the store (hf-hub.md §2.9). */
const MARKER = '.huggingface-shared-blobs'
const REFERENCE = /^(models|datasets|spaces|kernels)--[^/]+\/blobs\/[^/]+$/
const MAX_MANIFEST_BYTES = 16_000_000

function lstatOrNull(path: string): Stats | null {
  try {
    return lstatSync(path)
  } catch {
    return null
  }
}

export const markerOf = (root: string): string => join(root, 'blobs', MARKER)

/** True when the root has a store that its makers marked as theirs. */
export function hasStore(root: string): boolean {
  const store = join(root, 'blobs')
  try {
    return (
      lstatOrNull(store)?.isDirectory() === true &&
      lstatSync(join(store, MARKER)).isFile() &&
      readFileSync(join(store, MARKER), 'utf8') === '1\n'
    )
  } catch {
    return false
  }
}

function keyOfLink(root: string, reference: string): string | null {
  try {
    return payloadKeyOf(root, readlinkSync(join(root, reference)))
  } catch (error) {
    const errno = toErrno(error)
    // EINVAL: a file. What cannot be asked may well be a reference.
    if (errno === 'ENOENT' || errno === 'EINVAL' || errno === 'ENOTDIR') return null
    throw error
  }
}

/** Links that lead to a payload, by its list; null when the list is missing, not readable or cannot be checked. */
function readReferences(root: string, key: string): string[] | null {
  const path = join(root, 'blobs', `${key}.refs`)
  try {
    const stats = lstatSync(path)
    if (!stats.isFile() || stats.size > MAX_MANIFEST_BYTES) return null
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
    const lines = new Set(text.split(/\r?\n/).filter((line) => REFERENCE.test(line) && !line.split('/').includes('..')))
    return [...lines].filter((line) => keyOfLink(root, line) === key).sort()
  } catch {
    return null
  }
}

/** Links into the store of every repo in the root, by payload: the lists of references are only a hint of their makers. */
export function findStoreLinks(root: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const folder of listNames(root)) {
    if (!/^(models|datasets|spaces|kernels)--/.test(folder)) continue
    for (const name of listNames(join(root, folder, 'blobs'), (entry) => entry.isSymbolicLink())) {
      const reference = `${folder}/blobs/${name}`
      let key: string | null = null
      try {
        key = keyOfLink(root, reference)
      } catch {
        // Not readable: the list of references has the word.
      }
      if (key !== null) found.set(key, [...(found.get(key) ?? []), reference])
    }
  }
  return found
}

function listNames(path: string, keep: (entry: { isSymbolicLink: () => boolean }) => boolean = () => true): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter(keep)
      .map(({ name }) => name)
  } catch {
    return []
  }
}

/** One payload as it is now; null when it is not there. */
export function readPayload(root: string, key: string, links: ReadonlyMap<string, readonly string[]>): SharedPayload | null {
  const stats = lstatOrNull(join(root, 'blobs', key))
  if (stats?.isFile() !== true) return null
  const listed = readReferences(root, key)
  const references = listed === null ? null : [...new Set([...listed, ...(links.get(key) ?? [])])].sort()
  return { key, sizeBytes: stats.size, diskBytes: stats.blocks * 512, nlink: stats.nlink, references }
}

/** The payloads that a model's blobs lead to, by the blob's path. Without a marked store there are none. */
export function readPayloads(tree: RepoTree, links: ReadonlyMap<string, readonly string[]>): Map<string, SharedPayload> {
  const found = new Map<string, SharedPayload>()
  for (const { path, kind, target } of tree.entries) {
    if (kind !== 'link' || !/^blobs\/[^/]+$/.test(path)) continue
    const key = payloadKeyOf(tree.root, target ?? '')
    const payload = key === null ? null : readPayload(tree.root, key, links)
    if (payload !== null) found.set(path, payload)
  }
  return found
}

/** Payloads to which no link leads, with a readable list of references that says so too; and lists whose payload is gone. */
export function findUnreferenced(root: string, links: ReadonlyMap<string, readonly string[]>): SharedPayload[] {
  if (!hasStore(root)) return []
  const payloads = listKeys(root)
  const unused = payloads.flatMap((key) => {
    const payload = readPayload(root, key, links)
    return payload?.references?.length === 0 ? [payload] : []
  })
  const there = new Set(payloads)
  const left = listKeys(root, '.refs').filter((key) => !there.has(key) && !links.has(key))
  return [...unused, ...left.map((key) => ({ key, sizeBytes: 0, diskBytes: 0, nlink: 1, references: [] }))]
}

/** Every payload of a marked store, or every other file beside one, by its suffix. */
function listKeys(root: string, suffix = ''): string[] {
  if (!hasStore(root)) return []
  const store = join(root, 'blobs')
  return listNames(store)
    .filter((prefix) => /^[0-9a-f]{2}$/.test(prefix) && lstatOrNull(join(store, prefix))?.isDirectory() === true)
    .flatMap((prefix) => listNames(join(store, prefix)).map((name) => `${prefix}/${name}`))
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, name.length - suffix.length))
    .filter(isPayloadKey)
}

/** Sizes of everything in the store. */
export function listPayloads(root: string): { sizeBytes: number; diskBytes: number }[] {
  return listKeys(root).flatMap((key) => {
    const stats = lstatOrNull(join(root, 'blobs', key))
    return stats?.isFile() === true ? [{ sizeBytes: stats.size, diskBytes: stats.blocks * 512 }] : []
  })
}

export interface Swept {
  sizeBytes: number
  diskBytes: number
  /** Why the payload stayed; null when it is gone or was not there. */
  kept: 'shared' | 'no_references' | 'locked' | 'lock_unknown' | 'refused' | null
}

const stays = (kept: Swept['kept']): Swept => ({ sizeBytes: 0, diskBytes: 0, kept })

/** As huggingface_hub makes it: a file of its own, never a link, open to other users of the cache. */
function ensureLockFile(path: string): void {
  closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o666))
}

function rewriteReferences(path: string, references: readonly string[]): void {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`
  try {
    const descriptor = openSync(temporary, 'wx', 0o666)
    try {
      writeSync(descriptor, references.map((reference) => `${reference}\n`).join(''))
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, path)
  } catch (error) {
    if (lstatOrNull(temporary) !== null) unlinkSync(temporary)
    throw error
  }
}

/** What a killed process left: lists that were being written. The caller holds the lock. */
function removeLeftovers(root: string, key: string): void {
  const folder = join(root, 'blobs', key.slice(0, 2))
  const list = `${key.slice(3)}.refs`
  for (const name of listNames(folder)) {
    if (name.startsWith(`${list}.`) && /\.[0-9a-f]{8}\.tmp$/.test(name)) unlinkSync(join(folder, name))
  }
}

/** Removes the payload if nothing refers to it any more. The caller holds its lock. */
function sweepLocked(root: string, key: string): Swept {
  const links = findStoreLinks(root)
  const payload = readPayload(root, key, links)
  removeLeftovers(root, key)
  if (payload === null) {
    // Whoever removed the payload was kept from removing its list.
    const list = join(root, 'blobs', `${key}.refs`)
    if (!links.has(key) && lstatOrNull(join(root, 'blobs', key)) === null && lstatOrNull(list)?.isFile() === true) unlinkSync(list)
    return stays(null)
  }
  if (payload.references === null) return stays('no_references')
  const path = join(root, 'blobs', key)
  if (payload.references.length > 0) {
    rewriteReferences(`${path}.refs`, payload.references)
    return stays('shared')
  }
  unlinkSync(path)
  // Only now: a payload without its list could never be removed.
  unlinkSync(`${path}.refs`)
  return payload.nlink > 1 ? stays(null) : { sizeBytes: payload.sizeBytes, diskBytes: payload.diskBytes, kept: null }
}

/**
 * Removes a payload of the store that nothing refers to, under its lock, by the rules of its makers: never without a readable list of
 * references, never while a link leads to it. Never throws.
 */
export async function sweepPayload(root: string, key: string, locks: FileLocks): Promise<Swept> {
  const path = join(root, 'blobs', key)
  if (!isPayloadKey(key) || !hasStore(root) || lstatOrNull(join(root, 'blobs', key.slice(0, 2)))?.isDirectory() !== true)
    return stays(null)
  if (lstatOrNull(path) === null && lstatOrNull(`${path}.refs`) === null) return stays(null)
  try {
    ensureLockFile(`${path}.lock`)
    const lock = await locks.take(`${path}.lock`)
    if (lock.state !== 'taken') return stays(lock.state === 'held' ? 'locked' : 'lock_unknown')
    try {
      return sweepLocked(root, key)
    } finally {
      await lock.release()
    }
  } catch {
    return stays('refused')
  }
}
