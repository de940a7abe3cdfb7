import type { Finding, ModelSummary } from '../../../shared/contract'
import { chooseSnapshot, isCommit, snapshotSizeBytes, type ScannedRepo, type ScannedSnapshot } from '../cache'
import { checkRepo, isComplete, readSnapshotFacts, sortFindings, toStatus, type ContentMemory, type SnapshotFacts } from '../health'
import { identify, identifyByName } from './identity'
import { findRuntimeProblem, type RuntimeProblem } from './runtime'

/** One verdict on one repo, as every face of the product shows it. */
export interface Evaluation {
  repo: ScannedRepo
  /** The snapshot that stands for the repo, or the one that was asked for. */
  snapshot: ScannedSnapshot | null
  facts: SnapshotFacts | null
  /** Everything known to be wrong, damage that `verify` found included. */
  findings: Finding[]
  summary: ModelSummary
  runtimeProblem: RuntimeProblem | null
}

/** Milliseconds → `YYYY-MM-DDTHH:MM:SSZ`. */
function toIsoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** Structure, sizes and headers, then damage that is known of files with which nothing else is wrong. */
function judge(
  repo: ScannedRepo,
  snapshot: ScannedSnapshot | null,
  facts: SnapshotFacts | null,
  content: ContentMemory | undefined,
): Finding[] {
  const findings = checkRepo(repo, snapshot, facts)
  if (content === undefined || snapshot === null || facts === null) return findings
  const named = new Set(findings.filter(({ severity }) => severity === 'error').map(({ file }) => file))
  return sortFindings([...findings, ...content.findDamage(repo, snapshot, facts).filter(({ file }) => !named.has(file))])
}

/**
 * Judges a repo by the snapshot named, else by the one that stands for it. Reads the few files that decide, bounded.
 * @param hash full name of one of the repo's snapshots
 */
export function evaluateRepo(repo: ScannedRepo, hash: string | null, content?: ContentMemory): Evaluation {
  const remembered = new Map<ScannedSnapshot, SnapshotFacts>()
  const factsOf = (snapshot: ScannedSnapshot): SnapshotFacts => {
    const facts = remembered.get(snapshot) ?? readSnapshotFacts(snapshot)
    remembered.set(snapshot, facts)
    return facts
  }
  const snapshot =
    hash === null
      ? chooseSnapshot(repo, (candidate) => isComplete(factsOf(candidate)))
      : // Never another one: what was asked for may be gone by now.
        (repo.snapshots.find((candidate) => candidate.hash === hash) ?? null)
  const facts = snapshot === null ? null : factsOf(snapshot)
  const findings = judge(repo, snapshot, facts, content)
  const health = toStatus(findings)
  const identity =
    facts === null ? identifyByName(repo.name) : identify(repo.root.kind === 'workspace' ? repo.folder : repo.name, facts)
  const runtimeProblem = health === 'healthy' && facts !== null ? findRuntimeProblem(identity, facts) : null
  const summary: ModelSummary = {
    name: repo.name,
    hash: snapshot !== null && isCommit(snapshot.hash) ? snapshot.hash : null,
    size_bytes: snapshot === null ? 0 : snapshotSizeBytes(snapshot),
    last_modified: toIsoTime(repo.mtimeMs),
    framework: identity.framework,
    model_type: identity.model_type,
    capabilities: identity.capabilities,
    health,
    runtime_compatible: health === 'healthy' && runtimeProblem === null,
    // What keeps it from running comes before what only other tools mind.
    reason: (health === 'healthy' ? runtimeProblem?.reason : undefined) ?? findings[0]?.message ?? null,
    cached: repo.root.kind !== 'workspace',
    origin: null,
    content_hash: null,
    hash_modified: null,
    clean: null,
    quantization: identity.quantization,
    context: identity.context,
    architecture: identity.architecture,
    dtype: identity.dtype,
    parameters: identity.parameters,
    memory: identity.memory,
    license: identity.license,
    base_models: identity.base_models,
    findings,
    root: { path: repo.root.path, kind: repo.root.kind },
  }
  return { repo, snapshot, facts, findings, summary, runtimeProblem }
}
