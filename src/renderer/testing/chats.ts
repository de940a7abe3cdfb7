import type { ChatDetail, ChatSummary, ThreadMessage } from '../../shared/contract'

/** Conversations for tests, whole and plain; a test changes what it is about. */
export function aMessage(id: string, more: Partial<ThreadMessage> = {}): ThreadMessage {
  return {
    id,
    parent_id: null,
    role: 'user',
    content: id,
    reasoning: null,
    reasoning_ms: null,
    model: null,
    created_at: '2026-11-01T10:00:00Z',
    state: 'complete',
    finish_reason: null,
    usage: null,
    timing: null,
    error: null,
    attachments: [],
    version: { index: 0, count: 1, previous: null, next: null },
    ...more,
  }
}

export function aChat(id: string, more: Partial<ChatSummary> = {}): ChatSummary {
  return {
    id,
    title: `Chat ${id}`,
    pinned: false,
    model: 'org/model',
    created_at: '2026-11-01T10:00:00Z',
    updated_at: '2026-11-01T10:00:00Z',
    answering: false,
    ...more,
  }
}

export function aChatDetail(id: string, more: Partial<ChatDetail> = {}): ChatDetail {
  return { ...aChat(id), system_prompt: '', params: {}, ...more }
}
