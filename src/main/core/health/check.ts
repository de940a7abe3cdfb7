import type { Finding, HealthEntry } from '../../../shared/contract'
import type { ScannedRepo, ScannedSnapshot } from '../cache'
import { toError } from './finding'
import { checkConfig, checkFiles, checkPages, checkProcessor, checkTokenizer } from './rules-config'
import { checkOrphans, checkOtherRevisions, checkPartials, checkRefs, checkStrays, checkWithoutSnapshot } from './rules-repo'
import { checkTree } from './rules-tree'
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
  'file_missing',
])

/** Errors first; otherwise in their order. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'))
}

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
    ...checkPages(facts),
  ]
  // A file that another rule has named is not named twice by its size or its absence.
  const named = new Set(all.map(({ file }) => file))
  return sortFindings([...all, ...checkTree(facts).filter(({ file }) => file === null || !named.has(file))])
}

/** True when the snapshot would load as far as the first two levels can say: what makes it a candidate to stand for its repo. */
export function isComplete(facts: SnapshotFacts): boolean {
  return !checkSnapshot(facts).some(({ severity }) => severity === 'error')
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
  const around = [...checkOtherRevisions(repo, snapshot), ...left, ...checkOrphans(repo, facts.tree)]
  return [
    ...interrupted,
    ...errors,
    ...(repo.root.kind === 'workspace' ? [] : checkRefs(repo)),
    ...checkStrays(repo),
    ...warnings,
    ...around,
  ]
}

/** `unhealthy` exactly when the model would not load or some of its bytes are wrong; what only other tools miss is a warning. */
export function toStatus(findings: readonly Finding[]): 'healthy' | 'unhealthy' {
  return findings.some(({ severity }) => severity === 'error') ? 'unhealthy' : 'healthy'
}

/** A model's line in the health report. */
export function toHealthEntry(name: string, findings: Finding[]): HealthEntry {
  return { name, status: toStatus(findings), reason: findings[0]?.message ?? 'Nothing is wrong with it.', findings }
}
