import type { ExpectedHash, Finding } from '../../../shared/contract'
import type { ScannedRepo, ScannedSnapshot } from '../cache'
import type { SnapshotFacts } from '../health'

export type HashAlgorithm = ExpectedHash['algorithm']

/** What tells bytes apart without reading them. Decimal numbers as text: they have up to 64 bits. */
export interface FileIdentity {
  dev: string
  ino: string
  size: string
  mtimeNs: string
}

export interface HashJob {
  /** Absolute. */
  path: string
  algorithm: HashAlgorithm
}

/** `changed`: while it was read. `unreadable`: with the system's code, `ENOENT` when it is gone. */
export type HashOutcome =
  | { state: 'ok'; value: string; identity: FileIdentity }
  | { state: 'changed' }
  | { state: 'unreadable'; errno: string }

/** One revision of a model, judged as far as that goes without hashing. */
export interface Subject {
  repo: ScannedRepo
  snapshot: ScannedSnapshot | null
  facts: SnapshotFacts | null
  findings: Finding[]
}
