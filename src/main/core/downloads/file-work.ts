import { constants, lstatSync, rmSync, statSync } from 'node:fs'
import { open, rename, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { AppError } from '../../../shared/errors'
import type { HubClient } from '../hub'
import { toFileError } from '../system'
import { hashFile, identify, type HashMemory } from '../verify'
import type { Hashing } from './blob-hash'
import type { Journal } from './journal'
import { makeFolders, partialPath, type RepoPlaces } from './place'
import { createPieces, type Claim, type Pieces } from './segments'
import type { Meter, Throttle } from './speed'
import type { FilePhase, PlannedFile } from './types'

export interface FileWorkDeps {
  hub: HubClient
  repo: string
  commit: string
  places: RepoPlaces
  journal: Journal
  hashes: HashMemory
  hashing: Hashing
  meter: Meter
  throttle: Throttle
}

/** The work on one blob. */
export interface FileWork {
  file: PlannedFile
  phase: () => FilePhase
  setPhase: (phase: FilePhase) => void
  doneBytes: () => number
  /** Opens what an earlier run left. @throws AppError permission_denied, disk_full */
  start: () => Promise<void>
  /** Part of what is missing; null when nobody else can help now. */
  claim: () => Claim | null
  /** How many fetch from it now. */
  lanes: () => number
  /** Fetches a claim with one request, as far as it goes, and gives it back. @throws AppError */
  fetch: (claim: Claim, signal: AbortSignal) => Promise<void>
  /** All bytes are on the disk and nobody works on it. */
  isFetched: () => boolean
  /** True when a blob with the right name, size and hash is there already; a wrong one does not count. */
  isProven: (signal: AbortSignal) => Promise<boolean>
  /** Another program may have finished it: a blob of the right size is there. */
  hasAppeared: () => boolean
  /** Proves the bytes and gives them their name. False: they were wrong, and everything is to be fetched again. @throws AppError download_corrupt */
  finish: (signal: AbortSignal) => Promise<boolean>
  /** Removes what an earlier run of ours has left of a file that somebody else has finished. */
  dropPartial: () => void
  /** Writes down what is on the disk. */
  save: () => Promise<void>
  close: () => Promise<void>
}

/** Written at once. Each lane holds up to two of these: one that comes, one that is written. */
const WRITE_BYTES = 256 * 1024
/** A file smaller than this is fetched by one connection. */
const SPLIT_BYTES = 64 * 1024 * 1024
/** Dirty bytes that the system may keep before it is asked to write: else the end of a file waits for all of them. */
const SYNC_BYTES = 128 * 1024 * 1024
const TURN_BYTES = 8 * 1024 * 1024
const OPEN_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW

export function createFileWork(file: PlannedFile, deps: FileWorkDeps): FileWork {
  const { hub, repo, commit, places, journal, hashes, hashing, meter, throttle } = deps
  const { path, sizeBytes, blob, algorithm } = file
  const blobPath = join(places.blobs, blob)
  const partial = partialPath(places, blob)
  let phase: FilePhase = 'queued'
  let handle: FileHandle | null = null
  let pieces: Pieces = createPieces(sizeBytes, [], false)
  let lanes = 0
  let link: string | undefined
  let ranges = true
  let attempts = 0
  let sinceSync = 0
  let savedBytes = -1
  let syncing: Promise<void> = Promise.resolve()

  const opened = (): FileHandle => {
    if (handle === null) throw new AppError('internal', 'A file was written before it was opened.')
    return handle
  }
  const hash = hashing.open(partial, algorithm, sizeBytes)
  const write = async (chunks: Uint8Array[], at: number): Promise<void> => {
    let from = at
    let left = chunks
    while (left.length > 0) {
      const { bytesWritten } = await opened().writev(left, from)
      from += bytesWritten
      let skip = bytesWritten
      left = left.flatMap((chunk) => {
        if (skip >= chunk.length) {
          skip -= chunk.length
          return []
        }
        const rest = chunk.subarray(skip)
        skip = 0
        return [rest]
      })
    }
  }
  /** Asks the system to write early. Whoever needs to know that it did asks again at the end. */
  const syncEarly = (bytes: number): void => {
    sinceSync += bytes
    if (sinceSync < SYNC_BYTES) return
    sinceSync = 0
    syncing = opened()
      .datasync()
      .catch(() => undefined)
  }
  /** Reads a body into the file. `skip`: bytes at its beginning that are there already. */
  const receive = async (body: AsyncIterable<Uint8Array>, claim: Claim, skip: number): Promise<void> => {
    let ahead = skip
    let pending: Uint8Array[] = []
    let pendingBytes = 0
    let at = claim.at
    let writing: Promise<void> = Promise.resolve()
    const flush = async (): Promise<void> => {
      await writing
      if (pendingBytes === 0) return
      const chunks = pending
      const from = at
      const bytes = pendingBytes
      at += bytes
      pending = []
      pendingBytes = 0
      writing = write(chunks, from).then(() => {
        pieces.advance(claim, bytes)
        hash.reach(pieces.frontier())
        syncEarly(bytes)
      })
      // Whoever awaits it next learns of a failure; until then it must not count as unhandled.
      writing.catch(() => undefined)
    }
    try {
      for await (const chunk of body) {
        meter.add(chunk.length)
        const pause = throttle.take(chunk.length)
        if (pause !== null) await pause
        let bytes = chunk
        if (ahead > 0) {
          const drop = Math.min(ahead, bytes.length)
          ahead -= drop
          bytes = bytes.subarray(drop)
          if (bytes.length === 0) continue
        }
        const room = claim.to - (at + pendingBytes)
        if (bytes.length > room) bytes = bytes.subarray(0, Math.max(0, room))
        if (bytes.length > 0) {
          pending.push(bytes)
          pendingBytes += bytes.length
          if (pendingBytes >= WRITE_BYTES) await flush()
        }
        // Never more than was asked for, however much is sent.
        if (at + pendingBytes >= claim.to) break
      }
    } finally {
      // What has come is kept, also when the connection is gone.
      await flush()
      await writing
    }
  }
  /** One request for a claim, or for the whole file from a server that knows no ranges. */
  const request = async (claim: Claim, signal: AbortSignal): Promise<void> => {
    const [from, to] = ranges ? [claim.at, claim.to] : [0, sizeBytes]
    const response = await hub.openFile({ repo, commit, path, sizeBytes, blob, link, from, to }, signal)
    link = response.link
    try {
      if (response.from !== claim.at && ranges) {
        ranges = false
        // Only who begins where nothing is missing before can go on with an answer that begins at zero.
        if (lanes > 1 || claim.at !== pieces.frontier()) return
        claim.to = sizeBytes
      }
      await receive(response.body, claim, claim.at - response.from)
    } finally {
      response.close()
    }
    if (claim.at < claim.to)
      throw new AppError('network_failed', 'The connection ended before the file did.', {
        hint: 'Try again.',
        data: { kind: 'short' },
      })
  }
  const restart = async (): Promise<void> => {
    pieces.reset()
    hash.restart()
    link = undefined
    journal.forget(partial)
    await opened().truncate(0)
  }
  const publish = async (): Promise<void> => {
    await syncing
    await opened().sync()
    await opened().close()
    handle = null
    await rename(partial, blobPath)
    journal.forget(partial)
    const identity = identify(blobPath)
    if (identity !== null) hashes.learn(algorithm, identity, blob)
  }

  return {
    file,
    phase: () => phase,
    setPhase: (next) => (phase = next),
    doneBytes: () =>
      phase === 'done' || phase === 'checking' ? sizeBytes : phase === 'queued' ? file.haveBytes : pieces.doneBytes(),
    lanes: () => lanes,
    start: async () => {
      try {
        makeFolders(places.blobs)
        if (lstatSync(partial, { throwIfNoEntry: false })?.isFile() === false) rmSync(partial, { force: true, recursive: true })
        const have = journal.recall(partial, sizeBytes)
        handle = await open(partial, OPEN_FLAGS, 0o666)
        // Bytes beyond what is known to be right would count as an end that is there.
        if (have.length === 0) await handle.truncate(0)
        pieces = createPieces(sizeBytes, have, sizeBytes >= SPLIT_BYTES)
        hash.reach(pieces.frontier())
      } catch (error) {
        throw toFileError(error, partial)
      }
    },
    claim: () => {
      if (!ranges) return lanes > 0 ? null : pieces.claimRest()
      return pieces.claim()
    },
    fetch: async (claim, signal) => {
      lanes += 1
      const usedLink = link
      try {
        await request(claim, signal)
      } catch (error) {
        const known = error instanceof AppError ? error : null
        const expired = known?.data?.['kind'] === 'link'
        const otherBytes = known?.code === 'hub_invalid' && ranges && claim.at > 0
        if (otherBytes) ranges = false
        if (expired || otherBytes) link = undefined
        // One that was good before is replaced at once; a new one that is refused counts as a failure.
        if (!(expired && usedLink !== undefined) && !otherBytes) throw toFileError(error, partial)
      } finally {
        lanes -= 1
        pieces.release(claim)
      }
    },
    isFetched: () => lanes === 0 && handle !== null && pieces.frontier() === sizeBytes,
    hasAppeared: () => {
      const stats = statSync(blobPath, { throwIfNoEntry: false })
      return stats?.isFile() === true && stats.size === sizeBytes
    },
    isProven: async (signal) => {
      const steps = hashFile({ path: blobPath, algorithm })
      let bytes = 0
      for (;;) {
        const step = steps.next()
        if (step.done === true) {
          const { value } = step
          if (value.state !== 'ok') return false
          hashes.learn(algorithm, value.identity, value.value)
          return value.value === blob
        }
        bytes += step.value
        if (bytes < TURN_BYTES) continue
        bytes = 0
        await setImmediate()
        if (signal.aborted) {
          steps.return({ state: 'changed' })
          throw new AppError('cancelled', 'The download was stopped.')
        }
      }
    },
    finish: async (signal) => {
      phase = 'verifying'
      try {
        if ((await hash.digest(signal)) === blob) {
          await publish()
          phase = 'done'
          return true
        }
        attempts += 1
        await restart()
      } catch (error) {
        throw toFileError(error, partial)
      }
      if (attempts < 2) {
        phase = 'downloading'
        return false
      }
      await handle?.close()
      handle = null
      rmSync(partial, { force: true })
      throw new AppError('download_corrupt', `The bytes of ${path} are not what the Hub promises, twice.`, {
        hint: 'Try again later, or over another network: something on the way changes them.',
        data: { path, expected: blob },
      })
    },
    dropPartial: () => {
      if (handle !== null || lstatSync(partial, { throwIfNoEntry: false }) === undefined) return
      rmSync(partial, { force: true })
      journal.forget(partial)
    },
    save: async () => {
      const bytes = pieces.doneBytes()
      if (handle === null || bytes === savedBytes) return
      savedBytes = bytes
      await journal.keep(partial, sizeBytes, pieces.done())
    },
    close: async () => {
      hash.close()
      await syncing
      await handle?.close()
      handle = null
    },
  }
}
