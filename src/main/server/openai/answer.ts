import type { ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { AppError } from '../../../shared/errors'
import type { WireError } from '../../../shared/openai'
import type { ChoiceEvent, ChoiceEvents } from './choices'
import {
  encodedEnd,
  encodeError,
  heartbeat,
  sumUsage,
  type AnswerHead,
  type Dialect,
  type Finish,
  type SaidChoice,
} from './dialect'

type Events = ChoiceEvents
type Step = IteratorResult<ChoiceEvent, unknown>

/** Collects an answer of `count` choices. @throws what the generator throws */
export async function collectAnswer(events: Events, count: number, head: AnswerHead, dialect: Dialect): Promise<object> {
  const said = Array.from({ length: count }, (): { events: SaidChoice['events']; finish: Finish | null } => ({
    events: [],
    finish: null,
  }))
  for (let step = await events.next(); step.done !== true; step = await events.next()) {
    const { index, event } = step.value
    const choice = said[index]
    if (choice === undefined || event.type === 'state') continue
    if (event.type === 'finish') choice.finish = event
    else choice.events.push(event)
  }
  const whole = said.map(({ events: own, finish }): SaidChoice => {
    if (finish === null) throw endless()
    return { events: own, finish }
  })
  return dialect.toWhole(head, whole, sumUsage(whole.map(({ finish }) => finish.usage)))
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
    if (step.done === true || step.value.event.type !== 'state') return { pending: Promise.resolve(step) }
  }
}

export interface StreamOptions {
  head: AnswerHead
  dialect: Dialect
  /** Answers in the stream, which ends with the last of them. */
  count: number
  includeUsage: boolean
  /** A comment is sent when there were no bytes for so long, in milliseconds. */
  silenceMs: number
  /** Turns a failure in the middle into what the client is told. */
  onError: (error: unknown) => WireError
  /** The stream has ended or was left. */
  onClose: () => void
}

/** Turns events into what a client reads; `last` when all choices have ended. */
function createEncoder({
  head,
  dialect,
  count,
  includeUsage,
}: StreamOptions): (event: ChoiceEvent) => { text: string; last: boolean } {
  const begun = new Set<number>()
  const ends: Finish[] = []
  return ({ index, event }) => {
    const text = dialect.encodeEvent(head, index, event)
    if (event.type === 'state' || (text === '' && event.type !== 'finish')) return { text: '', last: false }
    const start = begun.has(index) ? '' : dialect.encodeStart(head, index)
    begun.add(index)
    if (event.type === 'finish') ends.push(event)
    if (ends.length < count) return { text: start + text, last: false }
    const usage = includeUsage ? dialect.encodeUsage(head, sumUsage(ends.map((end) => end.usage))) : ''
    return { text: start + text + usage + encodedEnd, last: true }
  }
}

/**
 * The answer as server-sent events. Pulls one event at a time, so a slow reader slows the engine down instead of filling memory.
 * Begins with a comment when the first text is not there yet: its byte takes the headers along.
 */
export function streamAnswer(events: Events, opening: Opening, options: StreamOptions): ReadableStream<Uint8Array> {
  const { silenceMs, onError, onClose } = options
  const encoder = new TextEncoder()
  const encode = createEncoder(options)
  let pending: Promise<Step> | null = opening.pending
  let lastByteAt = -Infinity
  let left = false

  async function next(): Promise<{ text: string; last: boolean }> {
    for (;;) {
      pending ??= events.next()
      const step = await until(lastByteAt + silenceMs, pending)
      if (step === null) return { text: heartbeat, last: false }
      pending = null
      if (step.done === true) throw endless()
      const part = encode(step.value)
      if (part.text !== '') return part
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
    await events.return()
  }

  function cancel(): void {
    left = true
    onClose()
    // An abort ends only what is awaited; a generator that rests at a yield would keep the engine it has leased.
    events.return().catch(() => undefined)
  }

  return new ReadableStream({ pull, cancel })
}

/**
 * The same answer, byte for byte, written to a socket's response whose head is out already. A stream of the web between would cost more
 * for each token than all the rest. Events that are there together leave in one write. Never rejects.
 */
export async function writeAnswer(
  outgoing: ServerResponse,
  events: Events,
  opening: Opening,
  options: StreamOptions,
): Promise<void> {
  const { silenceMs, onError, onClose } = options
  const encode = createEncoder(options)
  const client = { left: false }
  let ended = false
  const leave = (): void => {
    client.left = true
    // See `cancel` above.
    if (!ended) events.return().catch(() => undefined)
    onClose()
  }
  outgoing.once('close', leave)
  if (outgoing.destroyed) leave()
  let lastByteAt = performance.now()
  // Looks when the silence would be over, instead of being set anew with every token.
  const look = (): void => {
    const rest = lastByteAt + silenceMs - performance.now()
    if (rest <= 0) {
      if (!client.left) outgoing.write(heartbeat)
      lastByteAt = performance.now()
    }
    beat = setTimeout(look, Math.max(1, rest <= 0 ? silenceMs : rest))
  }
  let beat = setTimeout(look, silenceMs)
  try {
    let pending = opening.pending
    if (!client.left && (await until(-Infinity, pending)) === null) outgoing.write(heartbeat)
    for (let last = false; !last && !client.left;) {
      const step = await pending
      if (client.left) break
      if (step.done === true) throw endless()
      const part = encode(step.value)
      last = part.last
      if (part.text !== '') {
        lastByteAt = performance.now()
        if (!outgoing.write(part.text) && !last) await drained(outgoing)
      }
      if (!last && !client.left) pending = events.next()
    }
  } catch (error) {
    if (!client.left) outgoing.write(encodeError(onError(error)))
  }
  ended = true
  clearTimeout(beat)
  outgoing.end()
  onClose()
  await events.return().catch(() => undefined)
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      outgoing.off('drain', settle)
      outgoing.off('close', settle)
      resolve()
    }
    outgoing.on('drain', settle)
    outgoing.on('close', settle)
    if (outgoing.destroyed) settle()
  })
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
