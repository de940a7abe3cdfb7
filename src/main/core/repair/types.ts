import type { ExpectedHash, Finding, RepairPlan } from '../../../shared/contract'
import type { ScannedRepo, ScannedSnapshot } from '../cache'
import type { TreeFile } from '../health'
import type { Proof } from '../verify'

/** Everything that a plan follows from. */
export interface RepairFacts {
  repo: ScannedRepo
  /** The revision that stands for the model, or the one that was asked for. */
  snapshot: ScannedSnapshot | null
  findings: readonly Finding[]
  /** By commit: what the Hub said of it. */
  trees: ReadonlyMap<string, readonly TreeFile[]>
  /** By path in the snapshot; only files that a finding doubts. */
  proofs: ReadonlyMap<string, Proof>
  /** By name; blobs that a tree names and that no revision links to. */
  blobProofs: ReadonlyMap<string, Proof>
  /** By path: what an LFS pointer says of the file in whose place it lies. */
  pointers: ReadonlyMap<string, { sizeBytes: number; hash: ExpectedHash }>
}

export type LeftOver = RepairPlan['left'][number]
