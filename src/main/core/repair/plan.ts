import { posix } from 'node:path'
import type { Finding, RepairFetch, RepairPlan } from '../../../shared/contract'
import { chooseSnapshot, isCommit, isReadable, type ScannedFile, type ScannedRepo, type ScannedSnapshot } from '../cache'
import { isUsuallyFetched, toPromisedHash, type TreeFile } from '../health'
import { cureOf, whyLeft } from './causes'
import { emptyDraft, finish, type Draft } from './draft'
import type { RepairFacts } from './types'

interface Context extends RepairFacts {
  snapshot: ScannedSnapshot
  draft: Draft
  /** Blobs that are not where links may lead: they are removed, or known to be bad. */
  doomed: Set<string>
}

/** `snapshots/<commit>/a/b` → `../../../blobs/<name>`, as huggingface_hub writes it. */
function linkTarget(path: string, blob: string): string {
  return posix.relative(posix.dirname(path), `blobs/${blob}`)
}

function treeFileOf({ trees }: RepairFacts, revision: string, path: string): TreeFile | undefined {
  return trees.get(revision)?.find((file) => file.path === path)
}

/** The blob that a link may lead to: there, of the right size, and not known to be anything but what it is called. */
function findBlob({ repo, doomed, blobProofs }: Context, wanted: TreeFile): string | null {
  const blob = repo.blobs.find(({ name }) => name === wanted.hash.value)
  if (blob === undefined || blob.sizeBytes !== wanted.sizeBytes || doomed.has(blob.name)) return null
  return blobProofs.get(blob.name) === 'wrong' ? null : blob.name
}

function planFetch(context: Context, revision: string, path: string, file: ScannedFile | undefined, reason: string): void {
  const wanted = treeFileOf(context, revision, path)
  // A blob that was removed although its hash is right (a pointer, a page) says nothing of what must come in its place.
  const promised = file?.blob === null || file === undefined ? null : toPromisedHash(file.blob)
  const trusted = context.proofs.get(path) === 'right' ? null : promised
  const pointer = context.pointers.get(path)
  const entry: RepairFetch = {
    path,
    revision,
    size_bytes: wanted?.sizeBytes ?? pointer?.sizeBytes ?? null,
    hash: wanted?.hash ?? pointer?.hash ?? trusted,
    reason,
  }
  const key = `${revision}/${path}`
  if (!context.draft.fetch.has(key)) context.draft.fetch.set(key, entry)
}

/** The file is not there, or not for long: a link to the blob that should be, else a fetch. */
function restore(context: Context, revision: string, path: string, file: ScannedFile | undefined, reason: string): void {
  const wanted = treeFileOf(context, revision, path)
  const blob = wanted === undefined ? null : findBlob(context, wanted)
  if (blob === null) return planFetch(context, revision, path, file, reason)
  const place = `snapshots/${revision}/${path}`
  const action = { kind: 'create_link', path: place, target: linkTarget(place, blob), size_bytes: 0, reason } as const
  context.draft.links.set(place, action)
}

function removeEntry({ draft }: Context, revision: string, file: ScannedFile, reason: string): void {
  const path = `snapshots/${revision}/${file.path}`
  const isLink = file.state !== 'regular'
  draft.removals.set(path, {
    kind: isLink ? 'remove_link' : 'remove_file',
    path,
    target: null,
    size_bytes: isLink ? 0 : file.sizeBytes,
    reason,
  })
}

/** A blob goes with every link to it, in all revisions: a link to nothing hides the whole model from other tools. */
function removeBlob(context: Context, name: string, reason: string): void {
  const { repo, draft, doomed } = context
  doomed.add(name)
  for (const snapshot of repo.snapshots) {
    for (const file of snapshot.files) if (file.blob === name) removeEntry(context, snapshot.hash, file, reason)
  }
  planBlob(repo, draft, name, reason)
}

function planBlob(repo: ScannedRepo, draft: Draft, name: string, reason: string): void {
  const blob = repo.blobs.find((candidate) => candidate.name === name)
  if (blob === undefined) return
  // In the shared store the bytes are not this model's to remove: only its own link to them goes.
  draft.blobs.set(name, {
    kind: blob.shared ? 'remove_link' : 'remove_blob',
    path: `blobs/${name}`,
    target: null,
    size_bytes: blob.shared ? 0 : blob.sizeBytes,
    reason,
  })
}

/** Every path that is lost with doomed blobs is put back, in whichever revision. */
function restoreDoomed(context: Context, reasons: ReadonlyMap<string, string>): void {
  for (const { hash, files } of context.repo.snapshots) {
    for (const file of files) {
      const reason = file.blob === null ? undefined : reasons.get(file.blob)
      if (reason !== undefined) restore(context, hash, file.path, file, reason)
    }
  }
}

function leave({ draft }: Pick<Context, 'draft'>, finding: Finding, reason = whyLeft(finding.code)): void {
  draft.left.push({ finding, reason })
}

/** Files that the rules of health miss when they are gone, even where no tree was kept. */
const MISSED = /^(config\.json|model[^/]*\.safetensors|model\.safetensors\.index\.json)$/

/** Without this, repairing offline would end with a verdict that no longer speaks of the file: the worst way to mend. */
function staysNamed(context: Context, path: string, finding: Finding): boolean {
  const { snapshot } = context
  if (finding.severity === 'warning' || MISSED.test(path)) return true
  if (treeFileOf(context, snapshot.hash, path) !== undefined) return true
  return /^tokenizer\.(json|model)$/.test(path) && snapshot.files.some((file) => file.path === 'tokenizer_config.json')
}

/** Replaces bytes that are there: a blob with all its links, or the entry alone. Returns the doomed blob. */
function replace(context: Context, file: ScannedFile, finding: Finding): string | null {
  const { snapshot } = context
  if (!staysNamed(context, file.path, finding)) {
    planFetch(context, snapshot.hash, file.path, file, finding.code)
    return null
  }
  if (file.state === 'blob' && file.blob !== null && finding.code !== 'link_wrong') {
    removeBlob(context, file.blob, finding.code)
    return file.blob
  }
  removeEntry(context, snapshot.hash, file, finding.code)
  restore(context, snapshot.hash, file.path, file, finding.code)
  return null
}

function prove(context: Context, file: ScannedFile, finding: Finding): string | null {
  const proof = context.proofs.get(file.path) ?? 'unknown'
  if (proof === 'right') {
    leave(context, finding, 'The file is as the repository has it: fetching it again would not change it.')
    return null
  }
  if (finding.code === 'partial_marker') {
    removeEntry(context, context.snapshot.hash, file, finding.code)
    return null
  }
  if (proof === 'wrong') return replace(context, file, finding)
  // Nothing proves that these bytes are worthless: they stay until better ones are there.
  planFetch(context, context.snapshot.hash, file.path, file, finding.code)
  return null
}

/** Without a tree the Hub must be asked what is missing; with one, everything that usually is fetched is known. */
function restoreListed(context: Context, finding: Finding): void {
  const { snapshot, draft, trees } = context
  const tree = trees.get(snapshot.hash)
  if (tree === undefined) {
    draft.needsListing = true
    return
  }
  const present = new Set(snapshot.files.map(({ path }) => path))
  const missing = tree.filter(({ path }) => !present.has(path) && isUsuallyFetched(path))
  for (const { path } of missing) restore(context, snapshot.hash, path, undefined, finding.code)
  if (missing.length === 0) leave(context, finding, 'The repository itself does not have what is missing.')
}

function planMain(repo: ScannedRepo, isWhole: (snapshot: ScannedSnapshot) => boolean): string | null {
  const main = repo.refs['main']
  // Another tool announces a revision before it fetches it: a name that could be one is not overwritten.
  if (main !== undefined && isCommit(main)) return null
  const candidates = repo.snapshots.filter(({ hash }) => isCommit(hash))
  if (candidates.length === 1) return candidates[0]?.hash ?? null
  const whole = candidates.filter(isWhole)
  return whole.length === 1 ? (whole[0]?.hash ?? null) : null
}

/** Links to nothing in the other revisions go, or lead to their blobs again. */
function unhide(context: Context, { code }: Finding): void {
  for (const { hash, files } of context.repo.snapshots) {
    if (hash === context.snapshot.hash) continue
    for (const file of files.filter(({ state }) => state === 'dangling')) {
      removeEntry(context, hash, file, code)
      const wanted = treeFileOf(context, hash, file.path)
      if (wanted !== undefined && findBlob(context, wanted) !== null) restore(context, hash, file.path, file, code)
    }
  }
}

/** Plans what a finding calls for. Returns the blob that goes, if one does. */
function cure(context: Context, finding: Finding): string | null {
  const { snapshot, draft, repo } = context
  const file = finding.file === null ? undefined : snapshot.files.find(({ path }) => path === finding.file)
  switch (cureOf(finding.code)) {
    case 'replace':
      if (file !== undefined) return replace(context, file, finding)
      leave(context, finding)
      return null
    case 'prove':
      if (file !== undefined && isReadable(file)) return prove(context, file, finding)
      leave(context, finding)
      return null
    case 'restore':
      if (file !== undefined && !isReadable(file) && staysNamed(context, file.path, finding)) {
        removeEntry(context, snapshot.hash, file, finding.code)
      }
      if (finding.file === null) restoreListed(context, finding)
      else restore(context, snapshot.hash, finding.file, file, finding.code)
      return null
    case 'list':
      restoreListed(context, finding)
      return null
    case 'ref': {
      const commit = planMain(
        repo,
        (candidate) => candidate.files.every(({ state }) => state !== 'dangling') && candidate.files.length > 0,
      )
      if (commit !== null) {
        draft.ref = { kind: 'write_ref', path: 'refs/main', target: commit, size_bytes: 0, reason: finding.code }
      } else leave(context, finding, 'Nothing here says which revision it should name; fetching the model sets it.')
      return null
    }
    case 'revision':
      unhide(context, finding)
      return null
    case 'leave':
      break
  }
  leave(context, finding)
  return null
}

/** The revision that `refs/main` announces and whose folder is gone, when the tree and its blobs are here: it can be made again. */
function lostRevision({ repo, trees, blobProofs }: RepairFacts): ScannedSnapshot | null {
  const main = repo.refs['main']
  if (main === undefined || !isCommit(main) || repo.snapshots.some(({ hash }) => hash === main)) return null
  const tree = trees.get(main)
  const blobs = new Map(repo.blobs.map(({ name, sizeBytes }) => [name, sizeBytes]))
  const isThere = ({ hash, sizeBytes }: TreeFile): boolean =>
    blobs.get(hash.value) === sizeBytes && blobProofs.get(hash.value) !== 'wrong'
  if (tree === undefined || tree.length === 0 || !tree.filter(({ path }) => isUsuallyFetched(path)).every(isThere)) return null
  return { hash: main, path: posix.join(repo.path, 'snapshots', main), mtimeMs: 0, files: [], problem: null }
}

/**
 * What mends a model: steps for which everything is here, and files that only the Hub has. Pure; never throws. Bytes go only when they
 * are proven not to be what their name promises, or can be nothing of a model's (an LFS pointer, a page).
 */
export function planRepair(facts: RepairFacts): RepairPlan {
  const draft = emptyDraft()
  const lost = lostRevision(facts)
  const snapshot = facts.snapshot ?? chooseSnapshot(facts.repo, () => true)
  const context: Context | null = snapshot === null ? null : { ...facts, snapshot, draft, doomed: new Set() }
  if (context === null) {
    for (const finding of facts.findings) {
      if (cureOf(finding.code) === 'leave') leave({ draft }, finding)
      else if (lost === null) draft.needsListing = true
    }
  } else {
    const doomed = new Map<string, string>()
    for (const finding of facts.findings) {
      if (finding.code === 'ref_stale' && lost !== null) continue
      const blob = cure(context, finding)
      if (blob !== null) doomed.set(blob, finding.code)
    }
    restoreDoomed(context, doomed)
    completeLinks(context)
  }
  if (lost !== null) completeLinks({ ...facts, snapshot: lost, draft, doomed: context?.doomed ?? new Set() })
  // What a stopped repair left: other tools would link to them again without a look.
  for (const [name, proof] of facts.blobProofs) if (proof === 'wrong') planBlob(facts.repo, draft, name, 'hash_mismatch')
  return finish(facts, snapshot?.hash ?? lost?.hash ?? null, draft)
}

/** Links that the tree knows and the snapshot lacks, whose blobs are here: they cost nothing. */
function completeLinks(context: Context): void {
  const { snapshot, trees, draft } = context
  const present = new Set(snapshot.files.map(({ path }) => path))
  for (const wanted of trees.get(snapshot.hash) ?? []) {
    if (
      present.has(wanted.path) ||
      findBlob(context, wanted) === null ||
      draft.links.has(`snapshots/${snapshot.hash}/${wanted.path}`)
    )
      continue
    restore(context, snapshot.hash, wanted.path, undefined, 'file_missing')
  }
}
