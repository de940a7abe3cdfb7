import { randomUUID } from 'node:crypto'
import type { ChatDetail, ChatSummary, ChatThread, ExportedChat, SamplingParams, SearchHit } from '../../../shared/contract'
import { AppError, toSerializedError } from '../../../shared/errors'
import { inTransaction, isDamage, openDatabase, setAside, toChatError, type Database, type Row } from './database'
import { findMessage, insertMessage, newestEnd, readBranch, updateMessage, withVersions } from './messages'
import { migrations } from './migrations'
import { toDetail, toMessage, toSummary, type StoredMessage } from './rows'
import { endedWhileWriting } from './answer'
import { searchChats } from './search'

/** How long a deleted conversation can be brought back. */
export const KEEP_DELETED_MS = 60 * 60 * 1000
/** More than any model reads; a branch that is longer is asked with its end. */
const LONGEST_BRANCH = 100_000

export interface HistoryDeps {
  file: string
  now: () => number
  /** A damaged file was kept under this name, and a new one begun. */
  onSetAside?: (path: string) => void
}

export interface ChatChange {
  title?: string | undefined
  /** False: the title was made from the first question, and may be made again. */
  named?: boolean
  pinned?: boolean | undefined
  model?: string | undefined
  system_prompt?: string | undefined
  params?: SamplingParams | undefined
}

/** The conversations of this data folder. All calls are short and synchronous; nothing is read before the first of them. */
export interface History {
  list: (page: { after?: string | undefined; limit: number }) => { chats: ChatSummary[]; next: string | null }
  search: (query: string, limit: number) => SearchHit[]
  detail: (chat: string) => ChatDetail
  isNamed: (chat: string) => boolean
  thread: (chat: string, page: { before?: string | undefined; limit: number }) => ChatThread
  /** The shown branch up to and with a message (its end when null), without limit. */
  branch: (chat: string, end: string | null) => StoredMessage[]
  message: (chat: string, id: string) => StoredMessage
  withVersions: (chat: string, message: StoredMessage) => ChatThread['messages'][number]
  create: (change: ChatChange) => ChatDetail
  update: (chat: string, change: ChatChange) => ChatDetail
  /** Adds messages, each under the one before it, and shows their branch. */
  add: (chat: string, messages: readonly StoredMessage[]) => void
  save: (chat: string, message: StoredMessage, isEnd: boolean) => void
  showBranch: (chat: string, message: string) => void
  remove: (chat: string) => void
  restore: (chat: string) => ChatSummary
  /** Ids of what can be exported, oldest first. */
  ids: () => string[]
  exported: (chat: string) => ExportedChat
  import: (chats: readonly ExportedChat[]) => { chats: number; messages: number }
  setAsidePath: () => string | null
  close: () => void
  /** Closes the file, and refuses every call with `busy` until the returned function is called. */
  hold: () => () => void
}

const NEW_TITLE = 'New chat'

function notFound(): AppError {
  return new AppError('chat_not_found', 'This conversation, or this message of it, is no longer here.', {
    hint: 'It may have been deleted in another window.',
  })
}

/** What was being written when the process died is marked, and what was deleted long ago goes. */
function tidy(database: Database, nowMs: number): void {
  database
    .prepare("UPDATE messages SET state = 'interrupted', error = ? WHERE state = 'streaming'")
    .run(JSON.stringify(toSerializedError(endedWhileWriting())))
  database.prepare('DELETE FROM chats WHERE deleted_at < ?').run(nowMs - KEEP_DELETED_MS)
}

/** Opens with the first call. @throws from every call: AppError chats_too_new, chats_damaged, disk_full, permission_denied */
export function openHistory(
  { file, now, onSetAside = () => undefined }: HistoryDeps,
  isAnswering: (chat: string) => boolean = () => false,
): History {
  let database: Database | null = null
  let aside: string | null = null

  const keepDamaged = (): void => {
    aside = setAside(file, now())
    onSetAside(aside)
  }
  const open = (): Database => {
    if (database !== null) return database
    let opened: Database
    try {
      opened = openDatabase(file, migrations)
      tidy(opened, now())
    } catch (error) {
      if (!isDamage(error)) throw error
      keepDamaged()
      opened = openDatabase(file, migrations)
    }
    database = opened
    return opened
  }
  let held = false
  const close = (): void => {
    database?.close()
    database = null
  }
  /** Every call goes through here: what SQLite says becomes an error of ours. */
  const use = <T>(work: (database: Database) => T): T => {
    if (held) throw new AppError('busy', 'The conversations are being deleted.', { hint: 'Try again in a moment.' })
    try {
      return work(open())
    } catch (error) {
      if (!isDamage(error)) throw error instanceof AppError ? error : toChatError(error, file)
      database?.close()
      database = null
      keepDamaged()
      throw new AppError('chats_damaged', 'The file with the conversations is damaged. It was kept, and a new one was begun.', {
        hint: `The old one is ${aside}.`,
        data: { path: aside },
        cause: error,
      })
    }
  }
  const change = <T>(work: (database: Database) => T): T => use((db) => inTransaction(db, () => work(db)))

  const row = (db: Database, chat: string): Row & { seq: number } => {
    const found = db.prepare('SELECT * FROM chats WHERE id = ? AND deleted_at IS NULL').get(chat)
    if (found === undefined) throw notFound()
    return { ...found, seq: Number(found['seq']) }
  }
  const leafOf = (found: Row): string | null => (typeof found['leaf'] === 'string' ? found['leaf'] : null)
  const detailOf = (found: Row): ChatDetail => toDetail(found, isAnswering(String(found['id'])))
  const messageOf = (db: Database, seq: number, id: string): StoredMessage => {
    const message = findMessage(db, seq, id)
    if (message === null) throw notFound()
    return message
  }
  const insertChat = (db: Database, values: ChatChange & { created: number; updated: number }): string => {
    const id = randomUUID()
    db.prepare(
      'INSERT INTO chats (id, title, named, pinned, model, system_prompt, params, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ).run(
      id,
      values.title ?? NEW_TITLE,
      values.title === undefined ? 0 : 1,
      values.pinned === true ? 1 : 0,
      values.model ?? null,
      values.system_prompt ?? '',
      JSON.stringify(values.params ?? {}),
      values.created,
      values.updated,
    )
    return id
  }

  return {
    list: ({ after, limit }) =>
      use((db) => {
        const [pinned = 2, updated = 0, seq = 0] = (after ?? '').split('.').filter(Boolean).map(Number)
        const rows = db
          .prepare(
            `SELECT * FROM chats WHERE deleted_at IS NULL AND (pinned, updated_at, seq) < (?, ?, ?)
             ORDER BY pinned DESC, updated_at DESC, seq DESC LIMIT ?`,
          )
          .all(pinned, updated, seq, limit + 1)
        const shown = rows.slice(0, limit)
        const last = rows.length > limit ? shown.at(-1) : undefined
        return {
          chats: shown.map((found) => toSummary(found, isAnswering(String(found['id'])))),
          next: last === undefined ? null : [last['pinned'], last['updated_at'], last['seq']].join('.'),
        }
      }),
    search: (query, limit) => use((db) => searchChats(db, query, limit, isAnswering)),
    detail: (chat) => use((db) => detailOf(row(db, chat))),
    isNamed: (chat) => use((db) => row(db, chat)['named'] === 1),
    thread: (chat, { before, limit }) =>
      use((db) => {
        const found = row(db, chat)
        const end = before === undefined ? leafOf(found) : messageOf(db, found.seq, before).parent_id
        const messages = readBranch(db, found.seq, end, limit)
        return {
          chat: detailOf(found),
          messages: messages.map((message) => withVersions(db, found.seq, message)),
          more: (messages[0]?.parent_id ?? null) !== null,
        }
      }),
    branch: (chat, end) =>
      use((db) => {
        const found = row(db, chat)
        return readBranch(db, found.seq, end ?? leafOf(found), LONGEST_BRANCH)
      }),
    message: (chat, id) => use((db) => messageOf(db, row(db, chat).seq, id)),
    withVersions: (chat, message) => use((db) => withVersions(db, row(db, chat).seq, message)),
    create: (values) =>
      change((db) => {
        const id = insertChat(db, { ...values, created: now(), updated: now() })
        return detailOf(row(db, id))
      }),
    update: (chat, { title, named = true, pinned, model, system_prompt: systemPrompt, params }) =>
      change((db) => {
        const { seq } = row(db, chat)
        const set = (column: string, value: string | number): void =>
          void db.prepare(`UPDATE chats SET ${column} = ? WHERE seq = ?`).run(value, seq)
        if (title !== undefined) {
          set('title', title)
          set('named', named ? 1 : 0)
        }
        if (pinned !== undefined) set('pinned', pinned ? 1 : 0)
        if (model !== undefined) set('model', model)
        if (systemPrompt !== undefined) set('system_prompt', systemPrompt)
        if (params !== undefined) set('params', JSON.stringify(params))
        return detailOf(row(db, chat))
      }),
    add: (chat, messages) =>
      change((db) => {
        const { seq } = row(db, chat)
        for (const message of messages) insertMessage(db, seq, message)
        db.prepare('UPDATE chats SET leaf = ?, updated_at = ? WHERE seq = ?').run(messages.at(-1)?.id ?? null, now(), seq)
      }),
    save: (chat, message, isEnd) =>
      change((db) => {
        updateMessage(db, message)
        if (isEnd) db.prepare('UPDATE chats SET updated_at = ? WHERE id = ?').run(now(), chat)
      }),
    showBranch: (chat, message) =>
      change((db) => {
        const { seq } = row(db, chat)
        messageOf(db, seq, message)
        db.prepare('UPDATE chats SET leaf = ? WHERE seq = ?').run(newestEnd(db, seq, message), seq)
      }),
    remove: (chat) =>
      change((db) => {
        const { seq } = row(db, chat)
        db.prepare('UPDATE chats SET deleted_at = ? WHERE seq = ?').run(now(), seq)
        db.prepare('DELETE FROM chats WHERE deleted_at < ?').run(now() - KEEP_DELETED_MS)
      }),
    restore: (chat) =>
      change((db) => {
        db.prepare('UPDATE chats SET deleted_at = NULL WHERE id = ?').run(chat)
        return toSummary(row(db, chat), isAnswering(chat))
      }),
    ids: () =>
      use((db) =>
        db
          .prepare('SELECT id FROM chats WHERE deleted_at IS NULL ORDER BY seq')
          .all()
          .map((found) => String(found['id'])),
      ),
    exported: (chat) =>
      use((db) => {
        const found = row(db, chat)
        const { id: _id, answering: _answering, ...rest } = detailOf(found)
        const messages = db.prepare('SELECT * FROM messages WHERE chat = ? ORDER BY seq').all(found.seq).map(toMessage)
        return {
          ...rest,
          leaf: leafOf(found),
          messages: messages.map((message) => ({
            ...message,
            state: message.state === 'streaming' ? ('interrupted' as const) : message.state,
          })),
        }
      }),
    import: (chats) =>
      change((db) => {
        let count = 0
        for (const { messages, leaf, created_at: created, updated_at: updated, model, ...values } of chats) {
          const id = insertChat(db, {
            ...values,
            ...(model === null ? {} : { model }),
            created: Date.parse(created),
            updated: Date.parse(updated),
          })
          const { seq } = row(db, id)
          // New names: the same file may be imported twice, or beside the conversation that it was made of.
          const names = new Map(messages.map((message) => [message.id, randomUUID()]))
          const nameOf = (old: string | null): string | null => (old === null ? null : (names.get(old) ?? null))
          for (const message of messages)
            insertMessage(db, seq, { ...message, id: nameOf(message.id) ?? randomUUID(), parent_id: nameOf(message.parent_id) })
          count += messages.length
          const end = nameOf(leaf) ?? nameOf(messages.at(-1)?.id ?? null)
          db.prepare('UPDATE chats SET leaf = ? WHERE seq = ?').run(end, seq)
        }
        return { chats: chats.length, messages: count }
      }),
    setAsidePath: () => aside,
    close,
    hold: () => {
      close()
      held = true
      return () => {
        held = false
      }
    },
  }
}
