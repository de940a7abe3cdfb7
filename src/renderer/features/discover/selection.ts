import type { DownloadRequest, PullPreview } from '../../../shared/contract'

/** The contract takes so many patterns. */
const MAX_PATTERNS = 100

export interface PlanFile {
  path: string
  size_bytes: number
  /** Bytes that would have to be fetched. */
  fetch_bytes: number
  /** Part of what is fetched when nobody chooses. */
  usual: boolean
}

/** All files of a model: those usually fetched, and then the others. */
export function filesOf(plan: Pick<PullPreview, 'files' | 'skipped'>): PlanFile[] {
  return [
    ...plan.files.map(({ path, size_bytes, have_bytes }) => ({
      path,
      size_bytes,
      fetch_bytes: size_bytes - have_bytes,
      usual: true,
    })),
    ...plan.skipped.map(({ path, size_bytes }) => ({ path, size_bytes, fetch_bytes: size_bytes, usual: false })),
  ]
}

export interface FileGroup {
  /** One path, or what the shards of a set have in common. */
  label: string
  files: PlanFile[]
}

/** The shards of a set are chosen together: one alone is good for nothing. */
export function groupFiles(files: readonly PlanFile[]): FileGroup[] {
  const groups = new Map<string, PlanFile[]>()
  for (const file of files) {
    const label = file.path.replace(/-\d{5}-of-\d{5}(?=\.[a-z]+$)/i, '-*')
    groups.set(label, [...(groups.get(label) ?? []), file])
  }
  return [...groups].map(([label, members]) => ({ label, files: members })).sort((a, b) => sum(b.files) - sum(a.files))
}

const sum = (files: readonly PlanFile[]): number => files.reduce((total, file) => total + file.size_bytes, 0)

/** A pattern that matches this path alone. */
const exactly = (path: string): string => path.replaceAll(/[*?[]/g, (letter) => `[${letter}]`)

/**
 * The request that fetches exactly these files; by as few patterns as it takes. Null when it would take more than the contract allows, or
 * when nothing is chosen.
 */
export function requestFor(
  files: readonly PlanFile[],
  chosen: ReadonlySet<string>,
): Pick<DownloadRequest, 'include' | 'exclude' | 'all'> | null {
  if (chosen.size === 0) return null
  const left = files.filter(({ path }) => !chosen.has(path))
  const added = files.filter(({ path, usual }) => !usual && chosen.has(path))
  const exclude = left.map(({ path }) => exactly(path))
  if (added.length === 0) {
    const usual = left.filter((file) => file.usual).map(({ path }) => exactly(path))
    if (usual.length <= MAX_PATTERNS) return { include: [], exclude: usual, all: false }
  }
  if (exclude.length <= MAX_PATTERNS) return { include: [], exclude, all: true }
  const include = [...chosen].map(exactly)
  return include.length <= MAX_PATTERNS ? { include, exclude: [], all: false } : null
}
