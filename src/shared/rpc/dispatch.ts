import type { CallContext, Contract, Handlers } from '../contract/method'
import { AppError, isCancellation, toProblems, toSerializedError, type SerializedError } from '../errors'
import type { Frame } from './frames'
import { isLargerThan } from './size'

/** Input larger than this is refused unparsed: a conversation that fills a million-token context has about 4 MB. */
export const MAX_INPUT_BYTES = 16 * 1024 * 1024

/** What is known of a finished call. Never its input or output. */
export interface CallReport {
  requestId: string
  name: string
  outcome: 'ok' | SerializedError['code']
  durationMs: number
  /** Only for an error that no rule foresaw; the client got `internal` and the request id. */
  error?: unknown
}

export interface DispatchContext {
  signal: AbortSignal
  /** Ends every call as well, e.g. when the owner quits. Lives as long as the owner: no call may leave a listener on it. */
  shutdown?: AbortSignal
  requestId?: string
  report?: (report: CallReport) => void
  /** Parses what handlers return, too. For tests: the owner trusts itself. */
  checkOutput?: boolean
}

/** A contract with its handlers, ready for a transport. Never throws. */
export type Dispatcher = (name: string, input: unknown, signal: AbortSignal) => AsyncGenerator<Frame>

type AnyHandler = (input: unknown, context: CallContext) => Promise<unknown> | AsyncIterable<unknown>

/** Why a call ends early: what the aborting side said when it is one of our errors (`server_shutdown`), else plainly cancelled. */
function abortReason(signal: AbortSignal): AppError {
  const reason: unknown = signal.reason
  return reason instanceof AppError ? reason : new AppError('cancelled', 'The call was cancelled.')
}

/** Settles as `work` does, or rejects as soon as `signal` aborts, whatever the handler does with its own signal. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortReason(signal))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function parseInput(name: string, schema: Contract[string]['input'], input: unknown): unknown {
  if (isLargerThan(input, MAX_INPUT_BYTES)) {
    throw new AppError('too_large', `The input of ${name} is larger than ${MAX_INPUT_BYTES / 1024 / 1024} MB.`, {
      hint: 'Send less at once.',
    })
  }
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const problems = toProblems(parsed.error, input).slice(0, 20)
  throw new AppError('invalid_input', `${name}: ${problems[0]?.sentence ?? 'The request is not valid.'}`, {
    hint: 'Compare it with the contract of this version.',
    data: { issues: problems.map(({ param, sentence }) => ({ path: param, message: sentence })) },
  })
}

async function* drain(source: AsyncIterable<unknown>, signal: AbortSignal): AsyncGenerator {
  const iterator = source[Symbol.asyncIterator]()
  let open = true
  try {
    for (;;) {
      const result = await orAborted(Promise.resolve(iterator.next()), signal)
      if (result.done === true) {
        open = false
        return
      }
      yield result.value
    }
  } catch (error) {
    open = signal.aborted
    throw error
  } finally {
    // Not awaited: a handler that ignores its signal would hold the transport.
    if (open) void Promise.resolve(iterator.return?.()).catch(() => undefined)
  }
}

async function* run<C extends Contract>(
  contract: C,
  handlers: Handlers<C>,
  name: string,
  input: unknown,
  signal: AbortSignal,
  checkOutput: boolean,
): AsyncGenerator<Frame> {
  const entry = Object.hasOwn(contract, name) ? contract[name] : undefined
  const handler = Object.hasOwn(handlers, name) ? (handlers[name] as unknown as AnyHandler) : undefined
  if (entry === undefined || handler === undefined) {
    throw new AppError('method_not_found', `This version has no call named "${name.slice(0, 100)}".`, {
      hint: 'Update MLX Knife, or the program that asked.',
    })
  }
  if (signal.aborted) throw abortReason(signal)
  const parsed = parseInput(name, entry.input, input)
  if (entry.kind === 'method') {
    const output = await orAborted(handler(parsed, { signal }) as Promise<unknown>, signal)
    yield { type: 'data', data: checkOutput ? entry.output.parse(output) : output }
  } else {
    for await (const event of drain(handler(parsed, { signal }) as AsyncIterable<unknown>, signal)) {
      yield { type: 'data', data: checkOutput ? entry.event.parse(event) : event }
    }
  }
  yield { type: 'end' }
}

/** `AbortSignal.any` would do, but on Node 20 leaves something on the signal for every call. */
function follow(signal: AbortSignal | undefined, controller: AbortController): () => void {
  const abort = (): void => controller.abort(signal?.reason)
  if (signal?.aborted === true) abort()
  else signal?.addEventListener('abort', abort, { once: true })
  return () => signal?.removeEventListener('abort', abort)
}

let calls = 0
const nextRequestId = (): string => `call-${(++calls).toString(36)}-${Date.now().toString(36)}`

/**
 * Runs one call: finds it, parses the input, hands the events on. Never throws; a failure is the last frame. Leaving the iteration
 * or aborting the context's signal aborts the signal that the handler got.
 */
async function* dispatch<C extends Contract>(
  contract: C,
  handlers: Handlers<C>,
  name: string,
  input: unknown,
  context: DispatchContext,
): AsyncGenerator<Frame> {
  const requestId = context.requestId ?? nextRequestId()
  const started = Date.now()
  const controller = new AbortController()
  const unlink = [context.signal, context.shutdown].map((signal) => follow(signal, controller))
  let outcome: CallReport['outcome'] = 'cancelled'
  let unforeseen: { error?: unknown } = {}
  try {
    yield* run(contract, handlers, name, input, controller.signal, context.checkOutput ?? false)
    outcome = 'ok'
  } catch (error) {
    const serialized = toSerializedError(isCancellation(error) ? abortReason(controller.signal) : error, requestId)
    outcome = serialized.code
    if (!(error instanceof AppError) && !isCancellation(error)) unforeseen = { error }
    yield { type: 'error', error: serialized }
  } finally {
    for (const leave of unlink) leave()
    controller.abort()
    context.report?.({ requestId, name, outcome, durationMs: Date.now() - started, ...unforeseen })
  }
}

/** Binds contract and handlers for a transport. */
export function createDispatcher<C extends Contract>(
  contract: C,
  handlers: Handlers<C>,
  options: Omit<DispatchContext, 'signal' | 'requestId'> = {},
): Dispatcher {
  return (name, input, signal) => dispatch(contract, handlers, name, input, { ...options, signal })
}
