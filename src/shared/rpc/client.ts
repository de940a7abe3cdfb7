import type { Contract, EventOf, InputOf, MethodNames, OutputOf, StreamNames } from '../contract/method'
import { AppError, fromSerializedError } from '../errors'
import type { Frame, Transport } from './frames'

export interface CallOptions {
  signal?: AbortSignal | undefined
}

/** The contract as functions. Every failure is an AppError, also a lost connection (`connection_lost`) and an abort (`cancelled`). */
export interface Client<C extends Contract> {
  call: <N extends MethodNames<C> & string>(name: N, input: InputOf<C[N]>, options?: CallOptions) => Promise<OutputOf<C[N]>>
  /** Ends when the work is done. Leaving the loop, or aborting, cancels the work at once, even while an event is awaited. */
  stream: <N extends StreamNames<C> & string>(name: N, input: InputOf<C[N]>, options?: CallOptions) => EventStream<EventOf<C[N]>>
}

export interface EventStream<E> extends AsyncIterableIterator<E> {
  return: () => Promise<IteratorResult<E>>
}

const cancelled = (): AppError => new AppError('cancelled', 'The call was cancelled.')
const incomplete = (): AppError =>
  new AppError('connection_lost', 'The connection ended before the answer was complete.', { hint: 'Try again.' })

/** An abort controller that follows `signal` until `unlink`, so that a long-lived signal does not collect listeners. */
function follow(signal: AbortSignal | undefined): { controller: AbortController; unlink: () => void } {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  if (signal?.aborted === true) abort()
  else signal?.addEventListener('abort', abort, { once: true })
  return { controller, unlink: () => signal?.removeEventListener('abort', abort) }
}

async function* events(transport: Transport, name: string, input: unknown, signal: AbortSignal): AsyncGenerator<unknown, void> {
  if (signal.aborted) throw cancelled()
  for await (const frame of transport.open(name, input, signal)) {
    if (frame.type === 'end') return
    if (frame.type === 'error') throw fromSerializedError(frame.error)
    yield frame.data
  }
  throw signal.aborted ? cancelled() : incomplete()
}

async function single(frames: AsyncIterable<Frame>, signal: AbortSignal): Promise<unknown> {
  let answer: { data: unknown } | null = null
  for await (const frame of frames) {
    if (frame.type === 'error') throw fromSerializedError(frame.error)
    if (frame.type === 'data') answer = { data: frame.data }
    else if (answer !== null) return answer.data
    else break
  }
  throw signal.aborted ? cancelled() : incomplete()
}

function openStream(transport: Transport, name: string, input: unknown, options: CallOptions): EventStream<unknown> {
  const { controller, unlink } = follow(options.signal)
  const source = events(transport, name, input, controller.signal)
  let left = false
  const self: EventStream<unknown> = {
    [Symbol.asyncIterator]: () => self,
    next: async () => {
      try {
        const result = await source.next()
        if (result.done === true) unlink()
        return left ? { done: true, value: undefined } : result
      } catch (error) {
        unlink()
        if (left) return { done: true, value: undefined }
        throw error
      }
    },
    // A plain generator would queue this behind the event that is being awaited, and the work would go on.
    return: async () => {
      left = true
      unlink()
      controller.abort()
      await source.return().catch(() => undefined)
      return { done: true, value: undefined }
    },
  }
  return self
}

/** A typed client over any transport. Knows no schemas: the owner checks the input. */
export function createClient<C extends Contract>(transport: Transport): Client<C> {
  const call = async (name: string, input: unknown, options: CallOptions = {}): Promise<unknown> => {
    const { controller, unlink } = follow(options.signal)
    try {
      if (controller.signal.aborted) throw cancelled()
      return await single(transport.open(name, input, controller.signal), controller.signal)
    } finally {
      unlink()
    }
  }
  const stream = (name: string, input: unknown, options: CallOptions = {}): EventStream<unknown> =>
    openStream(transport, name, input, options)
  // The one place where names and types meet values: the owner answers by the same contract.
  return { call, stream } as Client<C>
}
