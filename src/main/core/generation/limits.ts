import type { GenerationRequest } from './types'

export interface TokenLimits {
  /** What the request asks for. */
  requested: number | undefined
  /** `--max-tokens`, variable or setting. */
  configured: number | null
  /** The model's context in tokens; 4096 when unknown. */
  contextLength: number
  face: GenerationRequest['face']
}

/**
 * How many tokens an answer may have (product.md §4): the request's word, else the configured one, else half the context, so that as
 * much again is left for the conversation; `run` asks once and may use all of it. The engine shortens it to what the prompt leaves.
 */
export function resolveMaxTokens({ requested, configured, contextLength, face }: TokenLimits): number {
  return requested ?? configured ?? Math.max(1, face === 'run' ? contextLength : Math.floor(contextLength / 2))
}
