import type { Fit } from '../../../shared/contract'
import { modelNeeds, planMemory } from '../engine'
import type { SnapshotFacts } from '../health'
import type { EngineSupport } from '../interpreter'
import { findEngineProblem, findRuntimeProblem, type Identity } from '../models'

/** No limit but the machine's: what the settings add is about what is loaded beside it. */
const POLICY = { contextLimit: null, concurrency: null, safe: false, strain: 0 }

function unsaid(verdict: 'cannot_run' | 'unknown', reason: string, limitBytes: number | null): Fit {
  return { verdict, reason, context_tokens: null, needed_bytes: null, limit_bytes: limitBytes }
}

export function unknownFit(reason: string): Fit {
  return unsaid('unknown', reason, null)
}

/** Judges with the rules of models on the disk, and with the plan by which the engine's pool will give it memory. */
export function judgeFit(identity: Identity, facts: SnapshotFacts, support: EngineSupport, limitBytes: number): Fit {
  const problem = findRuntimeProblem(identity, facts) ?? findEngineProblem(identity, support)
  if (problem !== null) return unsaid('cannot_run', problem.reason, limitBytes)
  const { json } = facts
  const config = json['config.json']
  if (config.state !== 'ok' || identity.memory.weights_bytes === 0)
    return unsaid('unknown', 'Its files do not say how much memory it needs.', limitBytes)
  const needs = modelNeeds(
    { memory: identity.memory, size_bytes: identity.memory.weights_bytes, context: identity.context },
    config.value,
  )
  const result = planMemory(needs, limitBytes, POLICY)
  if (!result.fits)
    return {
      verdict: 'too_large',
      reason: 'Its weights and a short conversation do not fit in the memory of this machine.',
      context_tokens: null,
      needed_bytes: result.needBytes,
      limit_bytes: limitBytes,
    }
  const { contextLength, minBytes } = result.plan
  const short = contextLength < identity.context.tokens
  return {
    verdict: short ? 'runs_short' : 'runs',
    reason: short ? `Conversations can have ${contextLength} of its ${identity.context.tokens} tokens on this machine.` : null,
    context_tokens: Math.max(1, contextLength),
    needed_bytes: Math.ceil(minBytes),
    limit_bytes: limitBytes,
  }
}
