import type { ChatMessage, GenerationEvent } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'

/** What an answer waits for before its first word. */
export interface Waiting {
  state: 'queued' | 'loading' | 'prefill' | 'sent'
  progress: number | null
}

/** The answer that is being written, with what only matters while it is. */
export interface Draft {
  message: ChatMessage
  waiting: Waiting | null
  /** When the first and, once it has begun, the last moment of thinking was, in ms. */
  thinkingSince: number | null
}

export type AnswerEvent = GenerationEvent
export type AnswerEnd = { type: 'stopped' } | { type: 'failed'; error: SerializedError }

interface NewMessage {
  id: string
  createdAt: string
}

export function userMessage({ id, createdAt }: NewMessage, content: string): ChatMessage {
  return {
    id,
    role: 'user',
    content,
    reasoning: null,
    reasoning_ms: null,
    model: null,
    created_at: createdAt,
    state: 'complete',
    finish_reason: null,
    usage: null,
    timing: null,
    error: null,
  }
}

export function newDraft({ id, createdAt }: NewMessage, model: string): Draft {
  return {
    message: { ...userMessage({ id, createdAt }, ''), role: 'assistant', model, state: 'streaming' },
    waiting: { state: 'sent', progress: null },
    thinkingSince: null,
  }
}

/** Ends the time of thinking, if it was running. */
function endThinking(draft: Draft, nowMs: number): ChatMessage {
  if (draft.thinkingSince === null) return draft.message
  return { ...draft.message, reasoning_ms: (draft.message.reasoning_ms ?? 0) + nowMs - draft.thinkingSince }
}

/** One event of the stream added to the answer. */
export function applyEvent(draft: Draft, event: AnswerEvent, nowMs: number): Draft {
  const { message } = draft
  if (event.type === 'state') return { ...draft, waiting: { state: event.state, progress: event.progress } }
  if (event.type === 'reasoning')
    return {
      message: { ...message, reasoning: (message.reasoning ?? '') + event.text },
      waiting: null,
      thinkingSince: draft.thinkingSince ?? nowMs,
    }
  const thought = endThinking(draft, nowMs)
  if (event.type === 'text')
    return { message: { ...thought, content: thought.content + event.text }, waiting: null, thinkingSince: null }
  // Chat offers no tools, so nothing is called.
  if (event.type === 'tool_call') return draft
  const { reason, usage, timing, model } = event
  return {
    message: { ...thought, state: 'complete', model, finish_reason: reason, usage, timing },
    waiting: null,
    thinkingSince: null,
  }
}

/** Ends an answer early. What has come is kept; only an answer of which nothing came counts as failed. */
export function endEarly(draft: Draft, end: AnswerEnd, nowMs: number): ChatMessage {
  const message = endThinking(draft, nowMs)
  // The answer was already whole: a connection that breaks after it changes nothing.
  if (message.state === 'complete') return message
  const hasText = message.content !== '' || message.reasoning !== null
  if (end.type === 'stopped') return { ...message, state: 'interrupted' }
  return { ...message, state: hasText ? 'interrupted' : 'failed', error: end.error }
}

/**
 * What the model gets: answers that failed are left out, and user turns that then stand together become one, since chat templates
 * expect the roles to alternate.
 */
export function toPrompt(messages: readonly ChatMessage[]): { role: ChatMessage['role']; content: string }[] {
  const prompt: { role: ChatMessage['role']; content: string }[] = []
  for (const { role, content } of messages) {
    if (content === '') continue
    const last = prompt.at(-1)
    if (last !== undefined && last.role === role) last.content = `${last.content}\n\n${content}`
    else prompt.push({ role, content })
  }
  return prompt
}

/** The conversation up to and with the last question, for asking it again; null when there is none. */
export function withoutLastAnswer(messages: readonly ChatMessage[]): ChatMessage[] | null {
  const at = messages.findLastIndex((message) => message.role === 'user')
  return at < 0 ? null : messages.slice(0, at + 1)
}

/** Tokens the conversation fills now: what the last whole answer counted, or null before one. */
export function usedTokens(messages: readonly ChatMessage[]): number | null {
  return messages.findLast((message) => message.usage !== null)?.usage?.total_tokens ?? null
}

export type MeterTone = 'normal' | 'warn' | 'bad'

/** warn from 85 %, bad from 97 %. */
export function meterTone(used: number, total: number): MeterTone {
  const fraction = used / total
  if (fraction >= 0.97) return 'bad'
  return fraction >= 0.85 ? 'warn' : 'normal'
}
