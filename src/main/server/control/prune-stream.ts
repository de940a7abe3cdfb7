import type { PruneEvent, PruneProgress, PruneResult } from '../../../shared/contract'
import type { PruneOptions, Storage } from '../../core/storage'
import { createEmitter, follow } from '../../core/system'

interface PruneStreamDeps {
  storage: Pick<Storage, 'prune'>
  modelsChanged: () => void
}

/** Prunes and tells how far it is. When the listener leaves, what was begun is finished and the rest is left out. @throws as `Storage.prune` */
export async function* streamPrune(
  { storage, modelsChanged }: PruneStreamDeps,
  options: Pick<PruneOptions, 'categories' | 'planId'>,
  signal: AbortSignal,
): AsyncGenerator<PruneEvent> {
  const changed = createEmitter<undefined>()
  let progress: PruneProgress | null = null
  let told: PruneProgress | null = null
  let outcome: { result: PruneResult } | { error: unknown } | null = null
  const onProgress = (now: PruneProgress): void => {
    progress = now
    changed.emit(undefined)
  }
  void storage
    .prune({ ...options, onProgress, signal })
    .then(
      (result) => (outcome = { result }),
      (error: unknown) => (outcome = { error }),
    )
    .finally(() => {
      modelsChanged()
      changed.emit(undefined)
    })
  const read = (): { progress: PruneProgress | null; outcome: typeof outcome } => ({ progress, outcome })
  for await (const now of follow(read, changed.subscribe, signal)) {
    if (now.outcome !== null && 'error' in now.outcome) throw now.outcome.error
    if (now.progress !== null && now.progress !== told) yield (told = now.progress)
    if (now.outcome === null) continue
    yield { type: 'result', ...now.outcome.result }
    return
  }
}
