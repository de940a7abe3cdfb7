import type { HubCommit, HubFile, HubRepo } from './repo'

function sibling(file: HubFile, blobs: boolean): object {
  if (!blobs) return { rfilename: file.path }
  const lfs = file.lfs === null ? {} : { lfs: { sha256: file.lfs.sha256, size: file.size, pointerSize: file.lfs.pointerSize } }
  return { rfilename: file.path, size: file.size, blobId: file.oid, ...lfs }
}

/** `GET /api/models/{id}`: everything, or with `expand` only the identity and what is asked for. */
export function describeModel(repo: HubRepo, commit: HubCommit, query: URLSearchParams): object {
  const files = [...commit.files.values()]
  const identity = { _id: commit.id.slice(0, 24), id: repo.id }
  const everything: Record<string, unknown> = {
    ...identity,
    modelId: repo.id,
    author: repo.id.includes('/') ? repo.id.split('/')[0] : null,
    sha: commit.id,
    lastModified: commit.date,
    createdAt: commit.date,
    private: repo.private,
    gated: repo.gated,
    disabled: false,
    downloads: repo.downloads,
    downloadsAllTime: repo.downloads,
    likes: repo.likes,
    tags: repo.tags,
    library_name: repo.tags.includes('mlx') ? 'mlx' : 'transformers',
    pipeline_tag: 'text-generation',
    config: {},
    cardData: repo.card,
    siblings: files.map((file) => sibling(file, /^(true|1)$/i.test(query.get('blobs') ?? ''))),
    usedStorage: files.reduce((sum, { size }) => sum + size, 0),
    spaces: [],
  }
  const wanted = query.getAll('expand')
  if (wanted.length === 0) return everything
  return { ...identity, ...Object.fromEntries(wanted.filter((key) => key in everything).map((key) => [key, everything[key]])) }
}
