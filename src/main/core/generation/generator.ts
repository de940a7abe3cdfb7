import type { FinishReason, GenerationEvent, Timing, Usage } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { EngineChoice, EngineLease, EnginePath, EnginePool, EngineStreamEvent, EngineUsage } from '../engine/types'
import type { ModelCatalog } from '../models/types'
import { toEngineBody } from './engine-body'
import { waitForLease } from './lease'
import { resolveMaxTokens } from './limits'
import { createStopMatcher, type StopMatcher } from './stop-matcher'
import type { GenerationRequest, Generator as TextGenerator } from './types'

export interface GeneratorDeps {
  catalog: Pick<ModelCatalog, 'resolve'>
  pool: Pick<EnginePool, 'acquire'>
  /** `openEngineStream` of core/engine. Leaving the iteration or aborting closes the socket. */
  openStream: (
    lease: EngineLease,
    path: EnginePath,
    body: Record<string, unknown>,
    signal: AbortSignal,
  ) => AsyncIterable<EngineStreamEvent>
  /** Monotonic milliseconds. */
  clock: () => number
  /** `--max-tokens`, variable or setting; null when the context decides. */
  maxTokens: () => number | null
}

/** What is known about an answer while it is being made. */
interface Tally {
  startedAt: number
  firstTokenAt: number | null
  lastTokenAt: number
  /** Chunks with text: a token each, but for characters that are made of several. */
  chunks: number
  /** Tokens of the prompt that the engine had to read; all of them when nothing was cached. */
  promptTokens: number
  usage: EngineUsage | null
  reason: FinishReason
}

/** The generator over a model catalog and an engine pool. See `Generator` for its promises. */
export function createGenerator(deps: GeneratorDeps): TextGenerator {
  return { generate: (request, signal) => generate(deps, request, signal) }
}

async function* generate(
  deps: GeneratorDeps,
  request: GenerationRequest,
  signal: AbortSignal,
): AsyncGenerator<GenerationEvent, void, void> {
  const tally = startTally(deps.clock())
  throwIfAborted(signal)
  const model = request.resolved ?? (await deps.catalog.resolve(request.model))
  throwIfAborted(signal)
  const lease = yield* waitForLease(deps.pool, model, signal)
  // Also without anybody who asks for the next event: a caller who left may have forgotten us at a yield.
  signal.addEventListener('abort', lease.release, { once: true })
  try {
    yield* answer(deps, request, lease, tally, signal)
  } finally {
    signal.removeEventListener('abort', lease.release)
    lease.release()
  }
  const endedAt = deps.clock()
  const usage = toUsage(tally)
  yield { type: 'finish', reason: tally.reason, usage, timing: toTiming(tally, usage, endedAt), model: model.name }
}

/** Yields the text of the answer; the tally has the rest when it returns. */
async function* answer(
  deps: GeneratorDeps,
  request: GenerationRequest,
  lease: EngineLease,
  tally: Tally,
  signal: AbortSignal,
): AsyncGenerator<GenerationEvent, void, void> {
  const { params, face } = request
  const { contextLength } = lease
  const maxTokens = resolveMaxTokens({ requested: params.max_tokens, configured: deps.maxTokens(), contextLength, face })
  const body = toEngineBody(request.messages, params, maxTokens)
  const matcher = params.stop === undefined || params.stop.length === 0 ? null : createStopMatcher(params.stop)
  for await (const event of deps.openStream(lease, '/v1/chat/completions', body, signal)) {
    throwIfAborted(signal)
    if (event.type === 'progress') {
      tally.promptTokens = Math.max(tally.promptTokens, event.total)
      yield { type: 'state', state: 'prefill', progress: event.total > 0 ? Math.min(1, event.done / event.total) : null }
      continue
    }
    tally.usage = event.chunk.usage ?? tally.usage
    const choice = event.chunk.choices[0]
    if (choice === undefined) continue
    if (yield* readChoice(choice, matcher, tally, deps.clock)) return
  }
  const rest = matcher?.flush() ?? ''
  if (rest !== '') yield { type: 'text', text: rest }
}

/** Returns true when a stop text has ended the answer, whatever the engine would still say. */
function* readChoice(
  choice: EngineChoice,
  matcher: StopMatcher | null,
  tally: Tally,
  clock: () => number,
): Generator<GenerationEvent, boolean, void> {
  const reasoning = choice.delta?.reasoning ?? ''
  const content = choice.delta?.content ?? ''
  if (reasoning !== '' || content !== '') {
    tally.lastTokenAt = clock()
    tally.firstTokenAt ??= tally.lastTokenAt
    tally.chunks += 1
  }
  if (choice.finish_reason !== null) tally.reason = toFinishReason(choice.finish_reason)
  if (reasoning !== '') yield { type: 'reasoning', text: reasoning }
  if (content === '') return false
  if (matcher === null) {
    yield { type: 'text', text: content }
    return false
  }
  const { text, stopped } = matcher.push(content)
  if (text !== '') yield { type: 'text', text }
  if (!stopped) return false
  tally.reason = 'stop'
  return true
}

function startTally(now: number): Tally {
  return { startedAt: now, firstTokenAt: null, lastTokenAt: now, chunks: 0, promptTokens: 0, usage: null, reason: 'stop' }
}

/** mlx_lm says `stop`, `length` or `tool_calls`. */
function toFinishReason(reason: string): FinishReason {
  return reason === 'length' || reason === 'tool_calls' ? reason : 'stop'
}

/**
 * The engine's own count: our launcher has it in every chunk, so also in the last one before a stop text. Without that patch it comes
 * after the end only; then what was seen until the cut.
 */
function toUsage({ usage, promptTokens, chunks }: Tally): Usage {
  const prompt = usage?.prompt_tokens ?? promptTokens
  const completion = usage?.completion_tokens ?? chunks
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    cached_tokens: usage?.prompt_tokens_details?.cached_tokens ?? null,
  }
}

function toTiming(tally: Tally, usage: Usage, endedAt: number): Timing {
  const { startedAt, firstTokenAt, lastTokenAt } = tally
  const seconds = firstTokenAt === null ? 0 : (lastTokenAt - firstTokenAt) / 1000
  return {
    first_token_ms: firstTokenAt === null ? null : firstTokenAt - startedAt,
    total_ms: endedAt - startedAt,
    tokens_per_second: seconds > 0 && usage.completion_tokens > 1 ? (usage.completion_tokens - 1) / seconds : null,
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new AppError('cancelled', 'The request was cancelled.')
}
