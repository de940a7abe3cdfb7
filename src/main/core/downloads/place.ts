import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { toErrno } from '../../../shared/errors'
import { toRepoFolder } from '../cache'

/** Marks our unfinished files: other tools take over a bare `<blob>.incomplete` as a valid beginning (hf-hub.md §0.4). */
const TAG = 'mlxk'

/** Where the files of one repo lie. All absolute, built from checked names only. */
export interface RepoPlaces {
  repo: string
  blobs: string
  snapshots: string
  trees: string
  refs: string
  /** Locks of huggingface_hub. */
  locks: string
}

export function repoPlaces(root: string, folder: string): RepoPlaces {
  const repo = join(root, folder)
  return {
    repo,
    blobs: join(repo, 'blobs'),
    snapshots: join(repo, 'snapshots'),
    trees: join(repo, 'trees'),
    refs: join(repo, 'refs'),
    locks: join(root, '.locks', folder),
  }
}

/** The folder of a repo: one that is there in other letter cases already, since the Hub takes them as one (hf-hub.md §2.2). */
export function findFolder(root: string, repo: string): string {
  const folder = toRepoFolder(repo)
  let names: string[] = []
  try {
    names = readdirSync(root)
  } catch {
    // Not there yet, or not readable: whoever writes will notice.
  }
  return names.includes(folder) ? folder : (names.find((name) => name.toLowerCase() === folder.toLowerCase()) ?? folder)
}

export function partialPath(places: Pick<RepoPlaces, 'blobs'>, blob: string): string {
  return join(places.blobs, `${blob}.${TAG}.incomplete`)
}

export function isOurPartial(name: string): boolean {
  return name.endsWith(`.${TAG}.incomplete`)
}

/** `<data>/downloads/partials`: nothing of ours but the bytes themselves lies in a cache. */
export function journalPath(folder: string, partial: string): string {
  return join(folder, `${createHash('sha256').update(partial).digest('hex')}.json`)
}

/** A folder and those above it. Node's own says ENOENT where a disk may only be read, which nobody could make anything of. */
export function makeFolders(path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return
    if (toErrno(error) !== 'ENOENT' || dirname(path) === path) throw error
    makeFolders(dirname(path))
    mkdirSync(path, { recursive: true })
  }
}
