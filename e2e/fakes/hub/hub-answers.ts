import { listModels } from './listing'
import { describeModel } from './model-info'
import { empty, file, json, problem, type Answer, type Call, type Reply } from './reply'
import { findCommit, headCommit, type HubCommit, type HubFile, type HubRepo } from './repo'
import { listPaths, listTree } from './tree'

export interface HubDeps {
  repos: ReadonlyMap<string, HubRepo>
  /** Items per answer of `tree`: plain, and with `expand`. */
  pageSize: { plain: number; expanded: number }
  /** Where a file outside of git can be fetched, on another host name. */
  linkTo: (repo: HubRepo, file: HubFile) => string
  /** Token → whose it is. */
  tokens: Readonly<Record<string, string>>
}

const NAME = String.raw`([\w.-]+\/[\w.-]+|[\w.-]+)`
const routes = {
  info: new RegExp(String.raw`^/api/models/${NAME}(?:/revision/([^/]+))?$`),
  tree: new RegExp(String.raw`^/api/models/${NAME}/tree/([^/]+)(?:/(.*))?$`),
  paths: new RegExp(String.raw`^/api/models/${NAME}/paths-info/([^/]+)$`),
  refs: new RegExp(String.raw`^/api/models/${NAME}/refs$`),
  resolve: new RegExp(String.raw`^/${NAME}/resolve/([^/]+)/(.+)$`),
  resolveCache: new RegExp(String.raw`^/api/resolve-cache/models/${NAME}/([0-9a-f]{40})/(.+)$`),
}

const decode = (text: string | undefined): string => decodeURIComponent(text ?? '')
const flag = (call: Call, name: string): boolean => /^(true|1)$/i.test(call.url.searchParams.get(name) ?? '')
const bearer = (call: Call): string => (call.headers.authorization ?? '').replace(/^Bearer /, '')
const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/')

/** Answers of the Hub's own host: metadata, small files, and the way to the large ones. */
export function createHubAnswers(deps: HubDeps): Answer {
  const isReader = (repo: HubRepo, call: Call): boolean => repo.readers.includes(deps.tokens[bearer(call)] ?? '')
  const maySee = (repo: HubRepo, call: Call): boolean => !repo.private || isReader(repo, call)
  /** Looks a repo and one of its commits up, and answers; or says which of them is missing. */
  const at = (call: Call, id: string | undefined, revision: string, answer: (repo: HubRepo, commit: HubCommit) => Reply): Reply => {
    const repo = deps.repos.get(decode(id))
    // To someone without a token, a repo that does not exist and one that may not be seen are the same.
    if (repo === undefined || !maySee(repo, call)) return problem(401, 'RepoNotFound', 'Repository not found')
    const commit = findCommit(repo, revision)
    return commit === null ? problem(404, 'RevisionNotFound', `Invalid rev id: ${revision}`) : answer(repo, commit)
  }

  const tree = (call: Call, folder: string) => (_repo: HubRepo, commit: HubCommit) => {
    const expand = flag(call, 'expand')
    const items = listTree(commit, folder, { recursive: flag(call, 'recursive'), expand })
    if (items === null) return problem(404, 'EntryNotFound', `${folder} does not exist on "${commit.id}"`)
    const from = Number(call.url.searchParams.get('cursor') ?? 0)
    const until = from + (expand ? deps.pageSize.expanded : deps.pageSize.plain)
    if (until >= items.length) return json(items.slice(from))
    const next = new URL(call.url)
    next.searchParams.set('cursor', String(until))
    return json(items.slice(from, until), { link: `<${next.href}>; rel="next"` })
  }

  const paths = (call: Call) => (_repo: HubRepo, commit: HubCommit) => {
    const asked = JSON.parse(call.body.toString()) as { paths: string[] | string; expand?: boolean }
    return json(listPaths(commit, [asked.paths].flat(), asked.expand === true))
  }

  const resolve = (call: Call, path: string) => (repo: HubRepo, commit: HubCommit) => {
    const found = commit.files.get(path)
    const origin = { 'x-repo-commit': commit.id }
    if (repo.gated !== false && !isReader(repo, call)) return problem(403, 'GatedRepo', `Access to model ${repo.id} is restricted`)
    if (found === undefined) return problem(404, 'EntryNotFound', 'Entry not found', origin)
    if (found.lfs === null) {
      // Also the Hub itself sends files in git through a cache under another path of the same host.
      const location = `/api/resolve-cache/models/${repo.id}/${commit.id}/${encodePath(path)}?etag=%22${found.oid}%22`
      return empty(307, { location, ...origin })
    }
    return empty(302, {
      location: deps.linkTo(repo, found),
      ...origin,
      'accept-ranges': 'bytes',
      'x-linked-etag': `"${found.lfs.sha256}"`,
      'x-linked-size': String(found.size),
      ...(found.xetHash === null ? {} : xetHeaders(call, repo, commit, found.xetHash)),
    })
  }

  const resolveCache = (call: Call, path: string) => (_repo: HubRepo, commit: HubCommit) => {
    const found = commit.files.get(path)
    const origin = { 'x-repo-commit': commit.id }
    if (found === undefined || found.lfs !== null) return problem(404, 'EntryNotFound', 'Entry not found', origin)
    return file(call, found.content, { ...origin, etag: `"${found.oid}"`, 'content-type': 'text/plain; charset=utf-8' })
  }

  return (call) => {
    const { pathname } = call.url
    const { method } = call
    let parts = routes.paths.exec(pathname)
    if (parts !== null) return method === 'POST' ? at(call, parts[1], decode(parts[2]), paths(call)) : empty(405)
    if (method !== 'GET' && method !== 'HEAD') return empty(405)
    if (pathname === '/api/whoami-v2') return whoAmI(call, deps.tokens)
    if (pathname === '/api/models')
      return listModels(
        call,
        [...deps.repos.values()].filter((repo) => maySee(repo, call)),
      )
    parts = routes.tree.exec(pathname)
    if (parts !== null) return at(call, parts[1], decode(parts[2]), tree(call, decode(parts[3]).replace(/\/$/, '')))
    parts = routes.refs.exec(pathname)
    if (parts !== null) return at(call, parts[1], 'main', (repo) => json(describeRefs(repo)))
    parts = routes.info.exec(pathname)
    if (parts !== null) {
      const revision = parts[2] === undefined || parts[2] === 'HEAD' ? 'main' : decode(parts[2])
      return at(call, parts[1], revision, (repo, commit) => json(describeModel(repo, commit, call.url.searchParams)))
    }
    parts = routes.resolveCache.exec(pathname)
    if (parts !== null) return at(call, parts[1], parts[2] ?? '', resolveCache(call, decode(parts[3])))
    parts = routes.resolve.exec(pathname)
    if (parts !== null) return at(call, parts[1], decode(parts[2]), resolve(call, decode(parts[3])))
    return problem(404, null, 'Not found')
  }
}

function xetHeaders(call: Call, repo: HubRepo, commit: HubCommit, hash: string): Record<string, string> {
  const token = `${call.url.origin}/api/models/${repo.id}/xet-read-token/${commit.id}`
  return {
    'x-xet-hash': hash,
    link: `<${token}>; rel="xet-auth", <${call.url.origin}/v1/reconstructions/${hash}>; rel="xet-reconstruction-info"`,
  }
}

function describeRefs(repo: HubRepo): object {
  const named = [...repo.refs].map(([name, commit]) => ({ name, commit }))
  const entry = (name: string, ref: string, targetCommit: string): object => ({ name, ref, targetCommit })
  return {
    branches: [{ name: 'main', ref: 'refs/heads/main', targetCommit: headCommit(repo).id }],
    converts: [],
    tags: named
      .filter(({ name }) => name !== 'main' && !name.startsWith('refs/'))
      .map(({ name, commit }) => entry(name, `refs/tags/${name}`, commit)),
  }
}

function whoAmI(call: Call, tokens: Readonly<Record<string, string>>): Reply {
  const name = tokens[bearer(call)]
  if (name === undefined) return problem(401, null, 'Invalid credentials in Authorization header')
  return json({
    type: 'user',
    id: name,
    name,
    fullname: name,
    auth: { type: 'access_token', accessToken: { displayName: 'laptop', role: 'read' } },
  })
}
