import type { ModelSummary } from '../../../shared/contract'
import type { EngineSupport } from '../interpreter'
import type { RuntimeProblem } from './runtime'

/** Why the engine that is installed cannot run a model with which nothing else is wrong; null when it can. */
export function findEngineProblem(summary: Pick<ModelSummary, 'architecture'>, support: EngineSupport): RuntimeProblem | null {
  const { architecture } = summary
  if (support.state !== 'known' || architecture === null || support.architectures.has(architecture)) return null
  const shown = JSON.stringify(architecture.length > 60 ? `${architecture.slice(0, 57)}...` : architecture)
  const lacking = support.lacking?.get(architecture)
  if (lacking !== undefined) {
    const reason = `mlx_lm ${support.version} needs the Python package ${JSON.stringify(lacking)} for the architecture ${shown}, and it is not installed.`
    return { kind: 'incompatible', reason }
  }
  return { kind: 'incompatible', reason: `mlx_lm ${support.version} does not know the architecture ${shown}.` }
}

const NOT_CHECKED = 'Not checked: the engine is not installed.'

/** Adds to what files say of a model what the engine says. Files come first: their reasons hold with any engine. */
export function withEngine(
  verdict: { summary: ModelSummary; problem: RuntimeProblem | null; bringsArchitecture?: boolean },
  support: EngineSupport,
): { summary: ModelSummary; problem: RuntimeProblem | null } {
  const { summary, problem } = verdict
  if (summary.health === 'unhealthy' || problem !== null) return verdict
  const found = verdict.bringsArchitecture === true ? null : findEngineProblem(summary, support)
  if (found !== null) return { summary: { ...summary, runtime_compatible: false, reason: found.reason }, problem: found }
  return support.state === 'missing' ? { summary: { ...summary, reason: summary.reason ?? NOT_CHECKED }, problem } : verdict
}
