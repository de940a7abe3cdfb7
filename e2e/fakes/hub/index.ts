/**
 * A Hugging Face Hub on loopback, read side only: see README.md for what it imitates. May be imported by specs and benches.
 *
 *   const hub = await startFakeHub({ repos: [{ id: 'org/model', files: { 'config.json': '{}' } }] })
 *   … HF_ENDPOINT=hub.url …
 *   await hub.close()
 */
import { cdnPath, createCdnAnswers } from './cdn-answers'
import { createHubAnswers } from './hub-answers'
import { listen, type LogEntry } from './listen'
import type { Layer } from './reply'
import { createRepo, headCommit, type HubRepo, type RepoSpec } from './repo'

export interface FakeHubOptions {
  repos?: readonly RepoSpec[]
  /** Items per answer of `tree`; as on the Hub: 1000, and 50 with `expand`. */
  pageSize?: { plain: number; expanded: number }
  /** Token → whose it is. */
  tokens?: Readonly<Record<string, string>>
  /** Put in front of the answers of either host, outermost first. */
  layers?: readonly Layer[]
}

export interface FakeHub {
  /** For HF_ENDPOINT. Its host is an address; the CDN's is the name `localhost`. */
  url: string
  cdnUrl: string
  /** Every request to either host, in the order they came. */
  log: LogEntry[]
  /** Adds a repo, or puts another in its place. Returns the commit of `main`. */
  publish: (spec: RepoSpec) => string
  /** Cuts every connection, and accepts none until `plugIn`: the network is gone. */
  unplug: () => Promise<void>
  plugIn: () => Promise<void>
  /** Cuts every connection, as a router does to a machine that sleeps. */
  cut: () => void
  close: () => Promise<void>
}

export async function startFakeHub(options: FakeHubOptions = {}): Promise<FakeHub> {
  const repos = new Map<string, HubRepo>()
  const publish = (spec: RepoSpec): string => {
    const repo = createRepo(spec)
    repos.set(repo.id, repo)
    return headCommit(repo).id
  }
  for (const spec of options.repos ?? []) publish(spec)
  const log: LogEntry[] = []
  const layers = options.layers ?? []
  const cdn = await listen({ where: 'cdn', hostName: 'localhost', answer: createCdnAnswers(repos), layers, log })
  const answer = createHubAnswers({
    repos,
    pageSize: options.pageSize ?? { plain: 1000, expanded: 50 },
    tokens: options.tokens ?? {},
    linkTo: (repo, file) => cdn.origin + cdnPath(repo, file),
  })
  const hub = await listen({ where: 'hub', hostName: '127.0.0.1', answer, layers, log })
  return {
    url: hub.origin,
    cdnUrl: cdn.origin,
    log,
    publish,
    unplug: async () => {
      await Promise.all([hub.close(), cdn.close()])
    },
    plugIn: async () => {
      await Promise.all([hub.open(), cdn.open()])
    },
    cut: () => {
      hub.cut()
      cdn.cut()
    },
    close: async () => {
      await Promise.all([hub.close(), cdn.close()])
    },
  }
}

export { gitOid } from './content'
export { answering, rewriting, slow, spoiling } from './layers'
export type { LogEntry } from './listen'
export type { Answer, Call, Layer, Reply } from './reply'
export type { RepoSpec } from './repo'
