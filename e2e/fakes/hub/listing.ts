import { describeModel } from './model-info'
import { json, type Call, type Reply } from './reply'
import { headCommit, type HubRepo } from './repo'

/** `GET /api/models`: search by words of the name, `author`, every `filter`; the order of `sort`; pages linked by a cursor. */
export function listModels(call: Call, repos: Iterable<HubRepo>): Reply {
  const { searchParams: asked } = call.url
  const words = (asked.get('search') ?? '').toLowerCase()
  const author = asked.get('author')
  const found = [...repos]
    .filter(({ id }) => id.toLowerCase().includes(words) && (author === null || id.startsWith(`${author}/`)))
    .filter(({ tags }) => asked.getAll('filter').every((tag) => tags.includes(tag)))
    .sort((a, b) => (asked.get('sort') === 'likes' ? b.likes - a.likes : b.downloads - a.downloads))
  const from = Number(asked.get('cursor') ?? 0)
  const until = from + Number(asked.get('limit') ?? 100)
  const items = found.slice(from, until).map((repo) => describeModel(repo, headCommit(repo), asked))
  if (until >= found.length) return json(items)
  const next = new URL(call.url)
  next.searchParams.set('cursor', String(until))
  return json(items, { link: `<${next.href}>; rel="next"` })
}
