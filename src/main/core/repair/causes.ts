/** What is done about a finding, by its code. */
export type Cure =
  /** Never what a model holds: goes, whatever its hash. */
  | 'replace'
  /** Goes when its hash is wrong; when it is right, the Hub has it so too. */
  | 'prove'
  /** Its link is made from the tree, else it is fetched. */
  | 'restore'
  /** Names nobody here knows: the Hub must be asked. */
  | 'list'
  | 'ref'
  | 'revision'
  /** For other commands, or for nobody. */
  | 'leave'

const cures: Readonly<Record<string, Cure>> = {
  lfs_pointer: 'replace',
  html_page: 'replace',
  link_outside: 'replace',
  link_wrong: 'replace',
  hash_mismatch: 'prove',
  size_wrong: 'prove',
  weights_empty: 'prove',
  safetensors_header: 'prove',
  safetensors_truncated: 'prove',
  safetensors_trailing: 'prove',
  config_invalid: 'prove',
  config_not_object: 'prove',
  json_invalid: 'prove',
  json_not_object: 'prove',
  index_invalid: 'prove',
  index_mismatch: 'prove',
  tokenizer_truncated: 'prove',
  partial_marker: 'prove',
  config_missing: 'restore',
  shard_missing: 'restore',
  link_dangling: 'restore',
  file_missing: 'restore',
  file_vanished: 'restore',
  tokenizer_missing: 'list',
  processor_missing: 'list',
  index_missing: 'list',
  weights_missing: 'list',
  shard_totals: 'list',
  download_incomplete: 'list',
  snapshots_empty: 'list',
  snapshots_missing: 'list',
  ref_missing: 'ref',
  ref_stale: 'ref',
  ref_untidy: 'ref',
  revision_dangling: 'revision',
}

/** A code that nothing is known of is left alone. */
export function cureOf(code: string): Cure {
  return Object.hasOwn(cures, code) ? (cures[code] ?? 'leave') : 'leave'
}

/** Codes that doubt bytes which are there: their files are hashed before anything is planned. */
export function isDoubt(code: string): boolean {
  const cure = cureOf(code)
  return cure === 'prove' || cure === 'replace'
}

const reasons: Readonly<Record<string, string>> = {
  stray_file: "It may be somebody's: move it away by hand.",
  partial_left: 'It is not in the way; "mlxk prune" removes it.',
  blob_orphan: 'It is not in the way; "mlxk prune" removes it.',
  file_unreadable: 'Its permissions, or the disk, keep it from being read.',
  file_changed: 'Something is writing to it.',
  repo_unreadable: 'Its permissions, or the disk, keep it from being read.',
  snapshot_unreadable: 'The revision cannot be listed to its end.',
  index_escapes: 'The repository itself says so: no tool should load it.',
}

export function whyLeft(code: string): string {
  return reasons[code] ?? 'Nothing here can mend it.'
}
