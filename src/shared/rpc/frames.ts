import type { SerializedError } from '../errors'

/** What travels back for one call. A method sends one `data` and `end`; a stream any number of `data`; a failure one `error`, last. */
export type Frame = { type: 'data'; data: unknown } | { type: 'error'; error: SerializedError } | { type: 'end' }

/** A way to reach a dispatcher. Aborting `signal`, or leaving the iteration, cancels the call on the other side. */
export interface Transport {
  open: (name: string, input: unknown, signal: AbortSignal) => AsyncIterable<Frame>
}
