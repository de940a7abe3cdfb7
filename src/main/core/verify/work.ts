import type { ExpectedHash } from '../../../shared/contract'
import { findCheckable, identify } from './locate'
import type { HashMemory } from './memory'
import type { FileIdentity, HashOutcome, Subject } from './types'

/** One name under which bytes are known: a model's file and what it must hash to. */
export interface Reference {
  subject: number
  file: string
  expected: ExpectedHash
}

/** Bytes to hash once, however many models share them. */
export interface Piece {
  path: string
  algorithm: ExpectedHash['algorithm']
  identity: FileIdentity
  sizeBytes: number
  references: Reference[]
  /** From the start when it is remembered, else null until hashed. */
  outcome: HashOutcome | null
  remembered: boolean
}

export interface Work {
  /** Largest first, so that the cores end together. */
  pieces: Piece[]
  /** By subject: files that nothing can judge. */
  unverifiable: number[]
}

/** Everything to be known of the subjects, each run of bytes once. Looks at every file and reads none. */
export function planWork(subjects: readonly Subject[], memory: HashMemory, fresh: boolean): Work {
  const pieces = new Map<string, Piece>()
  const unverifiable = subjects.map(({ repo, snapshot, facts }, subject) => {
    if (snapshot === null || facts === null) return 0
    const found = findCheckable(repo, snapshot, facts)
    let lost = found.unverifiable
    for (const { file, path, expected } of found.checkable) {
      const identity = identify(path)
      if (identity === null) {
        lost += 1
        continue
      }
      const reference = { subject, file: file.path, expected }
      const key = `${expected.algorithm} ${identity.dev}:${identity.ino}`
      const known = pieces.get(key)
      if (known !== undefined) {
        known.references.push(reference)
        continue
      }
      const value = fresh ? null : memory.recall(expected.algorithm, identity)
      pieces.set(key, {
        path,
        algorithm: expected.algorithm,
        identity,
        sizeBytes: Number(identity.size),
        references: [reference],
        outcome: value === null ? null : { state: 'ok', value, identity },
        remembered: value !== null,
      })
    }
    return lost
  })
  return { pieces: [...pieces.values()].sort((a, b) => b.sizeBytes - a.sizeBytes), unverifiable }
}
