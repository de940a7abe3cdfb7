import { createStore, type StoreApi } from 'zustand/vanilla'
import type { ModelDetail, PruneCategory, PrunePlan, RemovalPlan } from '../../../shared/contract'
import type { SerializedError } from '../../../shared/errors'

/** A model or one revision of it, as the person pointed at it. */
export interface Target {
  name: string
  root: string
  /** Only this revision. */
  revision: string | null
}

export interface RemovalRequest {
  targets: readonly Target[]
  /** Kinds of what can go, to go too; null when none. */
  prune: readonly PruneCategory[] | null
}

/** What goes of one target, or why it cannot be looked at. */
export interface PlannedTarget {
  target: Target
  plan: RemovalPlan | null
  error: SerializedError | null
}

/** Something that is still there after all, and why. */
export interface Left {
  name: string
  reason: string
}

export type RemovalState =
  | { step: 'closed' }
  | { step: 'planning'; request: RemovalRequest }
  | {
      step: 'planned'
      request: RemovalRequest
      planned: readonly PlannedTarget[]
      prune: PrunePlan | null
      /** Of a single model: sizes of its revisions. */
      detail: ModelDetail | null
      /** Why the act that was tried did nothing. */
      error: SerializedError | null
    }
  | { step: 'acting'; request: RemovalRequest; done: number; total: number; freed: number; name: string | null; stopping: boolean }
  | { step: 'ended'; request: RemovalRequest; freed: number; left: readonly Left[] }
  | { step: 'failed'; request: RemovalRequest; error: SerializedError }

export type RemovalStore = StoreApi<RemovalState>

export function createRemovalStore(): RemovalStore {
  return createStore<RemovalState>(() => ({ step: 'closed' }))
}
