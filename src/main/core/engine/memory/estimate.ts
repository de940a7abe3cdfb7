import type { MemoryEstimate } from '../../../../shared/contract'
import { cacheEntries, kvStep, perToken, planMemory, smallestCache, type ModelNeeds } from './plan'

/** No limit but the machine's: what the settings add is about what is loaded beside it. */
const POLICY = { contextLimit: null, concurrency: null, safe: false, strain: 0 }

/** The parts of `planMemory`'s sum, so that any context can be computed from them. Bytes. */
export function estimateMemory(needs: ModelNeeds, limitBytes: number): Omit<MemoryEstimate, 'name'> {
  const result = planMemory(needs, limitBytes, POLICY)
  // Without a limit every model has a plan: what it takes besides the conversation does not depend on the limit.
  const free = result.fits ? result : planMemory(needs, Number.MAX_SAFE_INTEGER, POLICY)
  const engineBytes = free.fits ? free.plan.baseBytes - needs.weightsBytes : 0
  return {
    limit_bytes: limitBytes,
    weights_bytes: needs.weightsBytes,
    engine_bytes: Math.ceil(engineBytes),
    conversation: { fixed_bytes: Math.ceil(needs.kvFixedBytes), bytes_per_token: perToken(needs), step_tokens: kvStep },
    cache: { bytes: smallestCache, conversations: cacheEntries },
    context_max: needs.contextLength,
    context_safe: result.fits ? result.plan.contextLength : 0,
    exact: needs.kvBytesPerToken !== null,
  }
}

/** What a conversation of so many tokens takes with everything else, as the formula of the contract says. */
export function neededBytes(
  { weights_bytes: weights, engine_bytes: engine, conversation, cache }: Omit<MemoryEstimate, 'name'>,
  tokens: number,
): number {
  const { fixed_bytes: fixed, bytes_per_token: each, step_tokens: step } = conversation
  const one = fixed + Math.ceil(tokens / step) * step * each
  return weights + engine + one + Math.min(cache.bytes, cache.conversations * one)
}
