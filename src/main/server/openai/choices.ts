import type { GenerationEvent } from '../../../shared/contract'
import type { GenerationRequest, Generator } from '../../core/generation/types'

/** One event of one of the answers to a request. */
export interface ChoiceEvent {
  index: number
  event: GenerationEvent
}

/**
 * The answers to one request, made at the same time: mlx_lm computes them in one batch. With a seed each gets its own, so that they
 * differ and are still the same next time. What goes wrong with one ends all.
 */
export async function* generateChoices(
  generator: Generator,
  request: GenerationRequest,
  count: number,
  signal: AbortSignal,
): AsyncGenerator<ChoiceEvent, void, void> {
  const sources = Array.from({ length: count }, (_, index) => generator.generate(withOwnSeed(request, index), signal))
  const first = sources[0]
  if (first !== undefined && count === 1) {
    for await (const event of first) yield { index: 0, event }
    return
  }
  type Step = { index: number; step: IteratorResult<GenerationEvent, unknown> }
  const next = (index: number): Promise<Step> =>
    (sources[index] as AsyncGenerator<GenerationEvent>).next().then((step) => ({ index, step }))
  const pending = new Map(sources.map((_, index) => [index, next(index)]))
  try {
    while (pending.size > 0) {
      const { index, step } = await Promise.race(pending.values())
      if (step.done === true) {
        pending.delete(index)
        continue
      }
      pending.set(index, next(index))
      yield { index, event: step.value }
    }
  } finally {
    for (const promise of pending.values()) promise.catch(() => undefined)
    await Promise.allSettled(sources.map((source) => source.return(undefined)))
  }
}

function withOwnSeed(request: GenerationRequest, index: number): GenerationRequest {
  const { seed } = request.params
  return seed === undefined || index === 0 ? request : { ...request, params: { ...request.params, seed: seed + index } }
}
