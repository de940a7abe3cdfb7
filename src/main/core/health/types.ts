import type { Finding, ModelFile } from '../../../shared/contract'
import type { ScannedRepo, ScannedSnapshot } from '../cache'
import type { SnapshotFacts } from './snapshot-facts'

/** What an earlier run of `verify` learnt about bytes that have not changed since. */
export interface ContentMemory {
  /** Changes when anything was learnt or forgotten: part of the key of every verdict that is kept. */
  stamp: () => string
  /** What is known of the bytes of these files, as a text to compare: the same text, the same damage. Empty when nothing is. */
  recalled: (snapshot: ScannedSnapshot) => string
  /** Damage that is known and still there. Never throws. */
  findDamage: (repo: ScannedRepo, snapshot: ScannedSnapshot, facts: SnapshotFacts) => Finding[]
  /** Path → what is known of the file's bytes, of every file that can be compared with a hash. Never throws. */
  hashStates: (
    repo: ScannedRepo,
    snapshot: ScannedSnapshot,
    facts: SnapshotFacts,
  ) => ReadonlyMap<string, Pick<ModelFile, 'hash_state' | 'checked_at'>>
}
