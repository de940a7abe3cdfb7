import type { WireHealth } from '../../../shared/openai'
import type { Activity } from './activity'
import type { ApiDeps } from './deps'

/** What the server can do now, in one word. Asks nobody: it answers while models load and answer. */
export function healthState(
  { pool, isDegraded, shutdown }: Pick<ApiDeps, 'pool' | 'isDegraded' | 'shutdown'>,
  activity: Activity,
): WireHealth['state'] {
  const states = new Set(pool.list().map((model) => model.state))
  if (shutdown?.refuse.aborted === true || isDegraded?.() === true || states.has('crashed')) return 'degraded'
  if (activity.inFlight() > 0) return 'busy'
  return states.has('spawning') || states.has('loading') || states.has('warming') ? 'starting' : 'ready'
}
