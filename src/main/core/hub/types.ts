/** A file of a repo at one commit, as the Hub lists it. Everything in it has been checked: none of it can lead out of a folder. */
export interface HubFile {
  /** With `/`, relative, each part at most 255 bytes. */
  path: string
  sizeBytes: number
  /** Git's SHA-1 of the file, or of its pointer. */
  oid: string
  /** SHA-256 of the content when it lies outside of git; the blob in the cache has this name, else the `oid`. */
  sha256: string | null
  xetHash: string | null
}

/** A revision of a repo, resolved to its commit. */
export interface HubRevision {
  /** As the Hub spells it: renamed repos and other letter cases lead here. */
  repo: string
  /** 40 hex digits. */
  commit: string
  gated: 'auto' | 'manual' | false
  private: boolean
  /** ISO time of the last change; null when the Hub does not say. */
  lastModified: string | null
  tags: string[]
  library: string | null
  licence: string | null
}

/** Where a token comes from. The text never leaves this domain but in a request's header. */
export interface HubToken {
  token: string
  source: 'environment' | 'token_file' | 'store'
}

/** Whether a question to the Hub goes with a token. `sealed`: there is one that this process cannot read. */
export type TokenState = 'sent' | 'none' | 'sealed'

export interface FileRequest {
  /** Repo, commit and path of the file; the link that an earlier answer led to saves the way through the Hub. */
  repo: string
  commit: string
  path: string
  sizeBytes: number
  /** Name of its blob: what the Hub's headers have to confirm. */
  blob: string
  link?: string | undefined
  /** First byte, and the byte after the last. */
  from: number
  to: number
}

export interface FileResponse {
  /** Bytes from `from` on. May be shorter or longer than asked for when the server lies: the reader counts. */
  body: AsyncIterable<Uint8Array>
  /** What answered: good for further requests of the same file, until it expires. */
  link: string
  /** First byte of the body; 0 when the server ignored the range. */
  from: number
  /** Stops reading and gives the connection back. */
  close: () => void
}

/** Models of the Hub, in the order of the Hub. */
export interface HubQuery {
  /** Words of the name; empty: all. */
  text: string
  owner: string | null
  /** Tags that all of them have, e.g. `mlx`. */
  tags: readonly string[]
  sort: 'downloads' | 'likes' | 'lastModified' | 'createdAt' | 'trendingScore'
  /** How many are left out at the beginning, and how many are wanted. */
  skip: number
  limit: number
}

/** A model as a listing of the Hub shows it. */
export interface HubListing {
  repo: string
  /** Commit of `main`; null when the Hub does not say. */
  commit: string | null
  downloads: number
  likes: number
  gated: 'auto' | 'manual' | false
  private: boolean
  lastModified: string | null
  tags: string[]
  task: string | null
  licence: string | null
  baseModels: string[]
}

/** Who a token belongs to. */
export interface HubAccount {
  name: string
  /** The name that its owner gave it, and its role (`read`, `write`, `fineGrained`); null when the Hub does not say. */
  tokenName: string | null
  role: string | null
}
