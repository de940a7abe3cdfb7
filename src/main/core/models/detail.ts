import type { ModelDetail, ModelFile, Revision } from '../../../shared/contract'
import { isReadable, snapshotSizeBytes, type ScannedRepo, type ScannedSnapshot } from '../cache'
import type { ContentMemory } from '../health'
import type { Evaluation } from './evaluate'
import { toConfig, toFileKind } from './identity'

/** The keys of config.json that `show` brings forward; null when it has none of them. */
function toMetadata({ facts, summary }: Evaluation): Record<string, unknown> | null {
  const config = facts === null ? {} : toConfig(facts.json['config.json'])
  const architectures = config['architectures']
  const entries = {
    model_type: config['model_type'],
    architecture: Array.isArray(architectures) ? (architectures as unknown[])[0] : undefined,
    quantization: summary.quantization === null ? undefined : `${summary.quantization.bits}bit`,
    context_length: summary.context.source === 'config' ? summary.context.tokens : undefined,
    vocab_size: config['vocab_size'],
    hidden_size: config['hidden_size'],
    num_attention_heads: config['num_attention_heads'],
    num_hidden_layers: config['num_hidden_layers'],
  }
  const found = Object.entries(entries).filter(([, value]) => value !== undefined && value !== null)
  return found.length === 0 ? null : Object.fromEntries(found)
}

/** Blob → revisions that use it, in the order of the revisions. */
function findUsers({ snapshots }: ScannedRepo): ReadonlyMap<string, string[]> {
  const users = new Map<string, string[]>()
  for (const { hash, files } of snapshots) {
    for (const { blob } of files) {
      if (blob === null) continue
      const known = users.get(blob)
      if (known === undefined) users.set(blob, [hash])
      else if (!known.includes(hash)) known.push(hash)
    }
  }
  return users
}

function toRevision(repo: ScannedRepo, snapshot: ScannedSnapshot, users: ReadonlyMap<string, string[]>, chosen: boolean): Revision {
  const { hash, files } = snapshot
  const shared = files.filter(({ blob }) => blob !== null && (users.get(blob)?.length ?? 0) > 1)
  return {
    hash,
    refs: Object.keys(repo.refs)
      .filter((ref) => repo.refs[ref] === hash)
      .sort(),
    chosen,
    files: files.length,
    size_bytes: snapshotSizeBytes(snapshot),
    shared_bytes: snapshotSizeBytes({ ...snapshot, files: shared }),
  }
}

function toFiles(
  { repo, snapshot, facts }: Evaluation,
  users: ReadonlyMap<string, string[]>,
  content?: ContentMemory,
): ModelFile[] {
  if (snapshot === null) return []
  const states = facts === null ? undefined : content?.hashStates(repo, snapshot, facts)
  return snapshot.files.map((file) => ({
    path: file.path,
    size_bytes: file.sizeBytes,
    kind: toFileKind(file.path),
    blob: file.state === 'blob' ? file.blob : null,
    ...((isReadable(file) ? states?.get(file.path) : undefined) ?? { hash_state: 'unverifiable', checked_at: null }),
    shared_with: file.blob === null ? [] : (users.get(file.blob) ?? []).filter((hash) => hash !== snapshot.hash),
  }))
}

/** Everything that `show` tells. Without a memory of content nothing is known of hashes. */
export function toDetail(evaluation: Evaluation, content?: ContentMemory): ModelDetail {
  const { repo, snapshot, facts, summary } = evaluation
  const config = facts?.json['config.json']
  const users = findUsers(repo)
  return {
    model: summary,
    snapshot_path: snapshot?.path ?? null,
    files: toFiles(evaluation, users, content),
    config: config?.state === 'ok' ? config.value : null,
    metadata: toMetadata(evaluation),
    revisions: repo.snapshots.map((each) => toRevision(repo, each, users, each.hash === snapshot?.hash)),
  }
}
