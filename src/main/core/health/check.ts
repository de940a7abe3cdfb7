import type { Finding, HealthEntry } from '../../../shared/contract'
import { isCommit, type ScannedRepo, type ScannedSnapshot } from '../cache'
import { formatBytes, toError, toWarning } from './finding'
import { checkConfig, checkFiles, checkProcessor, checkTokenizer } from './rules-config'
import { checkWeights } from './rules-weights'
import type { SnapshotFacts } from './snapshot-facts'

/** Something is not there, rather than wrong. */
const ABSENT: ReadonlySet<string> = new Set([
  'config_missing',
  'weights_missing',
  'shard_missing',
  'link_dangling',
  'tokenizer_missing',
  'partial_marker',
])

/**
 * Everything wrong with the content of one snapshot, the first rule's finding first: config, weights, links and pointers, tokenizer,
 * processor.
 */
function checkSnapshot(facts: SnapshotFacts): Finding[] {
  const all = [
    ...checkConfig(facts),
    ...checkWeights(facts),
    ...checkFiles(facts),
    ...checkTokenizer(facts),
    ...checkProcessor(facts),
  ]
  return all.sort((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'))
}

/** True when the snapshot would load as far as the first two levels can say: what makes it a candidate to stand for its repo. */
export function isComplete(facts: SnapshotFacts): boolean {
  return !checkSnapshot(facts).some(({ severity }) => severity === 'error')
}

function checkWithoutSnapshot(repo: ScannedRepo): Finding[] {
  if (repo.problem !== null) return [toError('repo_unreadable', null, repo.problem, false)]
  if (repo.partials.length > 0) {
    return [toError('download_incomplete', null, 'The download was interrupted before its first file was complete.')]
  }
  return repo.hasSnapshots
    ? [toError('snapshots_empty', null, 'The folder "snapshots" is empty: no revision was ever completed.')]
    : [toError('snapshots_missing', null, 'There is no folder "snapshots": this is not a model that any tool can load.')]
}

/** Partials beside a snapshot that lacks something are the reason; beside a complete one they only take space. */
function checkPartials(repo: ScannedRepo, lacks: Finding | undefined): Finding[] {
  if (repo.partials.length === 0) return []
  const sizeBytes = repo.partials.reduce((sum, partial) => sum + partial.sizeBytes, 0)
  const left = `${repo.partials.length === 1 ? 'one partial file' : `${repo.partials.length} partial files`} of ${formatBytes(sizeBytes)}`
  return lacks === undefined
    ? [toWarning('partial_left', null, `An earlier download left ${left} behind.`)]
    : [toError('download_incomplete', null, `The download is incomplete (${left} so far). ${lacks.message}`)]
}

function checkRefs(repo: ScannedRepo): Finding[] {
  const main = repo.refs['main']
  if (main === undefined)
    return [toWarning('ref_missing', 'refs/main', 'refs/main is missing: other tools do not find this model by its name.')]
  if (repo.snapshots.some(({ hash }) => hash === main)) return []
  const what = isCommit(main) ? `the revision ${main.slice(0, 8)}, which is not there` : 'something that is no revision'
  return [toWarning('ref_stale', 'refs/main', `refs/main names ${what}: other tools do not find this model by its name.`)]
}

/** All findings of a repo as the given snapshot stands for it: errors first; the first one is the reason. */
export function checkRepo(repo: ScannedRepo, snapshot: ScannedSnapshot | null, facts: SnapshotFacts | null): Finding[] {
  if (snapshot === null || facts === null) return checkWithoutSnapshot(repo)
  const content = checkSnapshot(facts)
  if (snapshot.problem !== null) content.unshift(toError('snapshot_unreadable', null, snapshot.problem, false))
  const errors = content.filter(({ severity }) => severity === 'error')
  const warnings = content.filter(({ severity }) => severity === 'warning')
  const partials = checkPartials(
    repo,
    errors.find(({ code }) => ABSENT.has(code)),
  )
  const interrupted = partials.filter(({ severity }) => severity === 'error')
  const left = partials.filter(({ severity }) => severity === 'warning')
  return [...interrupted, ...errors, ...checkRefs(repo), ...warnings, ...left]
}

/** `unhealthy` exactly when the model would not load or some of its bytes are wrong; what only other tools miss is a warning. */
export function toStatus(findings: readonly Finding[]): 'healthy' | 'unhealthy' {
  return findings.some(({ severity }) => severity === 'error') ? 'unhealthy' : 'healthy'
}

/** A model's line in the health report. */
export function toHealthEntry(name: string, findings: Finding[]): HealthEntry {
  return { name, status: toStatus(findings), reason: findings[0]?.message ?? 'Nothing is wrong with it.', findings }
}
