import type { z } from 'zod'

/** One question, one answer. */
export interface Method<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  kind: 'method'
  input: I
  output: O
}

/** One question, many events; the stream's end is its success. Leaving the stream cancels the work behind it. */
export interface Stream<I extends z.ZodType = z.ZodType, E extends z.ZodType = z.ZodType> {
  kind: 'stream'
  input: I
  event: E
}

export type Contract = Record<string, Method | Stream>

export function method<I extends z.ZodType, O extends z.ZodType>(input: I, output: O): Method<I, O> {
  return { kind: 'method', input, output }
}

export function stream<I extends z.ZodType, E extends z.ZodType>(input: I, event: E): Stream<I, E> {
  return { kind: 'stream', input, event }
}

/** What a handler learns about its call besides the input. `signal` aborts when the caller leaves or the connection closes. */
export interface CallContext {
  signal: AbortSignal
}

/** One handler per entry of a contract: a missing, extra or mistyped one does not compile. */
export type Handlers<C extends Contract> = {
  [K in keyof C]: C[K] extends Method<infer I, infer O>
    ? (input: z.output<I>, context: CallContext) => Promise<z.output<O>>
    : C[K] extends Stream<infer I, infer E>
      ? (input: z.output<I>, context: CallContext) => AsyncIterable<z.output<E>>
      : never
}

export type MethodNames<C extends Contract> = { [K in keyof C]: C[K] extends Method ? K : never }[keyof C]
export type StreamNames<C extends Contract> = { [K in keyof C]: C[K] extends Stream ? K : never }[keyof C]
export type InputOf<E> = E extends Method<infer I> | Stream<infer I> ? z.input<I> : never
export type OutputOf<E> = E extends Method<infer _I, infer O> ? z.output<O> : never
export type EventOf<E> = E extends Stream<infer _I, infer V> ? z.output<V> : never
