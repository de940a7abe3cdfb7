import { availableParallelism, cpus } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import type { ExpectedHash, VerifyEvent, VerifyProgress } from '../../../shared/contract'
import { createEmitter, follow, type Layout } from '../system'
import { openLanes, type Lane } from './lanes'
import { identify } from './locate'
import { toMtimeMs, type HashMemory } from './memory'
import { toResult } from './result'
import type { Subject } from './types'
import { planWork, type Piece, type Work } from './work'

export interface VerifierDeps {
  /** The models that a name, or none, leads to. @throws AppError as the catalog's `show` */
  inspect: (spec: string | undefined) => Promise<readonly Subject[]>
  memory: HashMemory
  layout: Pick<Layout, 'outMain'>
  /** Default: of this machine. */
  cores?: number
  /** Milliseconds; default `Date.now`. */
  now?: () => number
  openLanes?: typeof openLanes
}

export interface VerifyOptions {
  /** One model; none: all. */
  model?: string | undefined
  /** Hashes again what was hashed before: a disk can rot without telling the file system. */
  fresh?: boolean | undefined
}

export interface Verifier {
  /**
   * Progress, at most ten times a second, then the result as the last event. What is hashed is remembered at once: after a stop it goes on
   * where it was. @throws AppError as the catalog's `show`; cancelled when `signal` aborts
   */
  verify: (options: VerifyOptions, signal: AbortSignal) => AsyncIterable<VerifyEvent>
  /** Are the bytes the ones that were promised? By key. @throws AppError cancelled, internal */
  prove: (targets: readonly ProofTarget[], signal: AbortSignal) => Promise<ReadonlyMap<string, Proof>>
}

/** Bytes in doubt, wherever they lie. */
export interface ProofTarget {
  key: string
  /** Absolute. */
  path: string
  expected: ExpectedHash
}

/** `unknown`: nothing says what the bytes should be, or they could not be read. */
export type Proof = 'right' | 'wrong' | 'unknown'

const PROGRESS_MS = 100
const SAVE_MS = 1000
/** A file written again within the same tick of the file system's clock looks unchanged. */
const CLOCK_TICK_MS = 20
/** Node's timers and its clock count whole milliseconds: a timer may seem to fire up to two too early. */
const TIMER_SLACK_MS = 3

function countCores(): number {
  // Not in every runtime that this runs in.
  return typeof availableParallelism === 'function' ? availableParallelism() : cpus().length
}

/** Counts what is done, and says so at most ten times a second. */
function createMeter(subjects: readonly Subject[], { pieces }: Work, now: () => number) {
  const changes = createEmitter<undefined>()
  const done = pieces.filter(({ outcome }) => outcome !== null)
  const sum = (some: readonly Piece[]): number => some.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0)
  const state: VerifyProgress = {
    type: 'progress',
    model: null,
    file: null,
    bytes_done: sum(done),
    bytes_total: sum(pieces),
    files_done: done.length,
    files_total: pieces.length,
  }
  let told = now()
  const tell = (): void => {
    if (now() - told < PROGRESS_MS) return
    told = now()
    changes.emit(undefined)
  }
  return {
    read: (): VerifyProgress => ({ ...state }),
    subscribe: changes.subscribe,
    begin: ({ references: [first] }: Piece) => {
      state.model = first === undefined ? null : (subjects[first.subject]?.repo.name ?? null)
      state.file = first?.file ?? null
      tell()
    },
    /** `bytes` may be less than nothing: a file that shrank is done all the same. */
    add: (bytes: number, files = 0) => {
      state.bytes_done = Math.min(state.bytes_total, Math.max(0, state.bytes_done + bytes))
      state.files_done += files
      tell()
    },
    end: () => {
      state.model = null
      state.file = null
      changes.emit(undefined)
    },
  }
}

/** Hashes everything that has no outcome yet, a file on each lane. @throws AppError internal, cancelled */
async function hashAll(
  pieces: readonly Piece[],
  lanes: readonly Lane[],
  memory: HashMemory,
  meter: ReturnType<typeof createMeter>,
  now: () => number,
) {
  const queue = pieces.filter(({ outcome }) => outcome === null)
  let saved = now()
  const hashOn = async (lane: Lane): Promise<void> => {
    for (let piece = queue.shift(); piece !== undefined; piece = queue.shift()) {
      meter.begin(piece)
      // Else a change in the same tick would be taken for the bytes that were hashed.
      const age = now() - toMtimeMs(piece.identity.mtimeNs)
      if (Math.abs(age) < CLOCK_TICK_MS) await setTimeout(CLOCK_TICK_MS - age + TIMER_SLACK_MS)
      const started = now()
      let bytes = 0
      const outcome = await lane.hash({ path: piece.path, algorithm: piece.algorithm }, (more) => {
        bytes += more
        meter.add(more)
      })
      piece.outcome = outcome
      meter.add(piece.sizeBytes - bytes, 1)
      if (outcome.state === 'ok' && Math.abs(started - toMtimeMs(outcome.identity.mtimeNs)) >= CLOCK_TICK_MS) {
        memory.learn(piece.algorithm, outcome.identity, outcome.value)
      }
      if (now() - saved < SAVE_MS) continue
      saved = now()
      await memory.save()
    }
  }
  await Promise.all(lanes.map(hashOn))
}

/** The third level of health: every byte against the hash that its name promises, offline. */
export function createVerifier(deps: VerifierDeps): Verifier {
  const { inspect, memory, layout, cores = countCores(), now = Date.now, openLanes: open = openLanes } = deps
  const openFor = ({ pieces }: Work): Lane[] => {
    const left = pieces.filter(({ outcome }) => outcome === null)
    return open({ files: left.length, bytes: left.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) }, layout, cores)
  }
  const closeAll = (lanes: readonly Lane[]): Promise<unknown> => Promise.all(lanes.map((lane) => lane.close()))
  return {
    prove: async (targets, signal) => {
      const pieces = targets.flatMap(({ path, expected }): Piece[] => {
        const identity = identify(path)
        if (identity === null) return []
        const value = memory.recall(expected.algorithm, identity)
        const outcome = value === null ? null : ({ state: 'ok', value, identity } as const)
        return [
          {
            path,
            algorithm: expected.algorithm,
            identity,
            sizeBytes: Number(identity.size),
            references: [],
            outcome,
            remembered: value !== null,
          },
        ]
      })
      const work: Work = { pieces, unverifiable: [] }
      const lanes = openFor(work)
      const stop = (): void => void closeAll(lanes)
      signal.addEventListener('abort', stop, { once: true })
      try {
        await hashAll(pieces, lanes, memory, createMeter([], work, now), now)
      } finally {
        signal.removeEventListener('abort', stop)
        await closeAll(lanes)
        await memory.save()
      }
      const found = new Map(pieces.map(({ path, algorithm, outcome }) => [`${algorithm} ${path}`, outcome]))
      return new Map(
        targets.map(({ key, path, expected }): [string, Proof] => {
          const outcome = found.get(`${expected.algorithm} ${path}`)
          if (outcome?.state !== 'ok') return [key, 'unknown']
          return [key, outcome.value === expected.value ? 'right' : 'wrong']
        }),
      )
    },
    verify: async function* ({ model, fresh = false }, signal) {
      signal.throwIfAborted()
      const subjects = await inspect(model)
      signal.throwIfAborted()
      const work = planWork(subjects, memory, fresh)
      const meter = createMeter(subjects, work, now)
      const lanes = openFor(work)
      const stop = (): void => void closeAll(lanes)
      let end: { error?: unknown } | null = null
      signal.addEventListener('abort', stop, { once: true })
      const running = hashAll(work.pieces, lanes, memory, meter, now)
        .then(
          () => (end = {}),
          (error: unknown) => (end = { error }),
        )
        .finally(() => meter.end())
      try {
        const read = () => ({ progress: meter.read(), end })
        for await (const state of follow(read, meter.subscribe, signal)) {
          yield state.progress
          if (state.end !== null) break
        }
        await running
        signal.throwIfAborted()
        const outcome = end as { error?: unknown } | null
        if (outcome !== null && 'error' in outcome) throw outcome.error
        yield toResult(subjects, work)
      } finally {
        signal.removeEventListener('abort', stop)
        await closeAll(lanes)
        await running
        await memory.save()
      }
    },
  }
}
