import { listFiles, listModels, modelInfo, whoAmI } from '@huggingface/hub'
import { AppError } from '../../../shared/errors'
import { toHubError } from './answer-errors'
import { quote } from './quote'
import { retry, type RetryDeps } from './retry'
import type { Answer, Transport } from './transport'
import { readLicence, toIsoTime, toListing, toTexts } from './listing'
import type { FileRequest, FileResponse, HubFile, HubAccount, HubListing, HubQuery, HubRevision, TokenState } from './types'
import { checkCommit, invalidHubData, isRepoName, toFiles, type RawTreeEntry } from './validate'

export interface HubClientDeps {
  endpoint: string
  /** Why nothing may be asked, as a sentence without a full stop; null when it may. */
  offline: string | null
  transport: Transport
  retrying: RetryDeps
  /** A token would go with a question. */
  tokenState: () => Promise<TokenState>
  now: () => number
}

export interface HubClient {
  /** What a branch, tag or commit is now. @throws AppError access_denied, revision_not_found, and what every question may throw */
  revision: (repo: string, revision: string, signal?: AbortSignal) => Promise<HubRevision>
  /** All files of a commit. @throws AppError hub_invalid when one of them must not be written */
  tree: (repo: string, commit: string, signal?: AbortSignal) => Promise<HubFile[]>
  /** Models that a query finds; the Hub is asked for no more than needed. */
  search: (query: HubQuery, signal?: AbortSignal) => Promise<HubListing[]>
  /** Whether files may be fetched: a gated repo tells everybody what is in it. @throws AppError access_denied */
  checkAccess: (repo: string, signal?: AbortSignal) => Promise<void>
  /** Whose token it is. @throws AppError access_denied when the Hub does not know it */
  whoAmI: (signal?: AbortSignal) => Promise<HubAccount>
  /** Bytes of a file. One attempt: whoever reads knows how far it came. @throws AppError */
  openFile: (request: FileRequest, signal?: AbortSignal) => Promise<FileResponse>
}

const MAX_JSON_BYTES = 20 * 1024 * 1024
/** Of one question: a mirror with pages of fifty can list as many files as we take. */
const MAX_PAGES = 2000
const ATTEMPTS = 4
const LINK_REFUSALS = new Set([401, 403, 404, 410])

const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/')

/** Reads an answer's body, up to a limit. @throws AppError hub_invalid */
async function readBody(answer: Answer): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body) {
    size += chunk.length
    if (size > MAX_JSON_BYTES) {
      answer.close()
      throw invalidHubData('it is larger than 20 MB')
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

interface About {
  repo: string | null
  revision: string | null
}

/** Questions to the Hub, with typed errors. Metadata goes through `@huggingface/hub`, whose requests all pass here. */
export function createHubClient({ endpoint, offline, transport, retrying, tokenState, now }: HubClientDeps): HubClient {
  const checkOnline = (): void => {
    if (offline !== null)
      throw new AppError('hub_offline', `The Hub is not asked: ${offline}.`, { hint: 'What is in the cache works as always.' })
  }
  const fail = async (answer: Answer, { repo, revision }: About): Promise<never> => {
    answer.close()
    const page = repo === null ? null : `${endpoint}/${repo}`
    throw toHubError({ status: answer.status, headers: answer.headers, repo, revision, token: await tokenState(), page }, now())
  }
  /** A `fetch` for one call of the library: what it throws, the library lets through. */
  const fetchAbout = (about: About, signal: AbortSignal | undefined, shape: 'one' | 'list' = 'one'): typeof fetch => {
    const asked = new Set<string>()
    return async (input, init) => {
      checkOnline()
      const url = input instanceof Request ? input.url : String(input)
      if (asked.has(url) || asked.size >= MAX_PAGES) throw invalidHubData('its pages do not end')
      asked.add(url)
      const accept = new Headers(init?.headers).get('accept') ?? 'application/json'
      return await retry(
        ATTEMPTS,
        retrying,
        async () => {
          const answer = await transport.send({ url: toEndpoint(url, endpoint), headers: { accept }, signal })
          if (answer.status < 200 || answer.status > 299) return await fail(answer, about)
          const text = await readBody(answer)
          checkIsJson(text, new URL(url).host)
          checkShape(text, shape)
          return new Response(text, { status: answer.status, headers: answer.headers })
        },
        signal,
      )
    }
  }
  const checkRepo = (repo: string): void => {
    if (!isRepoName(repo))
      throw new AppError('invalid_name', `${quote(repo)} is no name of a repo on the Hub.`, {
        hint: 'It has the form org/name: letters, digits, ".", "-" and "_".',
      })
  }

  return {
    revision: async (repo, revision, signal) => {
      checkRepo(repo)
      const info = await modelInfo({
        name: repo,
        revision,
        hubUrl: endpoint,
        additionalFields: ['sha', 'tags', 'library_name', 'cardData'],
        fetch: fetchAbout({ repo, revision }, signal),
      })
      return toRevision({ ...info }, repo)
    },
    tree: async (repo, commit, signal) => {
      checkRepo(repo)
      const entries: RawTreeEntry[] = []
      for await (const entry of listFiles({
        repo,
        revision: checkCommit(commit),
        recursive: true,
        hubUrl: endpoint,
        fetch: fetchAbout({ repo, revision: commit }, signal, 'list'),
      })) {
        entries.push(entry)
        if (entries.length > 200_000) throw invalidHubData('its list of files does not end')
      }
      return toFiles(entries)
    },
    search: async ({ text, owner, tags, sort, skip, limit }, signal) => {
      const found: HubListing[] = []
      const models = listModels({
        search: { ...(text === '' ? {} : { query: text }), ...(owner === null ? {} : { owner }), tags: [...tags] },
        // The library's type lacks some of the Hub's orders; it passes them on as they are.
        sort: sort as 'downloads',
        limit: skip + limit,
        hubUrl: endpoint,
        additionalFields: ['sha', 'tags', 'cardData'],
        fetch: fetchAbout({ repo: null, revision: null }, signal, 'list'),
      })
      let place = 0
      for await (const model of models) {
        const listing = place >= skip ? toListing({ ...model }) : null
        if (listing !== null) found.push(listing)
        place += 1
      }
      return found
    },
    checkAccess: async (repo, signal) => {
      checkRepo(repo)
      checkOnline()
      const answer = await retry(
        ATTEMPTS,
        retrying,
        () => transport.send({ url: `${endpoint}/api/models/${repo}/auth-check`, signal }),
        signal,
      )
      // A mirror without this page says so with its 404 alone; the files themselves will tell then.
      const unknownPage = answer.status === 404 && answer.headers['x-error-code'] === undefined
      if ((answer.status >= 200 && answer.status <= 299) || unknownPage) answer.close()
      else await fail(answer, { repo, revision: null })
    },
    whoAmI: async (signal) => {
      // The library wants to see a token; the one that goes is the transport's, which knows where it may go.
      const account = await whoAmI({
        accessToken: 'hf_',
        hubUrl: endpoint,
        fetch: fetchAbout({ repo: null, revision: null }, signal),
      })
      const { name, auth } = account as { name?: unknown; auth?: { accessToken?: { role?: unknown; displayName?: unknown } } }
      if (typeof name !== 'string' || name === '') throw invalidHubData('it does not say whose token this is')
      const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value.slice(0, 200) : null)
      return { name: name.slice(0, 200), tokenName: text(auth?.accessToken?.displayName), role: text(auth?.accessToken?.role) }
    },
    openFile: async (request, signal) => {
      checkOnline()
      const { repo, commit, path, link, from, to, sizeBytes } = request
      const url = link ?? `${endpoint}/${repo}/resolve/${commit}/${encodePath(path)}`
      const whole = from === 0 && to === sizeBytes
      const answer = await transport.send({ url, signal, headers: whole ? {} : { range: `bytes=${from}-${to - 1}` } })
      if (LINK_REFUSALS.has(answer.status) && new URL(answer.url).origin !== new URL(endpoint).origin) {
        answer.close()
        // Links to the other host are good for an hour or so, whatever the Hub thinks of us.
        throw new AppError('hub_failed', 'The link to the file has expired.', {
          hint: 'Try again.',
          data: { kind: 'link', status: answer.status },
        })
      }
      if (answer.status !== 200 && answer.status !== 206) return await fail(answer, { repo, revision: commit })
      try {
        checkIsFile(answer, path)
        if (link === undefined) checkConfirmed(answer, request)
        return { body: answer.body, link: answer.url, from: findStart(answer, request), close: answer.close }
      } catch (error) {
        answer.close()
        throw error
      }
    },
  }
}

/** Links in answers name the public Hub also where a mirror gave them. */
function toEndpoint(url: string, endpoint: string): string {
  const target = new URL(url)
  const home = new URL(endpoint)
  if (target.origin === home.origin) return url
  if (target.hostname === 'huggingface.co') return endpoint + target.pathname + target.search
  throw invalidHubData(`its next page is on another host, ${target.host}`)
}

/** A network that wants a sign-in first answers every question with its own page. @throws AppError network_failed */
function checkIsJson(text: string, host: string): void {
  if (!/^\s*</.test(text)) return
  throw toPortalError(host)
}

function toPortalError(host: string): AppError {
  return new AppError('network_failed', `A web page came instead of an answer from ${host}.`, {
    hint: 'Does this network ask for a sign-in? Open a page in the browser first.',
    data: { kind: 'portal' },
  })
}

/** The library reads fields without looking whether they can be there. @throws AppError hub_invalid */
function checkShape(text: string, shape: 'one' | 'list'): void {
  let said: unknown
  try {
    said = JSON.parse(text)
  } catch {
    throw invalidHubData('it is no JSON')
  }
  const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)
  const isRight = shape === 'list' ? Array.isArray(said) && said.every(isObject) : isObject(said)
  if (!isRight) throw invalidHubData('it has another form than it should')
}

/** The same for a file: nothing of such a page may be taken for the file's bytes. @throws AppError network_failed */
function checkIsFile({ headers, url }: Answer, path: string): void {
  if (/\.html?$/i.test(path) || !/^text\/html\b/i.test(headers['content-type'] ?? '')) return
  throw toPortalError(new URL(url).host)
}

function toRevision(info: Record<string, unknown>, asked: string): HubRevision {
  const { name, sha, gated, private: isPrivate, updatedAt, tags, library_name: library, cardData } = info
  const repo = isRepoName(name) ? name : asked
  return {
    repo,
    commit: checkCommit(sha),
    gated: gated === 'auto' || gated === 'manual' ? gated : false,
    private: isPrivate === true,
    lastModified: toIsoTime(updatedAt),
    tags: toTexts(tags),
    library: typeof library === 'string' ? library : null,
    licence: readLicence(cardData),
  }
}

const unquote = (text: string | undefined): string | undefined => text?.replace(/^W\//, '').replace(/^"|"$/g, '')

/**
 * The Hub confirms which bytes it is about to send: commit, hash and size, in the answer or in the redirect that left the Hub
 * (hf-hub.md §3.2). What it does not say cannot be compared; the hash of the bytes decides in the end.
 * @throws AppError hub_invalid
 */
function checkConfirmed({ headers, hops }: Answer, { commit, blob, path, sizeBytes }: FileRequest): void {
  const all = [...hops.map((hop) => hop.headers), headers]
  const said = (name: string): string | undefined => all.map((each) => each[name]).find((value) => value !== undefined)
  const saidCommit = said('x-repo-commit')
  if (saidCommit !== undefined && saidCommit !== commit) throw invalidHubData(`it has ${quote(path)} of another commit`)
  const tag = unquote(
    said('x-linked-etag') ?? (hops.every(({ headers: hop }) => hop['x-linked-size'] === undefined) ? headers['etag'] : undefined),
  )
  if (tag !== undefined && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(tag) && tag.length === blob.length && tag !== blob)
    throw invalidHubData(`${quote(path)} has another hash than in the list`)
  const size = said('x-linked-size')
  if (size !== undefined && Number(size) !== sizeBytes) throw invalidHubData(`${quote(path)} has another size than in the list`)
}

/** First byte of the body. @throws AppError hub_invalid when it is neither what was asked for nor the beginning */
function findStart({ status, headers }: Answer, { from, sizeBytes, path }: FileRequest): number {
  if (status === 200) return 0
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers['content-range'] ?? '')
  if (range === null || Number(range[1]) !== from || (range[3] !== '*' && Number(range[3]) !== sizeBytes))
    throw invalidHubData(`other bytes of ${quote(path)} came than were asked for`)
  return from
}
