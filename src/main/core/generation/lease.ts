import type { GenerationEvent, LoadedModel } from '../../../shared/contract'
import type { AcquireOptions, EngineLease, EnginePool } from '../engine/types'
import type { ResolvedModel } from '../models/types'

type Outcome = { lease: EngineLease } | { error: unknown }
type StateEvent = Extract<GenerationEvent, { type: 'state' }>

/**
 * Waits for the engine of a model and yields what the wait is for. A model that is ready yields nothing. When the caller leaves first,
 * the wait is given up, and a lease that still comes is returned unused.
 * @throws AppError as EnginePool.acquire
 */
export async function* waitForLease(
  pool: Pick<EnginePool, 'acquire'>,
  model: ResolvedModel,
  options: Pick<AcquireOptions, 'keepAliveMs'>,
  signal: AbortSignal,
): AsyncGenerator<StateEvent, EngineLease, void> {
  const wait = new AbortController()
  const giveUp = (): void => wait.abort()
  signal.addEventListener('abort', giveUp, { once: true })
  if (signal.aborted) wait.abort()
  const news: { state: LoadedModel | null; outcome: Outcome | null; wake: () => void } = {
    state: null,
    outcome: null,
    wake: () => {},
  }
  const leasing = pool.acquire(model, {
    ...options,
    signal: wait.signal,
    onState: (state) => {
      news.state = state
      news.wake()
    },
  })
  // Once, and not anew for every piece of news: a promise that waits long would keep all who ever asked it.
  leasing.then(
    (lease) => {
      news.outcome = { lease }
      news.wake()
    },
    (error: unknown) => {
      news.outcome = { error }
      news.wake()
    },
  )
  let taken = false
  try {
    let shown = ''
    for (;;) {
      if (news.outcome !== null) {
        if ('error' in news.outcome) throw news.outcome.error
        taken = true
        return news.outcome.lease
      }
      const event = news.state === null ? null : toStateEvent(news.state)
      const key = JSON.stringify(event)
      if (event !== null && key !== shown) {
        shown = key
        yield event
        continue
      }
      await new Promise<void>((resolve) => {
        news.wake = resolve
      })
    }
  } finally {
    signal.removeEventListener('abort', giveUp)
    if (!taken) {
      wait.abort()
      leasing.then(
        (lease) => lease.release(),
        () => {},
      )
    }
  }
}

function toStateEvent(model: LoadedModel): StateEvent | null {
  if (model.state === 'ready') return null
  const loading = model.state === 'spawning' || model.state === 'loading' || model.state === 'warming'
  return { type: 'state', state: loading ? 'loading' : 'queued', progress: loading ? model.progress : null }
}
