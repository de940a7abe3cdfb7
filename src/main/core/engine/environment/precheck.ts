import { AppError } from '../../../../shared/errors'
import { findUv, pythonCandidates } from './candidates'
import { findTools, type ToolDeps } from './build'

/** An interpreter may be mended (its venv module installed) without any path changing. */
const HOLDS_MS = 30_000

/**
 * Why an installation cannot even begin on this machine, null when it can. Interpreters are run to know their version, so the answer is
 * kept for a while, as long as the same ones are there.
 */
export function createPrecheck(deps: ToolDeps, now: () => number = Date.now): () => Promise<AppError | null> {
  const { env, platform, files } = deps
  let known: { key: string; untilMs: number; problem: Promise<AppError | null> } | null = null
  return () => {
    const key = [findUv(env, platform, files), ...pythonCandidates(env, platform, files)].join('\n')
    if (known === null || known.key !== key || known.untilMs < now()) {
      const problem = findTools(deps, new AbortController().signal).then(
        () => null,
        (error: unknown) => (error instanceof AppError ? error : null),
      )
      known = { key, untilMs: now() + HOLDS_MS, problem }
    }
    return known.problem
  }
}
