import { randomUUID } from 'node:crypto'
import type { FinishReason, GenerationEvent } from '../../../shared/contract'
import { AppError } from '../../../shared/errors'
import type { EngineChoice, EngineLease, EnginePath, EngineStreamEvent, EngineToolCall } from '../engine/types'
import { checkContext } from './context'
import { toEngineBody } from './engine-body'
import { resolveMaxTokens } from './limits'
import { createTokenAligner, type TokenAligner } from './logprobs'
import { endsOf, type ModelProfile } from './profile'
import { createStopMatcher, type StopMatcher } from './stop-matcher'
import { countChunk, type Tally } from './tally'
import type { GenerationRequest, ToolUse } from './types'

export interface AttemptDeps {
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

/** The parts of one attempt that its events pass through. */
interface Filters {
  answer: StopMatcher
  thought: StopMatcher
  tokens: TokenAligner | null
  calls: number
}

/** Asks the engine once and yields what it answers, but for the finish: the tally has the rest when it returns. */
export async function* attempt(
  deps: AttemptDeps,
  request: GenerationRequest,
  target: { lease: EngineLease; profile: ModelProfile },
  tally: Tally,
  signal: AbortSignal,
): AsyncGenerator<GenerationEvent, void, void> {
  const { lease, profile } = target
  const { params, face, prompt } = request
  const { contextLength } = lease
  const maxTokens = resolveMaxTokens({ requested: params.max_tokens, configured: deps.maxTokens(), contextLength, face })
  const body = toEngineBody(request, profile, Math.min(maxTokens, contextLength))
  const ends = endsOf(profile, prompt === undefined)
  const filters: Filters = {
    answer: createStopMatcher([...(params.stop ?? []), ...ends]),
    thought: createStopMatcher(ends),
    tokens: request.logprobs === undefined ? null : createTokenAligner(),
    calls: 0,
  }
  const path = prompt === undefined ? '/v1/chat/completions' : '/v1/completions'
  for await (const event of deps.openStream(lease, path, body, signal)) {
    throwIfAborted(signal)
    if (event.type === 'progress') {
      tally.promptTokens = Math.max(tally.promptTokens, event.total)
      checkContext(event.total, contextLength, prompt === undefined ? 'messages' : 'prompt')
      yield { type: 'state', state: 'prefill', progress: event.total > 0 ? Math.min(1, event.done / event.total) : null }
      continue
    }
    tally.usage = event.chunk.usage ?? tally.usage
    const choice = event.chunk.choices[0]
    if (choice === undefined) continue
    if (hasWords(choice)) countChunk(tally, deps.clock())
    if (choice.finish_reason !== null) tally.reason = toFinishReason(choice.finish_reason)
    const plain = plainText(choice, filters)
    if (plain !== null) {
      const { text, stopped } = filters.answer.push(plain)
      if (text !== '') yield { type: 'text', text }
      if (!stopped) continue
      tally.reason = 'stop'
      return
    }
    const ended = yield* readChoice(choice, request, filters)
    if (ended !== null) {
      tally.reason = ended
      return
    }
  }
  yield* spoken('reasoning', filters.thought.flush(), null)
  yield* spoken('text', filters.answer.flush(), filters.tokens)
  settleCalls(request, filters.calls, tally)
}

/** The text of a chunk that has nothing else, as nearly all have: a generator for each of them would cost more than reading it. */
function plainText({ delta, text }: EngineChoice, { thought, tokens }: Filters): string | null {
  if (tokens !== null || !thought.isEmpty()) return null
  if ((delta?.reasoning ?? '') !== '' || (delta?.tool_calls ?? []).length > 0) return null
  const content = delta?.content ?? text ?? ''
  return content === '' ? null : content
}

/** Returns why the answer ends here, whatever the engine would still say; else null. */
function* readChoice(
  choice: EngineChoice,
  request: GenerationRequest,
  filters: Filters,
): Generator<GenerationEvent, FinishReason | null, void> {
  const { delta } = choice
  const reasoning = delta?.reasoning ?? ''
  const content = delta?.content ?? choice.text ?? ''
  filters.tokens?.take(choice)
  if (reasoning !== '') {
    const { text, stopped } = filters.thought.push(reasoning)
    yield* spoken('reasoning', text, null)
    if (stopped) return 'stop'
  }
  if (content !== '') {
    yield* spoken('reasoning', filters.thought.flush(), null)
    const { text, stopped } = filters.answer.push(content)
    yield* spoken('text', text, filters.tokens)
    if (stopped) return 'stop'
  }
  for (const call of delta?.tool_calls ?? []) {
    yield* spoken('reasoning', filters.thought.flush(), null)
    yield* spoken('text', filters.answer.flush(), filters.tokens)
    yield toCallEvent(call, request, filters.calls)
    filters.calls += 1
    if (request.tools?.parallel === false) return 'tool_calls'
  }
  return null
}

function* spoken(type: 'text' | 'reasoning', text: string, tokens: TokenAligner | null): Generator<GenerationEvent, void, void> {
  if (text === '') return
  if (type === 'reasoning') yield { type, text }
  else yield { type, text, ...(tokens === null ? {} : { logprobs: tokens.deliver(text) }) }
}

/** A call that nobody offered a tool for is what the model said, so it is text. */
function toCallEvent(call: EngineToolCall, request: GenerationRequest, index: number): GenerationEvent {
  const { name, arguments: json } = call.function
  if (request.tools === undefined) {
    return { type: 'text', text: `${index === 0 ? '' : '\n'}{"name": ${JSON.stringify(name)}, "arguments": ${json}}` }
  }
  checkArguments(request.tools, name, json)
  return { type: 'tool_call', index, id: call.id ?? `call_${randomUUID().replaceAll('-', '')}`, name, arguments: json }
}

function checkArguments({ checks }: ToolUse, name: string, json: string): void {
  const check = checks.get(name)
  const problem = check === undefined ? null : check(JSON.parse(json))
  if (problem === null) return
  throw new AppError('invalid_output', `The model called ${name} with arguments that do not fit its schema: ${problem}`, {
    hint: 'Ask again, or choose a model that is better at calling tools.',
    data: { param: 'tools', problem },
  })
}

/** mlx_lm drops a call that it cannot parse and still says `tool_calls`. */
function settleCalls(request: GenerationRequest, calls: number, tally: Tally): void {
  if (tally.reason !== 'tool_calls') return
  if (calls === 0) {
    throw new AppError('invalid_output', 'The model wrote a tool call that cannot be read.', {
      hint: 'Ask again, or choose a model that is better at calling tools.',
    })
  }
  if (request.tools === undefined) tally.reason = 'stop'
}

function hasWords({ delta, text }: EngineChoice): boolean {
  return (delta?.reasoning ?? '') !== '' || (delta?.content ?? text ?? '') !== '' || (delta?.tool_calls ?? []).length > 0
}

/** mlx_lm says `stop`, `length` or `tool_calls`. */
function toFinishReason(reason: string): FinishReason {
  return reason === 'length' || reason === 'tool_calls' ? reason : 'stop'
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new AppError('cancelled', 'The request was cancelled.')
}
