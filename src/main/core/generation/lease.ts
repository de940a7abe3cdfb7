import type { GenerationEvent, LoadedModel } from '../../../shared/contract'
import type { AcquireOptions, EngineLease, EnginePool } from '../engine/types'
import type { ResolvedModel } from '../models/types'

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
  const news: { state: LoadedModel | null; wake: (() => void) | null } = { state: null, wake: null }
  const leasing = pool.acquire(model, {
    ...options,
    signal: wait.signal,
    onState: (state) => {
      news.state = state
      news.wake?.()
    },
  })
  let taken = false
  try {
    let shown = ''
    for (;;) {
      const event = news.state === null ? null : toStateEvent(news.state)
      const key = JSON.stringify(event)
      const isNew = event !== null && key !== shown
      const changed = new Promise<null>((resolve) => {
        news.wake = () => resolve(null)
        // It may have come while the one before was being shown, and then woke nobody.
        if (isNew) resolve(null)
      })
      const lease = await Promise.race([leasing, changed])
      if (lease !== null) {
        taken = true
        return lease
      }
      if (!isNew) continue
      shown = key
      yield event
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
