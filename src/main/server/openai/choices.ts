import type { GenerationEvent } from '../../../shared/contract'
import type { GenerationRequest, Generator } from '../../core/generation/types'

/** One event of one of the answers to a request. */
export interface ChoiceEvent {
  index: number
  event: GenerationEvent
}

/** An iteration that its reader may leave at any time with `return`. */
export interface ChoiceEvents {
  next: () => Promise<IteratorResult<ChoiceEvent, unknown>>
  return: () => Promise<unknown>
}

/**
 * The answers to one request, made at the same time: mlx_lm computes them in one batch. With a seed each gets its own, so that they
 * differ and are still the same next time. What goes wrong with one ends all.
 * @param hear gets every event on its way, in place of generators around generators: they cost more per token than the rest of it
 */
export function generateChoices(
  generator: Generator,
  request: GenerationRequest,
  count: number,
  signal: AbortSignal,
  hear: (event: GenerationEvent) => void = () => {},
): ChoiceEvents {
  if (count !== 1) {
    const many = merge(generator, request, count, signal)
    return {
      next: async () => {
        const step = await many.next()
        if (step.done !== true) hear(step.value.event)
        return step
      },
      return: () => many.return(),
    }
  }
  const source = generator.generate(request, signal)
  return {
    next: async () => {
      const step = await source.next()
      if (step.done === true) return step
      hear(step.value)
      return { done: false, value: { index: 0, event: step.value } }
    },
    return: () => source.return(undefined),
  }
}

async function* merge(
  generator: Generator,
  request: GenerationRequest,
  count: number,
  signal: AbortSignal,
): AsyncGenerator<ChoiceEvent, void, void> {
  const sources = Array.from({ length: count }, (_, index) => generator.generate(withOwnSeed(request, index), signal))
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
