import { setImmediate } from 'node:timers/promises'
import type { GenerationEvent } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import { encodeError, encodeEvent, encodeRole, heartbeat, toCompletion, type AnswerHead } from './chat-wire'
import type { ChatCompletion, WireError } from '../../../shared/openai'

type Events = AsyncGenerator<GenerationEvent>
type Step = IteratorResult<GenerationEvent, unknown>

/** Collects an answer. @throws what the generator throws */
export async function collectAnswer(events: Events, head: AnswerHead): Promise<ChatCompletion> {
  let content = ''
  let reasoning = ''
  for await (const event of events) {
    if (event.type === 'text') content += event.text
    else if (event.type === 'reasoning') reasoning += event.text
    else if (event.type === 'finish') return toCompletion(head, content, reasoning, event)
  }
  throw endless()
}

/** A step that has been asked for and not been looked at. A box, because a promise of a promise cannot be. */
export interface Opening {
  pending: Promise<Step>
}

/**
 * Waits until it is sure that an answer comes, or for `patienceMs`: what fails before that can still be a proper HTTP status.
 * @throws what the generator throws
 */
export async function awaitOpening(events: Events, patienceMs: number): Promise<Opening> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const pending = events.next()
    const step = await until(deadline, pending)
    if (step === null) return { pending }
    if (step.done === true || step.value.type !== 'state') return { pending: Promise.resolve(step) }
  }
}

export interface StreamOptions {
  head: AnswerHead
  includeUsage: boolean
  /** A comment is sent when there were no bytes for so long, in milliseconds. */
  silenceMs: number
  /** Turns a failure in the middle into what the client is told. */
  onError: (error: unknown) => WireError
  /** The stream has ended or was left. */
  onClose: () => void
}

/**
 * The answer as server-sent events. Pulls one event at a time, so a slow reader slows the engine down instead of filling memory.
 * Begins with a comment when the first text is not there yet: its byte takes the headers along.
 */
export function streamAnswer(events: Events, opening: Opening, options: StreamOptions): ReadableStream<Uint8Array> {
  const { head, includeUsage, silenceMs, onError, onClose } = options
  const encoder = new TextEncoder()
  let pending: Promise<Step> | null = opening.pending
  let lastByteAt = -Infinity
  let begun = false
  let left = false

  async function next(): Promise<{ text: string; last: boolean }> {
    for (;;) {
      pending ??= events.next()
      const step = await until(lastByteAt + silenceMs, pending)
      if (step === null) return { text: heartbeat, last: false }
      pending = null
      if (step.done === true) throw endless()
      const text = encodeEvent(head, step.value, includeUsage)
      if (text === '') continue
      const role = begun ? '' : encodeRole(head)
      begun = true
      return { text: role + text, last: step.value.type === 'finish' }
    }
  }

  async function pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const part = await next().catch((error: unknown) => (left ? null : { text: encodeError(onError(error)), last: true }))
    if (part === null || left) return
    controller.enqueue(encoder.encode(part.text))
    lastByteAt = performance.now()
    if (!part.last) return
    controller.close()
    onClose()
    await events.return(undefined)
  }

  function cancel(): void {
    left = true
    onClose()
    // An abort ends only what is awaited; a generator that rests at a yield would keep the engine it has leased.
    events.return(undefined).catch(() => undefined)
  }

  return new ReadableStream({ pull, cancel })
}

/**
 * What `promise` gives, or null once it is `deadline` on the clock of `performance`. An answer that is there already wins, but whoever
 * asks again and again for news that say nothing still meets the deadline: it is looked at before waiting as well.
 */
async function until<T>(deadline: number, promise: Promise<T>): Promise<T | null> {
  const ms = deadline - performance.now()
  if (ms <= 0) return Promise.race([promise, setImmediate(null)])
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1), null)
    promise.finally(() => clearTimeout(timer)).then(resolve, reject)
  })
}

function endless(): AppError {
  return new AppError('engine_crashed', 'The answer ended without a finish.')
}
