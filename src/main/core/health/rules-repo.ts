import type { Finding } from '../../../shared/contract'
import { isCommit, type ScannedRepo, type ScannedSnapshot } from '../cache'
import { formatBytes, joinNames, toError, toWarning } from './finding'
import { toPromisedHash, type TreeFile } from './tree'

/** A repo of which no revision can be looked at. */
export function checkWithoutSnapshot(repo: ScannedRepo): Finding[] {
  if (repo.problem !== null) return [toError('repo_unreadable', null, repo.problem, false)]
  if (repo.partials.length > 0) {
    return [toError('download_incomplete', null, 'The download was interrupted before its first file was complete.')]
  }
  return repo.hasSnapshots
    ? [toError('snapshots_empty', null, 'The folder "snapshots" is empty: no revision was ever completed.')]
    : [toError('snapshots_missing', null, 'There is no folder "snapshots": this is not a model that any tool can load.')]
}

/** Partials beside a snapshot that lacks something are the reason; beside a complete one they only take space. */
export function checkPartials(repo: ScannedRepo, lacks: Finding | undefined): Finding[] {
  if (repo.partials.length === 0) return []
  const sizeBytes = repo.partials.reduce((sum, partial) => sum + partial.sizeBytes, 0)
  const left = `${repo.partials.length === 1 ? 'one partial file' : `${repo.partials.length} partial files`} of ${formatBytes(sizeBytes)}`
  return lacks === undefined
    ? [toWarning('partial_left', null, `An earlier download left ${left} behind.`, false)]
    : [toError('download_incomplete', null, `The download is incomplete (${left} so far). ${lacks.message}`)]
}

/** `refs/main`: what other tools find the model by. */
export function checkRefs(repo: ScannedRepo): Finding[] {
  const main = repo.refs['main']
  if (main === undefined)
    return [toWarning('ref_missing', 'refs/main', 'refs/main is missing: other tools do not find this model by its name.')]
  if (repo.snapshots.some(({ hash }) => hash === main)) {
    const text = 'refs/main has white space around its revision: other tools do not find this model by its name.'
    return repo.untidyRefs.includes('main') ? [toWarning('ref_untidy', 'refs/main', text)] : []
  }
  const what = isCommit(main) ? `the revision ${main.slice(0, 8)}, which is not there` : 'something that is no revision'
  return [toWarning('ref_stale', 'refs/main', `refs/main names ${what}: other tools do not find this model by its name.`)]
}

/** Files where only folders belong: one of them hides the whole model from `hf cache ls`. */
export function checkStrays({ strays }: ScannedRepo): Finding[] {
  return strays.map((path) => {
    const text = path.includes('/') ? 'does not belong beside the revisions' : 'is a file instead of a folder'
    return toWarning('stray_file', path, `${path} ${text}: other tools do not list this model.`, false)
  })
}

/** Links to nothing in the other revisions: one of them hides the whole model from `hf cache ls`. */
export function checkOtherRevisions(repo: ScannedRepo, chosen: ScannedSnapshot): Finding[] {
  return repo.snapshots.flatMap(({ hash, files }) => {
    const [first] = hash === chosen.hash ? [] : files.filter(({ state }) => state === 'dangling')
    if (first === undefined) return []
    const text = `The revision ${hash.slice(0, 8)} has links to nothing (${first.path}): other tools do not list this model.`
    return [toWarning('revision_dangling', `snapshots/${hash}/${first.path}`, text)]
  })
}

/**
 * Names of blobs that belong to no revision. None when a revision could not be listed to its end. What the tree of a revision names is no
 * orphan: only its link is lost.
 */
export function findOrphans(repo: ScannedRepo, tree: readonly TreeFile[] | null): string[] {
  if (repo.snapshots.some(({ problem }) => problem !== null)) return []
  const used = new Set(repo.snapshots.flatMap(({ files }) => files.map(({ blob }) => blob)))
  for (const { hash } of tree ?? []) used.add(hash.value)
  return repo.blobs.map(({ name }) => name).filter((name) => toPromisedHash(name) !== null && !used.has(name))
}

/** Blobs that only take space. */
export function checkOrphans(repo: ScannedRepo, tree: readonly TreeFile[] | null): Finding[] {
  const names = findOrphans(repo, tree)
  const [only] = names
  if (only === undefined) return []
  const sizeBytes = repo.blobs.filter(({ name }) => names.includes(name)).reduce((sum, blob) => sum + blob.sizeBytes, 0)
  const what = names.length === 1 ? `The blob ${only} belongs` : `${names.length} blobs (${joinNames(names)}) belong`
  const text = `${what} to no revision and only ${names.length === 1 ? 'takes' : 'take'} space (${formatBytes(sizeBytes)}).`
  return [toWarning('blob_orphan', names.length === 1 ? `blobs/${only}` : null, text, false)]
}
