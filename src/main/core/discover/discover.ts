import type { Fit, HubCard, HubModel, SearchQuery, SearchResult } from '../../../shared/contract'
import { AppError, isCancellation } from '../../../shared/errors'
import { selectFiles } from '../downloads'
import type { HubClient, HubFile, HubListing, HubQuery } from '../hub'
import type { EngineSupport } from '../interpreter'
import { identify } from '../models'
import { judgeFit, unknownFit } from './fit'
import { readCard } from './card'
import { readRemoteFacts } from './remote-facts'
import type { RemoteFacts, RemoteMemory } from './remember'

export interface DiscoverDeps {
  hub: HubClient
  memory: RemoteMemory
  support: () => Promise<EngineSupport>
  /** What engines may take of this machine, in bytes. */
  limitBytes: () => Promise<number>
  /** Names of the models in the cache, in lower case. */
  cached: () => Promise<ReadonlySet<string>>
}

/** A commit that somebody has looked up already. */
export interface KnownCommit {
  repo: string
  commit: string
  tags: string[]
  licence: string | null
  /** All its files. */
  tree: readonly HubFile[]
}

export interface Discover {
  /** Models of the Hub, each with what it needs here. @throws AppError as the client of the Hub */
  search: (query: SearchQuery, signal?: AbortSignal) => Promise<SearchResult>
  /** What a model's own page says of it at a commit. @throws AppError as the client of the Hub */
  card: (repo: string, commit: string, signal?: AbortSignal) => Promise<HubCard>
  /** Whether what `pull` fetches of a commit would run here; `unknown` with the reason where nobody can say. @throws AppError cancelled */
  fit: (known: KnownCommit, signal?: AbortSignal) => Promise<Fit>
}

/** Requests at a time; the Hub counts them. */
const LANES = 6
/** Of models that a filter leaves out, so many pages are looked through. */
const MAX_PAGES = 5

const sorts: Record<SearchQuery['sort'], HubQuery['sort']> = {
  downloads: 'downloads',
  likes: 'likes',
  modified: 'lastModified',
  created: 'createdAt',
  trending: 'trendingScore',
}

async function mapInLanes<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as T)
  }
  await Promise.all(Array.from({ length: Math.min(LANES, items.length) }, lane))
  return results
}

/** Searches the Hub, and says of each model whether it would run here, before a byte of it is fetched. */
export function createDiscover({ hub, memory, support, limitBytes, cached }: DiscoverDeps): Discover {
  const look = async (listing: HubListing, commit: string, signal?: AbortSignal): Promise<RemoteFacts> => {
    const known = memory.recall(listing.repo, commit)
    if (known !== null) return known
    const files = await hub.tree(listing.repo, commit, signal)
    const { wanted } = selectFiles(files, { include: [], exclude: [], all: false })
    const facts = await readRemoteFacts(hub, listing, { commit, files: wanted }, signal)
    const found = {
      facts,
      fetchBytes: [...new Map(wanted.map((file) => [file.sha256 ?? file.oid, file.sizeBytes])).values()].reduce((a, b) => a + b, 0),
    }
    memory.learn(listing.repo, commit, found)
    return found
  }
  return {
    card: (repo, commit, signal) => readCard(hub, { repo, commit }, signal),
    fit: async ({ repo, commit, tags, licence, tree }, signal) => {
      try {
        const { wanted: files } = selectFiles(tree, { include: [], exclude: [], all: false })
        const facts =
          memory.recall(repo, commit)?.facts ??
          (await readRemoteFacts(hub, { repo, tags, licence, baseModels: [] }, { commit, files }, signal))
        return judgeFit(identify(repo, facts), facts, await support(), await limitBytes())
      } catch (error) {
        if (isCancellation(error) || !(error instanceof AppError)) throw error
        return unknownFit(error.message)
      }
    },
    search: async (query, signal) => {
      const [known, engine, limit] = await Promise.all([cached(), support(), limitBytes()])
      const describe = async (listing: HubListing): Promise<HubModel> => {
        const base = {
          name: listing.repo,
          hash: listing.commit,
          downloads: listing.downloads,
          likes: listing.likes,
          last_modified: listing.lastModified,
          gated: listing.gated === false ? null : listing.gated,
          private: listing.private,
          task: listing.task,
          license: listing.licence,
          base_models: listing.baseModels,
          cached: known.has(listing.repo.toLowerCase()),
        }
        const blank = {
          size_bytes: null,
          framework: null,
          model_type: null,
          architecture: null,
          quantization: null,
          parameters: null,
          context: null,
        }
        if (listing.commit === null) return { ...base, ...blank, fit: unknownFit('The Hub does not say its commit.') }
        try {
          const { facts, fetchBytes } = await look(listing, listing.commit, signal)
          const identity = identify(listing.repo, facts)
          const { framework, model_type, architecture, quantization, parameters, context } = identity
          const described = { size_bytes: fetchBytes, framework, model_type, architecture, quantization, parameters, context }
          return { ...base, ...described, fit: judgeFit(identity, facts, engine, limit) }
        } catch (error) {
          // A gated model shows its files to nobody who has not accepted its terms; one odd model must not hide the others.
          if (isCancellation(error) || !(error instanceof AppError) || error.code === 'hub_rate_limited') throw error
          return { ...base, ...blank, fit: unknownFit(error.message) }
        }
      }
      const wants = (model: HubModel): boolean =>
        (query.bits === null || model.quantization?.bits === query.bits) &&
        (!query.fits || model.fit.verdict === 'runs' || model.fit.verdict === 'runs_short')
      const asked = {
        text: query.query.trim(),
        owner: query.owner,
        tags: [...(query.mlx ? ['mlx'] : []), ...query.tags],
        sort: sorts[query.sort],
      }
      const models: HubModel[] = []
      let skip = query.skip
      try {
        for (let page = 0; page < MAX_PAGES; page += 1) {
          const listings = await hub.search({ ...asked, skip, limit: query.limit }, signal)
          const described = await mapInLanes(listings, describe)
          for (const [index, model] of described.entries()) {
            if (!wants(model)) continue
            models.push(model)
            if (models.length === query.limit)
              return { models, next_skip: index + 1 < listings.length || listings.length === query.limit ? skip + index + 1 : null }
          }
          if (listings.length < query.limit) return { models, next_skip: null }
          skip += listings.length
        }
        return { models, next_skip: skip }
      } finally {
        await memory.save()
      }
    },
  }
}
