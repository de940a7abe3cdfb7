import { statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { HubClient, HubFile } from '../hub'
import type { HashMemory } from '../verify'
import type { Journal } from './journal'
import { findFolder, partialPath, repoPlaces, type RepoPlaces } from './place'
import { sumSpans } from './segments'
import { selectFiles } from './select'
import type { PlannedFile, PullPlan, PullRequest } from './types'

export interface PlanDeps {
  hub: HubClient
  /** Absolute path of the cache root to write to. It need not exist. */
  root: string
  journal: Journal
  /** Hashes computed before. */
  hashes: Pick<HashMemory, 'recall'>
  freeBytes?: (path: string) => Promise<number | null>
}

/** Room that is left for others: a full disk stops more than a download. */
const FLOOR_BYTES = 2 * 1024 ** 3
const FLOOR_SHARE = 0.05

/** Bytes that the volume of a path has left for us, the floor already taken off; of the nearest folder that is there. */
export async function readFreeBytes(path: string): Promise<number | null> {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      const { bavail, bsize, blocks } = await statfs(folder)
      return Math.max(0, bavail * bsize - Math.min(FLOOR_BYTES, blocks * bsize * FLOOR_SHARE))
    } catch {
      if (dirname(folder) === folder) return null
    }
  }
}

function lookAt(file: HubFile, places: RepoPlaces, { journal, hashes }: PlanDeps): PlannedFile {
  const blob = file.sha256 ?? file.oid
  const algorithm = file.sha256 === null ? 'git-sha1' : 'sha256'
  const planned = { path: file.path, sizeBytes: file.sizeBytes, blob, algorithm, damaged: false } as const
  let damaged = false
  try {
    // Through a link as well: the bytes may lie in the store that all repos share.
    const stats = statSync(join(places.blobs, blob), { bigint: true })
    damaged = stats.isFile()
    if (damaged && Number(stats.size) === file.sizeBytes) {
      const identity = { dev: String(stats.dev), ino: String(stats.ino), size: String(stats.size), mtimeNs: String(stats.mtimeNs) }
      const known = hashes.recall(algorithm, identity)
      if (known === blob) return { ...planned, state: 'present', haveBytes: file.sizeBytes }
      if (known === null) return { ...planned, state: 'unproven', haveBytes: file.sizeBytes }
    }
  } catch {
    // Not there, or a link to nowhere.
  }
  const have = sumSpans(journal.recall(partialPath(places, blob), file.sizeBytes))
  return { ...planned, damaged, state: have > 0 ? 'partial' : 'missing', haveBytes: have }
}

/**
 * What fetching a revision means, before anything is written: its commit, its files, what is there of them, and whether there is room.
 * Bytes that several files share count once.
 * @throws AppError as the client of the Hub
 */
export async function planPull(request: PullRequest, deps: PlanDeps, signal?: AbortSignal): Promise<PullPlan> {
  const { hub, root, freeBytes = readFreeBytes } = deps
  const revision = request.revision ?? 'main'
  const found = await hub.revision(request.repo, revision, signal)
  if (found.gated !== false || found.private) await hub.checkAccess(found.repo, signal)
  const tree = await hub.tree(found.repo, found.commit, signal)
  const folder = findFolder(root, found.repo)
  const places = repoPlaces(root, folder)
  const { wanted, skipped } = selectFiles(tree, request)
  const files = wanted.map((file) => lookAt(file, places, deps))
  const byBlob = new Map(files.map((file) => [file.blob, file]))
  const fetchBytes = [...byBlob.values()].reduce((sum, { sizeBytes, haveBytes }) => sum + sizeBytes - haveBytes, 0)
  const free = await freeBytes(places.repo)
  return {
    repo: found.repo,
    revision,
    commit: found.commit,
    root,
    folder,
    files,
    skipped: skipped.map(({ path, sizeBytes }) => ({ path, sizeBytes })),
    tree,
    totalBytes: [...byBlob.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    fetchBytes,
    disk: { freeBytes: free, neededBytes: fetchBytes, fits: free === null || fetchBytes <= free },
    gated: found.gated,
    tags: found.tags,
    licence: found.licence,
  }
}
