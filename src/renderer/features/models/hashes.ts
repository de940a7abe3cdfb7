import type { ModelFile } from '../../../shared/contract'

export interface HashCounts {
  /** Files that have a hash to be compared with. */
  comparable: number
  compared: number
  matching: number
  /** ISO 8601, of the comparison that is longest ago; null when one of them has no time. */
  oldest: string | null
}

/** What is known of the bytes of a model's files. */
export function countHashes(files: readonly Pick<ModelFile, 'hash_state' | 'checked_at'>[]): HashCounts {
  const comparable = files.filter(({ hash_state: state }) => state !== 'unverifiable')
  const compared = comparable.filter(({ hash_state: state }) => state !== 'not_checked')
  const times = compared.map(({ checked_at: at }) => at)
  const known = times.filter((at) => at !== null).sort()
  return {
    comparable: comparable.length,
    compared: compared.length,
    matching: compared.filter(({ hash_state: state }) => state === 'verified').length,
    oldest: known.length === times.length ? (known[0] ?? null) : null,
  }
}
