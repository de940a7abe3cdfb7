import { constants, statSync, type Stats } from 'node:fs'
import { checksum } from '../system'
import type { CacheRoot, ScannedRepo } from './types'

const QUIETLY = { throwIfNoEntry: false } as const

function look(path: string): Stats | undefined {
  try {
    return statSync(path, QUIETLY)
  } catch {
    return undefined
  }
}

/** Changes when a model folder was added to or removed from a root, or a root came or went. A few stats. */
export function probeRoots(roots: readonly Pick<CacheRoot, 'path'>[]): string {
  return roots
    .map(({ path }) => {
      const stats = look(path)
      return `${path} ${stats === undefined ? '-' : `${stats.ino}:${stats.mtimeMs}:${stats.ctimeMs}`}`
    })
    .join('\n')
}

/** Folders above a file, each with the given beginning. */
function addFolders(places: Set<string>, prefix: string, path: string): void {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) places.add(prefix + path.slice(0, slash))
}

/**
 * Every place whose change may change what is said of a repo, inside its folder, with `/`; '' is the folder itself. Folders tell of names
 * that came and went, files of bytes: a blob changed in place leaves every folder as it was. Links that lead out of the repo are not
 * looked behind. One text, since thousands of them are kept: no name holds the separator.
 */
export function listPlaces(repo: ScannedRepo): string {
  const inCache = repo.root.kind !== 'workspace'
  const places = new Set(inCache ? ['', 'blobs', 'refs', 'snapshots'] : [''])
  // Most caches have none; the repo's own folder tells when it comes.
  const hasTrees = inCache && look(`${repo.path}/trees`) !== undefined
  if (hasTrees) places.add('trees')
  for (const name of Object.keys(repo.refs)) {
    addFolders(places, 'refs/', name)
    places.add(`refs/${name}`)
  }
  for (const { hash, files } of repo.snapshots) {
    const prefix = inCache ? `snapshots/${hash}/` : ''
    if (inCache) {
      places.add(prefix.slice(0, -1))
      if (hasTrees) places.add(`trees/${hash}.json`)
    }
    for (const { path, state, blob } of files) {
      if (path.includes('/')) addFolders(places, prefix, path)
      if (state !== 'outside') places.add(blob === null ? prefix + path : `blobs/${blob}`)
    }
  }
  for (const { name } of [...repo.blobs, ...repo.partials]) places.add(`blobs/${name}`)
  return [...places].join(SEPARATOR)
}

const SEPARATOR = '\0'

/** What the places of a repo looked like at one moment. */
export interface Stamp {
  /** Over inode, size and both times of every place: equal exactly when none of them changed. */
  value: string
  /** When the youngest of them changed, in milliseconds since 1970. */
  newestMs: number
  /** The file system keeps whole seconds only. */
  coarse: boolean
}

const PARTS = 4

/** Looks at every place once, through links. Never throws: what is not there is as good a look as any. */
export function stampPlaces(repoPath: string, joined: string): Stamp {
  const places = joined.split(SEPARATOR)
  const numbers = new Float64Array(places.length * PARTS)
  let newestMs = 0
  let coarse = true
  let at = -PARTS
  for (const place of places) {
    const stats = look(place === '' ? repoPath : `${repoPath}/${place}`)
    at += PARTS
    if (stats === undefined) {
      numbers[at] = -1
      continue
    }
    numbers[at] = stats.ino
    // The size of a folder says nothing that its times do not, and differs between file systems' moods.
    numbers[at + 1] = (stats.mode & constants.S_IFMT) === constants.S_IFDIR ? 0 : stats.size
    numbers[at + 2] = stats.mtimeMs
    numbers[at + 3] = stats.ctimeMs
    newestMs = Math.max(newestMs, stats.mtimeMs, stats.ctimeMs)
    if (stats.ctimeMs % 1000 !== 0) coarse = false
  }
  const value = checksum(new Uint32Array(numbers.buffer))
  return { value, newestMs, coarse }
}

/** Times are kept in steps of a few milliseconds, or of up to two seconds. */
const FINE_STEP_MS = 50
const COARSE_STEP_MS = 2000

/**
 * True when everything had been at rest before `startMs`: then whatever was read of the repo between that moment and this look belongs to
 * the stamp. A change meanwhile, or too shortly before to be told apart from one, shows in the times.
 */
export function wasAtRest({ newestMs, coarse }: Stamp, startMs: number): boolean {
  return newestMs < startMs - (coarse ? COARSE_STEP_MS : FINE_STEP_MS)
}
