import { join } from 'node:path'
import type { ModelSummary } from '../../../shared/contract'
import { toRepoFolder } from '../cache'
import type { TrustSubject } from '../trust'
import type { RuntimeProblem } from './runtime'

interface Verdict {
  summary: ModelSummary
  problem: RuntimeProblem | null
  /** Its own code builds it: what architectures the engine knows does not matter. */
  bringsArchitecture?: boolean
}

/** Where the revision lies that a summary is about. A folder outside of the cache goes by its path. */
function toSubject({ name, hash, root }: ModelSummary): TrustSubject {
  const snapshotPath = root.kind === 'workspace' ? name : join(root.path, toRepoFolder(name), 'snapshots', hash ?? '')
  return { name, hash, snapshotPath }
}

/** A model that is refused for its code alone can run once its user trusts that code. */
export async function withTrust(
  { summary, problem }: { summary: ModelSummary; problem: RuntimeProblem | null },
  isTrusted: ((subject: TrustSubject) => Promise<boolean>) | undefined,
): Promise<Verdict> {
  if (problem?.kind !== 'custom_code' || isTrusted === undefined || !(await isTrusted(toSubject(summary))))
    return { summary, problem }
  const reason = summary.findings[0]?.message ?? null
  return { summary: { ...summary, runtime_compatible: true, reason }, problem: null, bringsArchitecture: true }
}
