import type { LoadedModel } from '../../../shared/contract'
import type { Formatters } from '../../lib/format'
import type { Messages } from '../../lib/messages'

/** What a model's engine does now, in a word or two. */
export function loadWord(loaded: LoadedModel, t: Messages, format: Formatters): string {
  const { progress, memory_bytes: bytes } = loaded
  const words: Record<LoadedModel['state'], string> = {
    spawning: t.models.starting,
    loading: t.models.loading(progress === null ? null : format.percent(progress)),
    warming: t.models.warming,
    ready: bytes === null ? t.models.loaded : t.models.loadedIn(format.memory(bytes)),
    draining: t.models.draining,
    stopped: t.models.crashed,
    crashed: t.models.crashed,
  }
  return words[loaded.state]
}

/** The same for a column that has no room: the ring beside it says that it loads. */
export function loadWordShort(loaded: LoadedModel, t: Messages, format: Formatters): string {
  if (loaded.state === 'ready') return t.models.loaded
  return loaded.state === 'loading' && loaded.progress !== null ? format.percent(loaded.progress) : loadWord(loaded, t, format)
}

/** True while a load is under way: the ring turns and Cancel is offered. */
export function isLoading(loaded: LoadedModel | null): boolean {
  return loaded !== null && (loaded.state === 'spawning' || loaded.state === 'loading' || loaded.state === 'warming')
}
