import type { AppContract, LoadedModel, PrunePlan } from '../../../shared/contract'
import { AppError, type SerializedError } from '../../../shared/errors'
import type { Client } from '../../../shared/rpc'
import type { Messages } from '../../lib/messages'
import { toFailure } from '../../lib/serialized'
import { findLoaded } from '../models/model'
import { isSubset, specOf } from './plan'
import type { Left, PlannedTarget, RemovalRequest, RemovalState, RemovalStore, Target } from './store'

export interface RemovalActions {
  /** Shows what would go; nothing is removed before `act`. */
  ask: (request: RemovalRequest) => Promise<void>
  /** Does what is shown. `force`: also where lock files are that nobody holds. */
  act: (options?: { force?: boolean }) => Promise<void>
  /** While it acts: what was begun is finished, the rest stays. */
  stop: () => void
  close: () => void
}

interface RemovalDeps {
  client: Client<AppContract>
  store: RemovalStore
  loaded: () => readonly LoadedModel[]
  t: () => Messages['removal']
  /** Says in a line what has been done. */
  tell: (text: string) => void
  formatBytes: (bytes: number) => string
}

/** The sheet that shows a removal before it happens, and does exactly that. */
export function createRemovalActions({ client, store, loaded, t, tell, formatBytes }: RemovalDeps): RemovalActions {
  let turn = 0
  let stopped = new AbortController()

  const planOne = async (target: Target): Promise<PlannedTarget> => {
    try {
      const plan = await client.call('storage.remove_plan', { model: specOf(target) })
      if (plan.root === target.root) return { target, plan, error: null }
      return { target, plan: null, error: { code: 'not_removable', message: t().otherRoot } }
    } catch (error) {
      return { target, plan: null, error: toFailure(error) }
    }
  }

  const ask = async (request: RemovalRequest): Promise<void> => {
    const mine = ++turn
    store.setState({ step: 'planning', request }, true)
    const [only] = request.targets
    const one = request.targets.length === 1 && request.prune === null && only !== undefined ? only : null
    try {
      const [planned, prune, detail] = await Promise.all([
        Promise.all(request.targets.map(planOne)),
        request.prune === null ? null : client.call('storage.prune_plan', { categories: [...request.prune] }),
        // Only its sizes: the plan says what goes, with or without them.
        one === null ? null : client.call('models.show', { model: one.name }).catch(() => null),
      ])
      if (mine !== turn) return
      store.setState({ step: 'planned', request, planned, prune, detail, error: null }, true)
    } catch (error) {
      if (mine === turn) store.setState({ step: 'failed', request, error: failure(error) }, true)
    }
  }

  /** Removes what can go. After models were removed there is a new plan; it may only be less than what was shown. */
  const clean = async (
    shown: PrunePlan,
    request: RemovalRequest,
    tellFreed: (freed: number) => void,
  ): Promise<[number, Left[]]> => {
    const categories = request.prune === null ? {} : { categories: [...request.prune] }
    const now = request.targets.length === 0 ? shown : await client.call('storage.prune_plan', categories)
    if (!isSubset(now, shown)) throw new AppError('busy', t().changed, { hint: t().changedHint })
    let freed = 0
    const left: Left[] = []
    try {
      for await (const event of client.stream('storage.clean', { ...categories, plan: now.id }, { signal: stopped.signal })) {
        freed = event.bytes_freed
        tellFreed(freed)
        if (event.type === 'result')
          left.push(...event.skipped.map(({ item, reason }) => ({ name: item.name ?? item.path, reason })))
      }
    } catch (error) {
      if (!stopped.signal.aborted) throw error
    }
    return [freed, left]
  }

  const act = async ({ force = false }: { force?: boolean } = {}): Promise<void> => {
    const before = store.getState()
    if (before.step !== 'planned') return
    const { request, prune } = before
    const todo = before.planned.filter(({ plan }) => plan !== null && plan.obstacle === null)
    if (todo.length === 0 && prune === null) return
    stopped = new AbortController()
    const left: Left[] = []
    let done = 0
    let freed = 0
    const total = todo.length + (prune === null ? 0 : 1)
    const show = (name: string | null): void => {
      store.setState({ step: 'acting', request, done, total, freed, name, stopping: stopped.signal.aborted }, true)
    }
    show(todo[0]?.target.name ?? null)
    for (const { target, plan } of todo) {
      if (stopped.signal.aborted || plan === null) break
      show(target.name)
      try {
        if (findLoaded(loaded(), target.name) !== null) await client.call('models.unload', { model: target.name, force: true })
        const model = specOf(target)
        const removal = await client.call('storage.remove', { model, plan: plan.id, ...(force ? { force } : {}) })
        freed += removal.bytes_freed
        done += 1
      } catch (error) {
        const failed = failure(error)
        // Of a single one the sheet stays as it is, and says why.
        if (total === 1) return store.setState({ ...before, error: failed }, true)
        left.push({ name: target.name, reason: failed.message })
      }
    }
    if (prune !== null && !stopped.signal.aborted) {
      const soFar = freed
      try {
        const [more, skipped] = await clean(prune, request, (bytes) => {
          freed = soFar + bytes
          show(null)
        })
        freed = soFar + more
        left.push(...skipped)
      } catch (error) {
        const failed = failure(error)
        if (total === 1) return store.setState({ ...before, error: failed }, true)
        left.push({ name: '', reason: failed.message })
      }
    }
    finish(before, { done, freed, left })
  }

  const finish = (
    { request, prune }: Extract<RemovalState, { step: 'planned' }>,
    { done, freed, left }: { done: number; freed: number; left: Left[] },
  ): void => {
    const size = formatBytes(freed)
    if (left.length > 0) return store.setState({ step: 'ended', request, freed, left }, true)
    store.setState({ step: 'closed' }, true)
    const [only] = request.targets
    if (stopped.signal.aborted) tell(t().stopped(size))
    else if (prune !== null) tell(t().doneClean(size))
    else tell(done === 1 && only !== undefined ? t().done(only.name.split('/').pop() ?? only.name, size) : t().doneMany(done, size))
  }

  return {
    ask,
    act,
    stop: () => {
      stopped.abort()
      const state = store.getState()
      if (state.step === 'acting') store.setState({ ...state, stopping: true }, true)
    },
    close: () => {
      if (store.getState().step === 'acting') return
      turn += 1
      store.setState({ step: 'closed' }, true)
    },
  }
}

function failure(error: unknown): SerializedError {
  return toFailure(error) ?? { code: 'cancelled', message: '' }
}
