import type { ChatEvent, GenerationEvent } from '../../../shared/contract'
import { AppError, type SerializedError } from '../../../shared/errors'
import type { StoredMessage } from './rows'

export type Waiting = Extract<ChatEvent, { type: 'progress' }>['waiting']

/** An answer that is being written. */
export interface Draft {
  message: StoredMessage
  waiting: Waiting
  /** When the thinking that goes on now began, in ms. */
  thinkingSince: number | null
}

export function newMessage(id: string, role: StoredMessage['role'], parent: string | null, nowMs: number): StoredMessage {
  return {
    id,
    parent_id: parent,
    role,
    content: '',
    reasoning: null,
    reasoning_ms: null,
    model: null,
    created_at: new Date(nowMs).toISOString(),
    state: 'complete',
    finish_reason: null,
    usage: null,
    timing: null,
    error: null,
    attachments: [],
  }
}

function endThinking({ message, thinkingSince }: Draft, nowMs: number): StoredMessage {
  return thinkingSince === null ? message : { ...message, reasoning_ms: (message.reasoning_ms ?? 0) + nowMs - thinkingSince }
}

/** One event of the generation added to the answer. */
export function applyEvent(draft: Draft, event: GenerationEvent, nowMs: number): Draft {
  const { message } = draft
  switch (event.type) {
    case 'state':
      return { ...draft, waiting: { state: event.state, progress: event.progress } }
    case 'reasoning':
      return {
        message: { ...message, reasoning: (message.reasoning ?? '') + event.text },
        waiting: null,
        thinkingSince: draft.thinkingSince ?? nowMs,
      }
    case 'text': {
      const thought = endThinking(draft, nowMs)
      return { message: { ...thought, content: thought.content + event.text }, waiting: null, thinkingSince: null }
    }
    // Chat offers no tools, so nothing is called.
    case 'tool_call':
      return draft
    case 'finish': {
      const { reason, usage, timing, model } = event
      const whole = { ...endThinking(draft, nowMs), state: 'complete' as const, model, finish_reason: reason, usage, timing }
      return { message: whole, waiting: null, thinkingSince: null }
    }
  }
}

/** Ends an answer early, by a person (null) or by an error. What has come is kept; only one of which nothing came has failed. */
export function endEarly(draft: Draft, error: SerializedError | null, nowMs: number): StoredMessage {
  const message = endThinking(draft, nowMs)
  if (message.state === 'complete') return message
  const hasText = message.content !== '' || message.reasoning !== null
  return { ...message, state: hasText || error === null ? 'interrupted' : 'failed', error }
}

/** Why an answer is not whole whose owner ended; the same words as after a crash. */
export const endedWhileWriting = (): AppError =>
  new AppError('server_shutdown', 'MLX Knife ended while this was being written.', {
    hint: 'What had come is kept. Ask again for a whole answer.',
  })
