import { chooseSnapshot, isCommit, type ScannedRepo, type ScannedSnapshot } from '../cache'
import { checkRepo, isComplete, readSnapshotFacts, readTree, toStatus, type ContentMemory, type SnapshotFacts } from '../health'
import type { RepoLayout } from './layout'
import type { RepoVerdict } from './types'

/** Blobs that a list of a revision's files names and to which the revision has no link: `repair` makes the link again. */
function findWanted(repo: ScannedRepo, layout: RepoLayout): Set<string> {
  const wanted = new Set<string>()
  const unused = layout.blobs.some(({ path }) => !layout.revisions.some(({ uses }) => uses.has(path)))
  if (!unused) return wanted
  for (const { hash, files } of repo.snapshots) {
    const there = new Set(files.map(({ path }) => path))
    const tree = isCommit(hash) ? readTree(repo.path, hash) : null
    for (const { path, hash: promised } of tree ?? []) if (!there.has(path)) wanted.add(promised.value)
  }
  return wanted
}

/** Which revision stands for a repo and which would load. Reads the few files that decide, and only where there is a choice. */
export function judgeRepo(repo: ScannedRepo, layout: RepoLayout, content?: ContentMemory): RepoVerdict {
  const known = new Map<ScannedSnapshot, SnapshotFacts>()
  const factsOf = (snapshot: ScannedSnapshot): SnapshotFacts => {
    const facts = known.get(snapshot) ?? readSnapshotFacts(snapshot)
    known.set(snapshot, facts)
    return facts
  }
  const chosen = chooseSnapshot(repo, (snapshot) => isComplete(factsOf(snapshot)))?.hash ?? null
  const isGood = (snapshot: ScannedSnapshot): boolean => {
    const facts = factsOf(snapshot)
    return toStatus([...checkRepo(repo, snapshot, facts), ...(content?.findDamage(repo, snapshot, facts) ?? [])]) === 'healthy'
  }
  const good = repo.snapshots.length > 1 ? repo.snapshots.filter(isGood) : []
  return { chosen, good: new Set(good.map(({ hash }) => hash)), wanted: findWanted(repo, layout) }
}
