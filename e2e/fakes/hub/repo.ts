import { createHash } from 'node:crypto'
import { fromBuffer, gitOid, sha256, type Content } from './content'

export interface HubFile {
  path: string
  content: Content
  size: number
  /** In git: the file itself, or the pointer that stands for it. */
  oid: string
  /** What lies outside of git; null for a file in git. */
  lfs: { sha256: string; pointerSize: number } | null
  /** Named in the tree and on `resolve` when set. There is no CAS behind it: clients must have Xet switched off. */
  xetHash: string | null
}

export interface HubCommit {
  id: string
  title: string
  date: string
  /** By path, sorted. */
  files: Map<string, HubFile>
}

export interface HubRepo {
  id: string
  commits: Map<string, HubCommit>
  /** `main`, `v1`, `refs/pr/1` → commit. */
  refs: Map<string, string>
  tags: string[]
  downloads: number
  likes: number
  /** Who has not accepted its terms sees what is in it, and gets nothing. */
  gated: 'auto' | 'manual' | false
  /** Only its readers know that it exists. */
  private: boolean
  /** Names of those who may see it, or have accepted its terms. */
  readers: readonly string[]
  /** Head of the model card. */
  card: Record<string, unknown>
}

/** `size`: what the listing claims, for repos that lie. */
export type FileSpec = string | Uint8Array | { content: string | Uint8Array; lfs?: boolean; xetHash?: string; size?: number }

export interface RepoSpec {
  id: string
  /** One commit. For more give `commits`, oldest first. */
  files?: Record<string, FileSpec>
  commits?: { files: Record<string, FileSpec>; id?: string; title?: string }[]
  /** Name → position in `commits`. `main` is the last one unless it is named here. */
  refs?: Record<string, number>
  tags?: string[]
  downloads?: number
  likes?: number
  gated?: 'auto' | 'manual'
  private?: boolean
  readers?: readonly string[]
  card?: Record<string, unknown>
}

/** What the Hub's usual .gitattributes keep outside of git. */
const LFS_NAMES = /\.(safetensors|bin|gguf|pt|pth|onnx|h5|npz|model|zip|tar)$/
const TEXT = new TextEncoder()

function toFile(path: string, spec: FileSpec): HubFile {
  const given = typeof spec === 'string' || spec instanceof Uint8Array ? { content: spec } : spec
  const bytes = typeof given.content === 'string' ? TEXT.encode(given.content) : given.content
  const xetHash = given.xetHash ?? null
  const file = { path, content: fromBuffer(bytes), size: ('size' in given ? given.size : undefined) ?? bytes.length, xetHash }
  if (!(given.lfs ?? (xetHash !== null || LFS_NAMES.test(path)))) return { ...file, oid: gitOid(bytes), lfs: null }
  const digest = sha256(bytes)
  const pointer = TEXT.encode(`version https://git-lfs.github.com/spec/v1\noid sha256:${digest}\nsize ${bytes.length}\n`)
  return { ...file, oid: gitOid(pointer), lfs: { sha256: digest, pointerSize: pointer.length } }
}

/** A repo with everything computed that the Hub computes: git oids, LFS pointers, commit ids. Pure. */
export function createRepo(spec: RepoSpec): HubRepo {
  const given = spec.commits ?? [{ files: spec.files ?? {} }]
  const commits = new Map<string, HubCommit>()
  const ids: string[] = []
  for (const [index, { files, id, title }] of given.entries()) {
    const entries = Object.entries(files)
      .map(([path, file]) => [path, toFile(path, file)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    const hash = createHash('sha1').update(`${spec.id}\0${index}`)
    for (const [path, file] of entries) hash.update(`\0${path}\0${file.oid}`)
    const commit = id ?? hash.digest('hex')
    ids.push(commit)
    commits.set(commit, {
      id: commit,
      title: title ?? `Commit ${index + 1}`,
      date: new Date(Date.UTC(2026, 0, 1 + index)).toISOString(),
      files: new Map(entries),
    })
  }
  const refs = new Map<string, string>()
  for (const [name, index] of Object.entries({ main: given.length - 1, ...spec.refs })) refs.set(name, ids[index] ?? '')
  const { id, tags = ['mlx'], downloads = 0, likes = 0, gated = false, readers = [], card = {} } = spec
  return { id, commits, refs, tags, downloads, likes, gated, private: spec.private ?? false, readers, card }
}

/** The commit that a branch, tag, PR ref or full hash names. */
export function findCommit(repo: HubRepo, revision: string): HubCommit | null {
  return repo.commits.get(repo.refs.get(revision) ?? revision) ?? null
}

export function headCommit(repo: HubRepo): HubCommit {
  const commit = findCommit(repo, 'main')
  if (commit === null) throw new Error(`${repo.id} has no main`)
  return commit
}
