import type { Attachment, ChatDetail, ChatMessage, ChatSummary, SamplingParams, ThreadMessage } from '../../../shared/contract'
import type { Row } from './database'

// What SQLite gives back is ours: it was checked when it was written. These functions only give it its types.

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null)
const isoOf = (value: unknown): string => new Date(Number(value)).toISOString()

function json<T>(value: unknown, absent: T): T {
  if (typeof value !== 'string') return absent
  try {
    return JSON.parse(value) as T
  } catch {
    return absent
  }
}

export function toSummary(row: Row, answering: boolean): ChatSummary {
  return {
    id: textOf(row['id']),
    title: textOf(row['title']),
    pinned: row['pinned'] === 1,
    model: textOrNull(row['model']),
    created_at: isoOf(row['created_at']),
    updated_at: isoOf(row['updated_at']),
    answering,
  }
}

export function toDetail(row: Row, answering: boolean): ChatDetail {
  return {
    ...toSummary(row, answering),
    system_prompt: textOf(row['system_prompt']),
    params: json<SamplingParams>(row['params'], {}),
  }
}

export const AFTER_NAME = '\u001f'
export const AFTER_FILE = '\u001e'
const withoutMarks = (text: string): string => text.replaceAll(AFTER_NAME, ' ').replaceAll(AFTER_FILE, ' ')

/** Names and texts one behind the other, so that the index finds what is in them and nothing else. */
export function packFiles(files: readonly Attachment[]): string | null {
  if (files.length === 0) return null
  return files.map(({ name, text }) => `${withoutMarks(name)}${AFTER_NAME}${withoutMarks(text)}${AFTER_FILE}`).join('')
}

function unpackFiles(value: unknown): Attachment[] {
  return textOf(value)
    .split(AFTER_FILE)
    .slice(0, -1)
    .map((file) => {
      const end = file.indexOf(AFTER_NAME)
      return { name: file.slice(0, end), text: file.slice(end + 1) }
    })
}

export interface StoredMessage extends ChatMessage {
  role: 'user' | 'assistant'
  parent_id: string | null
  attachments: Attachment[]
}

export function toMessage(row: Row): StoredMessage {
  return {
    id: textOf(row['id']),
    parent_id: textOrNull(row['parent']),
    role: row['role'] === 'user' ? 'user' : 'assistant',
    content: textOf(row['content']),
    reasoning: textOrNull(row['reasoning']),
    reasoning_ms: numberOrNull(row['reasoning_ms']),
    model: textOrNull(row['model']),
    created_at: isoOf(row['created_at']),
    state: textOf(row['state']) as ChatMessage['state'],
    finish_reason: textOrNull(row['finish_reason']) as ChatMessage['finish_reason'],
    usage: json<ChatMessage['usage']>(row['usage'], null),
    timing: json<ChatMessage['timing']>(row['timing'], null),
    error: json<ChatMessage['error']>(row['error'], null),
    attachments: unpackFiles(row['attachments']),
  }
}

/** A message with its place among its versions; `versions` are their ids, oldest first. */
export function toThreadMessage(message: StoredMessage, versions: readonly string[]): ThreadMessage {
  const index = versions.indexOf(message.id)
  return {
    ...message,
    attachments: message.attachments.map(({ name, text }) => ({ name, characters: text.length })),
    version: {
      index: Math.max(0, index),
      count: Math.max(1, versions.length),
      previous: versions[index - 1] ?? null,
      next: versions[index + 1] ?? null,
    },
  }
}

/** The columns of a message, in the order of `MESSAGE_COLUMNS`. */
export function toColumns(message: StoredMessage): (string | number | null)[] {
  const packed = (value: unknown): string | null => (value === null ? null : JSON.stringify(value))
  return [
    message.parent_id,
    message.role,
    message.content,
    message.reasoning,
    message.reasoning_ms,
    message.model,
    Date.parse(message.created_at),
    message.state,
    message.finish_reason,
    packed(message.usage),
    packed(message.timing),
    packed(message.error),
    packFiles(message.attachments),
  ]
}

export const MESSAGE_COLUMNS =
  'parent, role, content, reasoning, reasoning_ms, model, created_at, state, finish_reason, usage, timing, error, attachments'
