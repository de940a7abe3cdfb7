import type { ThreadMessage } from '../../../shared/contract'
import type { Database, Row } from './database'
import { MESSAGE_COLUMNS, toColumns, toMessage, toThreadMessage, type StoredMessage } from './rows'

const MARKS = MESSAGE_COLUMNS.split(', ')
  .map(() => '?')
  .join(', ')

export function insertMessage(database: Database, chat: number, message: StoredMessage): void {
  database
    .prepare(`INSERT INTO messages (id, chat, ${MESSAGE_COLUMNS}) VALUES (?, ?, ${MARKS})`)
    .run(message.id, chat, ...toColumns(message))
}

export function updateMessage(database: Database, message: StoredMessage): void {
  database.prepare(`UPDATE messages SET (${MESSAGE_COLUMNS}) = (${MARKS}) WHERE id = ?`).run(...toColumns(message), message.id)
}

export function findMessage(database: Database, chat: number, id: string): StoredMessage | null {
  const row = database.prepare('SELECT * FROM messages WHERE chat = ? AND id = ?').get(chat, id)
  return row === undefined ? null : toMessage(row)
}

/** The messages above and including one, oldest first; at most `limit`. */
export function readBranch(database: Database, chat: number, end: string | null, limit: number): StoredMessage[] {
  if (end === null) return []
  return database
    .prepare(
      `WITH RECURSIVE branch (id, parent, depth) AS (
        SELECT id, parent, 0 FROM messages WHERE chat = ?1 AND id = ?2
        UNION ALL
        SELECT m.id, m.parent, depth + 1 FROM branch b JOIN messages m ON m.id = b.parent AND m.chat = ?1 WHERE depth + 1 < ?3
      )
      SELECT m.* FROM branch JOIN messages m USING (id) ORDER BY depth DESC`,
    )
    .all(chat, end, limit)
    .map(toMessage)
}

/** Down from a message along the newest versions. */
export function newestEnd(database: Database, chat: number, id: string): string {
  const row = database
    .prepare(
      `WITH RECURSIVE down (id, depth) AS (
        SELECT ?2, 0
        UNION ALL
        SELECT (SELECT id FROM messages WHERE chat = ?1 AND parent = down.id ORDER BY seq DESC LIMIT 1), depth + 1
        FROM down WHERE down.id IS NOT NULL
      )
      SELECT id FROM down WHERE id IS NOT NULL ORDER BY depth DESC LIMIT 1`,
    )
    .get(chat, id)
  return typeof row?.['id'] === 'string' ? row['id'] : id
}

/** Messages with the same parent, oldest first: the versions of one message. */
export function versionsOf(database: Database, chat: number, message: StoredMessage): string[] {
  const row = (found: Row): string => String(found['id'])
  return database
    .prepare('SELECT id FROM messages WHERE chat = ? AND parent IS ? AND role = ? ORDER BY seq')
    .all(chat, message.parent_id, message.role)
    .map(row)
}

export function withVersions(database: Database, chat: number, message: StoredMessage): ThreadMessage {
  return toThreadMessage(message, versionsOf(database, chat, message))
}
