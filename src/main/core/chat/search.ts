import type { SearchHit } from '../../../shared/contract'
import type { Database, Row, Value } from './database'
import { AFTER_FILE, AFTER_NAME, toSummary } from './rows'

/** A trigram index knows nothing shorter. */
const SHORTEST_INDEXED = 3
/** Without the index, and for very common words: the newest so many are looked at. */
const LOOKED_AT = 20_000
const MOST_MATCHES = 5_000
const MOST_WORDS = 12
const BEFORE = 40
const AFTER = 120
const FOLDED = 20_000

const wordsOf = (query: string): string[] => [...new Set(query.trim().split(/\s+/u))].slice(0, MOST_WORDS)

const hasIndex = (database: Database): boolean =>
  database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'messages_text'").get() !== undefined

const toLike = (word: string): string => `%${word.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`
const toPhrase = (word: string): string => `"${word.replaceAll('"', '""')}"`

interface Source {
  sql: string
  values: Value[]
}

/** The newest messages, or titles, that hold every word. Long words come from the index, short ones from a look at what is left. */
function matching(database: Database, table: 'messages' | 'chats', columns: readonly string[], words: readonly string[]): Source {
  const isIndexed = hasIndex(database)
  const indexed = isIndexed ? words.filter((word) => Array.from(word).length >= SHORTEST_INDEXED) : []
  const others = words.filter((word) => !indexed.includes(word))
  const text = columns.map((column) => `coalesce(${column}, '')`).join(" || ' ' || ")
  const source =
    indexed.length === 0
      ? `(SELECT * FROM ${table} ORDER BY seq DESC LIMIT ${LOOKED_AT})`
      : `(SELECT t.* FROM ${table}_text i JOIN ${table} t ON t.seq = i.rowid WHERE i.${table}_text MATCH ? ORDER BY i.rowid DESC LIMIT ${LOOKED_AT})`
  const where = others.map(() => `(${text}) LIKE ? ESCAPE '\\'`).join(' AND ')
  return {
    sql: `SELECT * FROM ${source} ${where === '' ? '' : `WHERE ${where}`} LIMIT ${MOST_MATCHES}`,
    values: [...(indexed.length === 0 ? [] : [indexed.map(toPhrase).join(' AND ')]), ...others.map(toLike)],
  }
}

/** Letters as the index compares them. */
const plain = (text: string): string => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()

interface Span {
  from: number
  to: number
}

/** The first word as it is written, but for its case. */
function findWritten(text: string, words: readonly string[]): Span | null {
  const lower = text.toLowerCase()
  // A few letters change their length with their case; then places would be wrong.
  if (lower.length !== text.length) return null
  const spans = words.flatMap((word) => {
    const from = lower.indexOf(word.toLowerCase())
    return from < 0 ? [] : [{ from, to: from + word.length }]
  })
  return spans.sort((a, b) => a.from - b.from)[0] ?? null
}

/** The first word without its accents, letter by letter so that places stay true; in the beginning of a long text only. */
function findFolded(text: string, words: readonly string[]): Span | null {
  const places: number[] = []
  let folded = ''
  let at = 0
  for (const character of text.slice(0, FOLDED)) {
    const part = plain(character)
    for (let count = 0; count < part.length; count++) places.push(at)
    folded += part
    at += character.length
  }
  const spans = words.flatMap((word) => {
    const start = folded.indexOf(plain(word))
    const from = places[start]
    return start < 0 || from === undefined ? [] : [{ from, to: places[start + plain(word).length] ?? at }]
  })
  return spans.sort((a, b) => a.from - b.from)[0] ?? null
}

/** The text around the first word that is found in it. Case and accents are no difference, as for the index. */
export function snippetOf(text: string, words: readonly string[]): SearchHit['snippet'] {
  const span = findWritten(text, words) ?? findFolded(text, words)
  if (span === null) return null
  const line = (part: string): string => part.replaceAll(AFTER_NAME, ' ').replaceAll(AFTER_FILE, ' ').replaceAll(/\s+/gu, ' ')
  const { from, to } = span
  return {
    before: `${from > BEFORE ? '…' : ''}${line(text.slice(Math.max(0, from - BEFORE), from))}`,
    match: line(text.slice(from, to)),
    after: `${line(text.slice(to, to + AFTER))}${text.length > to + AFTER ? '…' : ''}`,
  }
}

function snippetOfRow(row: Row, words: readonly string[]): SearchHit['snippet'] {
  for (const key of ['content', 'reasoning', 'attachments']) {
    const text = row[key]
    const snippet = typeof text === 'string' ? snippetOf(text, words) : null
    if (snippet !== null) return snippet
  }
  return null
}

/** Conversations whose title or one of whose messages has every word of the query; the newest match of each, newest first. */
export function searchChats(database: Database, query: string, limit: number, isAnswering: (id: string) => boolean): SearchHit[] {
  const words = wordsOf(query)
  if (words.length === 0) return []
  const inMessages = matching(database, 'messages', ['content', 'reasoning', 'attachments'], words)
  const inTitles = matching(database, 'chats', ['title'], words)
  const rows = database
    .prepare(
      `SELECT c.*, max(hit.message) AS message FROM (
        SELECT chat, seq AS message FROM (${inMessages.sql})
        UNION ALL
        SELECT seq AS chat, NULL AS message FROM (${inTitles.sql})
      ) hit JOIN chats c ON c.seq = hit.chat WHERE c.deleted_at IS NULL
      GROUP BY c.seq ORDER BY c.updated_at DESC, c.seq DESC LIMIT ?`,
    )
    .all(...inMessages.values, ...inTitles.values, limit)
  return rows.map((row) => {
    const message =
      row['message'] === null ? undefined : database.prepare('SELECT * FROM messages WHERE seq = ?').get(Number(row['message']))
    return {
      chat: toSummary(row, isAnswering(String(row['id']))),
      message_id: message === undefined ? null : String(message['id']),
      snippet: message === undefined ? null : snippetOfRow(message, words),
    }
  })
}
