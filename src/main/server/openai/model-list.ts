import type { ModelSummary } from '../../../shared/contract'
import type { ModelCatalog } from '../../core/models/types'

export interface ModelListDeps {
  catalog: Pick<ModelCatalog, 'list'>
  /** Another number whenever the models on the disk may have changed. Without it every call looks at the disk. */
  revision?: (() => number) | undefined
}

/** What no revision tells, such as an engine that was installed, is seen by the next call but one. */
const freshMs = 30_000

/**
 * The models of all caches, remembered while nothing has changed: clients ask for the list before everything else, some of them again
 * and again, and looking at some hundreds of models takes longer than they should wait.
 */
export function createModelList({ catalog, revision }: ModelListDeps): () => Promise<readonly ModelSummary[]> {
  let kept: { models: readonly ModelSummary[]; revision: number; at: number } | null = null
  let looking: { promise: Promise<readonly ModelSummary[]>; revision: number } | null = null

  function look(now: number): Promise<readonly ModelSummary[]> {
    if (looking !== null && looking.revision === now) return looking.promise
    const promise = catalog.list().then(({ models }) => {
      kept = { models, revision: now, at: performance.now() }
      return models
    })
    const mine = { promise, revision: now }
    looking = mine
    const forget = (): void => {
      if (looking === mine) looking = null
    }
    promise.then(forget, forget)
    return promise
  }

  return async () => {
    if (revision === undefined) return (await catalog.list()).models
    const now = revision()
    if (kept === null || kept.revision !== now) return look(now)
    if (performance.now() - kept.at > freshMs) look(now).catch(() => undefined)
    return kept.models
  }
}
